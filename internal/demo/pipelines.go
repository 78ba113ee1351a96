package demo

import (
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// pipeline is one with its stages: the open ones in order, then won, then lost.
type pipeline struct {
	crm.Pipeline
	stages []crm.Stage
	steps  [][]string // what comes next, by open stage
}

func (p *pipeline) opens() int { return len(p.stages) - 2 }

type stageEntry struct {
	key, name   string
	kind        crm.StageKind
	probability money.Decimal
	forecast    string
	csVisible   bool
}

var pipelineTable = []struct {
	key, name string
	steps     [][]string
	stages    []stageEntry
}{
	{"new_business", "New business", nextSteps, []stageEntry{
		{"prospecting", "Prospecting", crm.Open, "0.05", "OMITTED", false},
		{"discovery", "Discovery", crm.Open, "0.15", "PIPELINE", false},
		{"evaluation", "Evaluation", crm.Open, "0.3", "PIPELINE", false},
		{"proposal", "Proposal", crm.Open, "0.5", "BEST_CASE", true},
		{"negotiation", "Negotiation", crm.Open, "0.75", "COMMIT", true},
		{"won", "Won", crm.Won, "1", "CLOSED", true},
		{"lost", "Lost", crm.Lost, "0", "OMITTED", false},
	}},
	{"renewals_expansions", "Renewals and expansions", customerSteps, []stageEntry{
		{"review", "Review", crm.Open, "0.3", "PIPELINE", false},
		{"offer", "Offer", crm.Open, "0.55", "BEST_CASE", true},
		{"agreement", "Agreement", crm.Open, "0.8", "COMMIT", true},
		{"won", "Won", crm.Won, "1", "CLOSED", true},
		{"lost", "Lost", crm.Lost, "0", "OMITTED", false},
	}},
}

func (w *world) planPipelines() {
	at := w.founded.UTC()
	for i, t := range pipelineTable {
		p := &pipeline{steps: t.steps, Pipeline: crm.Pipeline{
			ID: id.Pipeline{UUID: w.id(at, "pipeline/"+t.key)}, Key: t.key, Name: t.name, Position: i + 1, CreatedAt: at,
		}}
		for j, s := range t.stages {
			p.stages = append(p.stages, crm.Stage{
				ID: id.Stage{UUID: w.id(at, "stage/"+t.key+"/"+s.key)}, PipelineID: p.ID, Key: s.key, Name: s.name, Kind: s.kind,
				Position: j + 1, Probability: s.probability, ForecastCategory: s.forecast, CSVisible: s.csVisible, CreatedAt: at,
			})
		}
		w.pipelines = append(w.pipelines, p)
	}
}

// pipelineOf is where deals of the type go.
func (w *world) pipelineOf(t crm.DealType) *pipeline {
	if t == crm.New {
		return w.pipelines[0]
	}
	return w.pipelines[1]
}

// crmBatch is the pipelines and accounts, without deals.
func (w *world) crmBatch() crm.Batch {
	b := crm.Batch{Accounts: w.accountRows()}
	for _, p := range w.pipelines {
		b.Pipelines = append(b.Pipelines, p.Pipeline)
		b.Stages = append(b.Stages, p.stages...)
	}
	return b
}
