package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
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

// Deals gives one page of deals.
func (e *Env) Deals(ctx context.Context, q entity.Query, sel Selection) (*DealConnection, error) {
	l, err := listOf(ctx, e, crm.Deals, q, sel)
	if err != nil {
		return nil, err
	}
	nodes, err := e.deals(ctx, l.Rows, sel.nodes("DealEdge", "Deal", "Node"), q.AsOf)
	if err != nil {
		return nil, err
	}
	return &DealConnection{newConnection(l, nodes, sel, func(x edge[Deal]) *DealEdge { return &DealEdge{x} })}, nil
}

// Deal loads one deal as of a moment (nil: now), nil where there is none that the asker may see.
func (e *Env) Deal(ctx context.Context, deal id.Deal, asOf *time.Time, sel Selection) (*Deal, error) {
	rows, err := crm.Deals.ByIDs(ctx, e.DB, e.Principal.Scope("deal", "read"), []id.UUID{deal.UUID}, asOf)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	views, err := e.deals(ctx, rows, sel, asOf)
	if err != nil {
		return nil, err
	}
	return views[0], nil
}

// deals attaches to the rows what is selected on them.
func (e *Env) deals(ctx context.Context, rows []*crm.Deal, sel Selection, asOf *time.Time) ([]*Deal, error) {
	views := make([]*Deal, len(rows))
	ids := make([]id.UUID, len(rows))
	for i, r := range rows {
		views[i] = &Deal{Deal: r, env: e}
		ids[i] = r.ID.UUID
	}
	if len(rows) == 0 {
		return views, nil
	}
	if err := e.attachAccounts(ctx, views, sel); err != nil {
		return nil, err
	}
	if err := e.attachVisits(ctx, views, ids, sel, asOf); err != nil {
		return nil, err
	}
	if sel.Has("externalIds") {
		found, err := org.ExternalIDsOf(ctx, e.DB, e.Principal.Org, "deal", ids)
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			v.ExternalIds = externalIDs(found[v.ID.UUID])
		}
	}
	if sel.Has("viewerCan") && asOf == nil {
		may, err := crm.Changeable(ctx, e.DB, e.Principal, ids)
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			v.changeable = may[v.ID.UUID]
		}
	}
	return views, nil
}

func (e *Env) attachAccounts(ctx context.Context, views []*Deal, sel Selection) error {
	if !sel.Has("account") || !e.may("account") {
		return nil
	}
	var ids []id.UUID
	for _, v := range views {
		if !v.AccountID.IsZero() {
			ids = append(ids, v.AccountID.UUID)
		}
	}
	found, err := e.AccountsByID(ctx, ids, sel.Under("account", "Account", "Node"))
	if err != nil {
		return err
	}
	for _, v := range views {
		v.Account = found[v.AccountID.UUID]
	}
	return nil
}

// attachVisits loads the stage history once for each number of visits that is asked for.
func (e *Env) attachVisits(ctx context.Context, views []*Deal, ids []id.UUID, sel Selection, asOf *time.Time) error {
	at := e.Now
	if asOf != nil {
		at = *asOf
	}
	for _, args := range sel.arguments("stageHistory") {
		last, err := lastArgument(args["last"])
		if err != nil {
			return err
		}
		if views[0].visits[last] != nil {
			continue
		}
		byDeal := map[id.UUID][]*StageVisit{}
		rows, err := crm.VisitsOfDeals(ctx, e.DB, e.Principal.Org, ids, last, asOf)
		if err != nil {
			return err
		}
		for i := range rows {
			u := rows[i].DealID.UUID
			byDeal[u] = append(byDeal[u], &StageVisit{&rows[i], e, at})
		}
		for _, v := range views {
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

func loadDeals(ctx context.Context, e *Env, ids []id.UUID, sel Selection) (map[id.UUID]Node, error) {
	rows, err := crm.Deals.ByIDs(ctx, e.DB, e.Principal.Scope("deal", "read"), ids, nil)
	if err != nil {
		return nil, err
	}
	views, err := e.deals(ctx, rows, sel, nil)
	if err != nil {
		return nil, err
	}
	out := make(map[id.UUID]Node, len(views))
	for _, v := range views {
		out[v.ID.UUID] = v
	}
	return out, nil
}
