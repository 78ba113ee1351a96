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
	set := plain(input).(map[string]any)
	dealType, _ := take(set, "type").(string)
	deal, err := m.CRM.CreateDeal(ctx, env.Principal, crm.CreateDealParams{Type: crm.DealType(dealType), Set: set})
	refused, err := userErrors(err)
	if err != nil || len(refused) > 0 {
		return &model.DealCreatePayload{Errors: refused}, err
	}
	written, err := m.written(ctx, deal)
	return &model.DealCreatePayload{Deal: written, Errors: refused}, err
}

// DealUpdate changes a deal.
func (m *mutation) DealUpdate(ctx context.Context, input map[string]any) (*model.DealUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := plain(input).(map[string]any)
	global, _ := take(set, "dealId").(string)
	reason, _ := take(set, "reason").(string)
	var expected *int
	if v, ok := take(set, "expectedVersion").(int); ok {
		expected = &v
	}
	u, ok := id.ParseKind(id.DealKind, global)
	if !ok {
		return nil, errNotFound("deal")
	}
	deal := id.Deal{UUID: u}
	err = m.CRM.UpdateDeal(ctx, env.Principal, crm.UpdateDealParams{ID: deal, Expected: expected, Reason: reason, Set: set})
	refused, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	written, err := m.written(ctx, deal)
	return &model.DealUpdatePayload{Deal: written, Errors: refused}, err
}

// written loads a deal for a mutation's payload: as it is after the write. It is null where the asker no longer sees it.
func (m *mutation) written(ctx context.Context, deal id.Deal) (*view.Deal, error) {
	env, err := m.after(ctx)
	if err != nil {
		return nil, err
	}
	return env.Deal(ctx, deal, nil, view.Selected(ctx, "DealUpdatePayload", "DealCreatePayload").Under("deal", "Deal", "Node"))
}

func take(set map[string]any, key string) any {
	v := set[key]
	delete(set, key)
	return v
}
