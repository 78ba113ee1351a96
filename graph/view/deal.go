package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
	"github.com/ententehq/entente/internal/period"
)

// Pipeline is a pipeline with its stages, held in memory.
type Pipeline struct{ *crm.Pipeline }

// IsNode marks a type that can be asked for by id.
func (*Pipeline) IsNode() {}

// Stages are the pipeline's stages, in order.
func (p *Pipeline) Stages() []*Stage {
	out := make([]*Stage, len(p.Pipeline.Stages))
	for i, s := range p.Pipeline.Stages {
		out[i] = &Stage{s}
	}
	return out
}

// Pipelines are the org's pipelines, in order.
func (e *Env) Pipelines() []*Pipeline {
	out := make([]*Pipeline, len(e.Catalogue.Pipelines))
	for i, p := range e.Catalogue.Pipelines {
		out[i] = &Pipeline{p}
	}
	return out
}

// Stage is a stage, held in memory.
type Stage struct{ *crm.Stage }

// IsNode marks a type that can be asked for by id.
func (*Stage) IsNode() {}

// Kind says whether deals in it are still open.
func (s *Stage) Kind() string { return string(s.Stage.Kind) }

// CsVisible tells whether CS reads deals in it.
func (s *Stage) CsVisible() bool { return s.CSVisible }

// Pipeline is the pipeline it belongs to.
func (s *Stage) Pipeline() *Pipeline { return &Pipeline{s.Stage.Pipeline} }

// Deal is a deal with what hangs on it.
type Deal struct {
	*crm.Deal
	Account     *Account
	ExternalIds []*ExternalID

	visits     map[int][]*StageVisit // by how many were asked for; 0 for all
	changeable bool
	env        *Env
}

// IsNode marks a type that can be asked for by id.
func (*Deal) IsNode() {}

// Type is what winning it means.
func (d *Deal) Type() string { return string(d.Deal.Type) }

// Owner is whose deal it is.
func (d *Deal) Owner() *User { return d.env.User(d.OwnerID) }

// Team is the owner's team when the deal became theirs.
func (d *Deal) Team() *Team { return d.env.Team(d.TeamID) }

// Territory is the owner's territory when the deal became theirs.
func (d *Deal) Territory() *Territory { return d.env.Territory(d.TerritoryID) }

// Pipeline is the pipeline it is in.
func (d *Deal) Pipeline() *Pipeline { return d.env.Pipeline(d.PipelineID) }

// Stage is the stage it is in.
func (d *Deal) Stage() *Stage { return d.env.Stage(d.StageID) }

// CloseDate is the expected or real day of closing, nil where unknown.
func (d *Deal) CloseDate() *period.Day {
	if d.Deal.CloseDate == "" {
		return nil
	}
	return &d.Deal.CloseDate
}

// ViewerCan tells whether the asker may do the action; it was asked for the whole page at once.
func (d *Deal) ViewerCan(action string) bool { return d.changeable }

// StageHistory gives the visits that were loaded for this number.
func (d *Deal) StageHistory(last *int) []*StageVisit { return d.visits[lastOf(last)] }

func lastOf(last *int) int {
	if last == nil {
		return 0
	}
	return *last
}

// StageVisit is a stay of a deal in a stage.
type StageVisit struct {
	*crm.Visit
	env *Env
	at  time.Time // the moment that is shown: now, or as of
}

// Stage is the stage.
func (v *StageVisit) Stage() *Stage { return v.env.Stage(v.StageID) }

// LeftAt is when the deal left, nil while it was there at the moment shown.
func (v *StageVisit) LeftAt() *time.Time {
	if v.Visit.LeftAt == nil || v.Visit.LeftAt.After(v.at) {
		return nil
	}
	return v.Visit.LeftAt
}

// Seconds is how long the deal was there, up to the moment shown.
func (v *StageVisit) Seconds() int {
	until := v.at
	if left := v.LeftAt(); left != nil {
		until = *left
	}
	return int(until.Sub(v.EnteredAt) / time.Second)
}

// By is who moved the deal there.
func (v *StageVisit) By() *User { return v.env.User(v.EnteredBy) }

var deals *View[crm.Deal, Deal]

func dealView() *View[crm.Deal, Deal] { return deals }

func init() {
	deals = newView(crm.Deals, "Deal",
		func(e *Env, r *crm.Deal) *Deal { return &Deal{Deal: r, env: e} },
		func(d *Deal) id.UUID { return d.ID.UUID },
		toOne("account", accountView, func(d *Deal) id.UUID { return d.AccountID.UUID }, func(d *Deal, a *Account) { d.Account = a }),
		externalIDsOf("deal", func(d *Deal, ids []*ExternalID) { d.ExternalIds = ids }),
		attached("stageHistory", loadVisits),
		attached("viewerCan", loadChangeable),
	)
}

// Deals gives one page of deals.
func (e *Env) Deals(ctx context.Context, q entity.Query, sel Selection) (*DealConnection, error) {
	l, nodes, err := deals.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &DealConnection{newConnection(l, nodes, sel, func(x edge[Deal]) *DealEdge { return &DealEdge{x} })}, nil
}

// Deal loads one deal as of a moment (nil: now), nil where there is none that the asker may see.
func (e *Env) Deal(ctx context.Context, deal id.Deal, asOf *time.Time, sel Selection) (*Deal, error) {
	found, err := deals.byIDs(ctx, e, []id.UUID{deal.UUID}, sel, asOf)
	return found[deal.UUID], err
}

// loadChangeable asks which deals of the page the asker may change now; none of what they were at a moment.
func loadChangeable(ctx context.Context, p *pageOf[Deal]) error {
	if p.asOf != nil {
		return nil
	}
	may, err := crm.Changeable(ctx, p.env.DB, p.env.Principal, p.ids)
	for _, v := range p.views {
		v.changeable = may[v.ID.UUID]
	}
	return err
}

// loadVisits loads the stage history once for each number of visits that is asked for.
func loadVisits(ctx context.Context, p *pageOf[Deal]) error {
	at := p.env.Now
	if p.asOf != nil {
		at = *p.asOf
	}
	for _, args := range p.sel.arguments("stageHistory") {
		last, err := lastArgument(args["last"])
		if err != nil {
			return err
		}
		if p.views[0].visits[last] != nil {
			continue
		}
		rows, err := crm.VisitsOfDeals(ctx, p.env.DB, p.env.Principal.Org, p.ids, last, p.asOf)
		if err != nil {
			return err
		}
		byDeal := map[id.UUID][]*StageVisit{}
		for i := range rows {
			u := rows[i].DealID.UUID
			byDeal[u] = append(byDeal[u], &StageVisit{&rows[i], p.env, at})
		}
		for _, v := range p.views {
			if v.visits == nil {
				v.visits = map[int][]*StageVisit{}
			}
			v.visits[last] = append([]*StageVisit{}, byDeal[v.ID.UUID]...)
		}
	}
	return nil
}

func lastArgument(v any) (int, error) {
	n := 0
	switch v := v.(type) {
	case nil:
		return 0, nil
	case int64:
		n = int(v)
	case int:
		n = v
	}
	if n < 1 || n > page.Max {
		return 0, errs.New(errs.BadInput, "last of stageHistory is from 1 to %d; leave it out for all.", page.Max)
	}
	return n, nil
}
