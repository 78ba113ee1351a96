package graph

import (
	"context"

	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/page"
)

// Users lists people.
func (q *query) Users(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.UserConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Users(ctx, list, view.Selected(ctx, "UserConnection"))
}

// Teams lists teams.
func (q *query) Teams(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.TeamConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Teams(ctx, list, view.Selected(ctx, "TeamConnection"))
}

// Territories lists territories.
func (q *query) Territories(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.TerritoryConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Territories(ctx, list, view.Selected(ctx, "TerritoryConnection"))
}
