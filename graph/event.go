package graph

import (
	"context"

	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/page"
)

// AuditLog lists audit entries.
func (q *query) AuditLog(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.AuditEntryConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.AuditLog(ctx, list, view.Selected(ctx, "AuditEntryConnection"))
}

// DealChanged tells of changes of deals.
func (s *subscription) DealChanged(ctx context.Context, where map[string]any, after *string) (<-chan *view.DealEvent, error) {
	env, err := s.env(ctx)
	if err != nil {
		return nil, err
	}
	filter, _ := plain(where).(map[string]any)
	if _, err := crm.Deals.Among(ctx, env.DB, env.Principal.Scope("deal", "read"), nil, filter); err != nil {
		return nil, err
	}
	sel := view.Selected(ctx, "DealEvent")
	return listenTo(ctx, after, func(ctx context.Context, env *view.Env, events []*event.Event) ([]*view.DealEvent, error) {
		return env.DealEvents(ctx, events, filter, sel)
	})
}
