package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/pg"
)

// StageKind says whether deals in a stage are still open.
type StageKind string

// The kinds of stages.
const (
	Open StageKind = "OPEN"
	Won  StageKind = "WON"
	Lost StageKind = "LOST"
)

// Pipeline is an ordered way that deals take.
type Pipeline struct {
	ID        id.Pipeline `db:"id"`
	Key       string      `db:"key"`
	Name      string      `db:"name"`
	Position  int         `db:"position"`
	CreatedAt time.Time   `db:"created_at"`

	Stages []*Stage `db:"-"` // in order
}

// Stage is a step of a pipeline.
type Stage struct {
	ID               id.Stage      `db:"id"`
	PipelineID       id.Pipeline   `db:"pipeline_id"`
	Key              string        `db:"key"`
	Name             string        `db:"name"`
	Kind             StageKind     `db:"kind"`
	Position         int           `db:"position"`
	Probability      money.Decimal `db:"probability"`
	ForecastCategory string        `db:"forecast_category"`
	CSVisible        bool          `db:"cs_visible"` // CS reads deals from this stage on
	CreatedAt        time.Time     `db:"created_at"`

	Pipeline *Pipeline `db:"-"`
}

// Catalogue is an org's pipelines in memory.
type Catalogue struct {
	Pipelines []*Pipeline // in order
	stages    map[id.Stage]*Stage
	pipelines map[id.Pipeline]*Pipeline
}

func loadCatalogue(ctx context.Context, db pg.DB, org id.UUID) (*Catalogue, error) {
	c := &Catalogue{stages: map[id.Stage]*Stage{}, pipelines: map[id.Pipeline]*Pipeline{}}
	err := db.Select(ctx, &c.Pipelines, `
		select id, key, name, position, created_at
		  from pipeline
		 where org_id = $1
		 order by position, key`, org)
	if err != nil {
		return nil, fmt.Errorf("load pipelines: %w", err)
	}
	var stages []*Stage
	err = db.Select(ctx, &stages, `
		select id, pipeline_id, key, name, kind, position, probability, forecast_category, cs_visible, created_at
		  from stage
		 where org_id = $1
		 order by position`, org)
	if err != nil {
		return nil, fmt.Errorf("load stages: %w", err)
	}
	for _, p := range c.Pipelines {
		c.pipelines[p.ID] = p
	}
	for _, s := range stages {
		s.Pipeline = c.pipelines[s.PipelineID]
		s.Pipeline.Stages = append(s.Pipeline.Stages, s)
		c.stages[s.ID] = s
	}
	return c, nil
}

// Stage gives the stage, or nil.
func (c *Catalogue) Stage(s id.Stage) *Stage { return c.stages[s] }

// Pipeline gives the pipeline, or nil.
func (c *Catalogue) Pipeline(p id.Pipeline) *Pipeline { return c.pipelines[p] }

// First is the stage in which a new deal of the pipeline starts, or nil.
func (p *Pipeline) First() *Stage {
	for _, s := range p.Stages {
		if s.Kind == Open {
			return s
		}
	}
	return nil
}
