package graph

import (
	"context"
	"time"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
)

// Pipelines lists pipelines.
func (q *query) Pipelines(ctx context.Context) ([]*view.Pipeline, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	return env.Pipelines(), nil
}

// Deal gives one deal.
func (q *query) Deal(ctx context.Context, global *string, external *model.ExternalIDInput, asOf *time.Time) (*view.Deal, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	if err := oneOf(global, external); err != nil {
		return nil, err
	}
	u, ok, err := q.find(ctx, env, id.DealKind, global, external)
	if err != nil {
		return nil, err
	}
	if ok {
		d, err := env.Deal(ctx, id.Deal{UUID: u}, asOf, view.Selected(ctx, "Deal", "Node"))
		if err != nil || d != nil {
			return d, err
		}
	}
	return nil, errNotFound("deal")
}

// Deals lists deals.
func (q *query) Deals(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any, asOf *time.Time) (*view.DealConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, asOf}.query()
	if err != nil {
		return nil, err
	}
	return env.Deals(ctx, list, view.Selected(ctx, "DealConnection"))
}

// DealCreate makes a deal.
func (m *mutation) DealCreate(ctx context.Context, input map[string]any) (*model.DealCreatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := changes(input)
	dealType, _ := take(set, "type").(string)
	deal, err := m.CRM.CreateDeal(ctx, env.Principal, crm.CreateDealParams{Type: crm.DealType(dealType), Set: set})
	written, refused, err := writtenAs(ctx, m, err, deal, dealNow, "deal", "Deal")
	return &model.DealCreatePayload{Deal: written, Errors: refused}, err
}

// DealUpdate changes a deal.
func (m *mutation) DealUpdate(ctx context.Context, input map[string]any) (*model.DealUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set, u, expected, err := updateOf(input, "dealId", id.DealKind)
	if err != nil {
		return nil, err
	}
	reason, _ := take(set, "reason").(string)
	deal := id.Deal{UUID: u}
	err = m.CRM.UpdateDeal(ctx, env.Principal, crm.UpdateDealParams{ID: deal, Expected: expected, Reason: reason, Set: set})
	written, refused, err := writtenAs(ctx, m, err, deal, dealNow, "deal", "Deal")
	return &model.DealUpdatePayload{Deal: written, Errors: refused}, err
}

// dealNow has the form of a method of view.Env, as which writtenAs takes it.
//
//nolint:revive // so the context is not first
func dealNow(e *view.Env, ctx context.Context, deal id.Deal, sel view.Selection) (*view.Deal, error) {
	return e.Deal(ctx, deal, nil, sel)
}
