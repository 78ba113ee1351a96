package ingest

import (
	"context"
	"strings"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
)

// loadPipeline finds the mapping's pipeline by its key, or makes it. An org's own pipeline must have the stages that
// the mapping names, of the same kinds: changing a pipeline is no import's business.
func (r *run) loadPipeline(ctx context.Context) error {
	m := r.plan.m.Pipeline
	if m == nil || len(r.plan.deals) == 0 {
		return nil
	}
	catalogue, err := r.crm.Catalogue(ctx, r.tx, r.by.Org)
	if err != nil {
		return err
	}
	position := 1
	for _, p := range catalogue.Pipelines {
		if p.Key == m.Key {
			return r.usePipeline(p)
		}
		position = max(position, p.Position+1)
	}
	p := crm.Pipeline{ID: id.Pipeline{UUID: id.New()}, Key: m.Key, Name: m.Name, Position: position, CreatedAt: r.since}
	b := crm.Batch{Pipelines: []crm.Pipeline{p}}
	for i, s := range m.Stages {
		b.Stages = append(b.Stages, crm.Stage{
			ID: id.Stage{UUID: id.New()}, PipelineID: p.ID, Key: s.Key, Name: s.Name, Kind: s.Kind, Position: i + 1,
			Probability: s.Probability, ForecastCategory: s.ForecastCategory, CSVisible: s.CSVisible, CreatedAt: r.since,
		})
	}
	r.pipeline, r.stages = p.ID, map[string]*crm.Stage{}
	for i := range b.Stages {
		r.stages[b.Stages[i].Key] = &b.Stages[i]
	}
	c := r.sum.count("pipeline")
	c.Read, c.Created = 1, 1
	c = r.sum.count("stage")
	c.Read, c.Created = len(m.Stages), len(m.Stages)
	return r.crm.Load(ctx, r.tx, r.by, b)
}

func (r *run) usePipeline(p *crm.Pipeline) error {
	r.pipeline, r.stages = p.ID, map[string]*crm.Stage{}
	var keys []string
	for _, s := range p.Stages {
		r.stages[s.Key] = s
		keys = append(keys, s.Key)
	}
	for _, s := range r.plan.m.Pipeline.Stages {
		switch have := r.stages[s.Key]; {
		case have == nil:
			return errs.New(errs.BadInput, "The org's pipeline %q has no stage %q; its stages are %s. Use their keys in the mapping, or give its pipeline another key.", p.Key, s.Key, strings.Join(keys, ", "))
		case have.Kind != s.Kind:
			return errs.New(errs.BadInput, "The stage %q of the org's pipeline %q is %s, and %s in the mapping. Correct the mapping.", s.Key, p.Key, have.Kind, s.Kind)
		}
	}
	c := r.sum.count("pipeline")
	c.Read, c.Existing = 1, 1
	c = r.sum.count("stage")
	c.Read, c.Existing = len(r.plan.m.Pipeline.Stages), len(r.plan.m.Pipeline.Stages)
	return nil
}
