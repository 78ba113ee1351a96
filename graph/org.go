package graph

import (
	"context"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
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

// UserInvite adds a person.
func (m *mutation) UserInvite(ctx context.Context, input map[string]any) (*model.UserInvitePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := changes(input)
	user, err := m.Orgs.InviteUser(ctx, env.Principal, takeRoles(set), set)
	written, refused, err := writtenAs(ctx, m, err, user, userNow, "user", "User")
	return &model.UserInvitePayload{User: written, Errors: refused}, err
}

// UserUpdate changes a person.
func (m *mutation) UserUpdate(ctx context.Context, input map[string]any) (*model.UserUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set, u, expected, err := updateOf(input, "userId", id.UserKind)
	if err != nil {
		return nil, err
	}
	user := id.User{UUID: u}
	err = m.Orgs.UpdateUser(ctx, env.Principal, org.UpdateUserParams{ID: user, Expected: expected, Set: set})
	written, refused, err := writtenAs(ctx, m, err, user, userNow, "user", "User")
	return &model.UserUpdatePayload{User: written, Errors: refused}, err
}

// TeamSet makes a team or changes one.
func (m *mutation) TeamSet(ctx context.Context, input map[string]any) (*model.TeamSetPayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := changes(input)
	u, ok := id.ParseKind(id.TeamKind, text(set["teamId"]))
	if take(set, "teamId") != nil && !ok {
		return nil, errNotFound("team")
	}
	team, err := m.Orgs.SetTeam(ctx, env.Principal, org.SetTeamParams{ID: id.Team{UUID: u}, Expected: takeVersion(set), Set: set})
	written, refused, err := writtenAs(ctx, m, err, team, teamNow, "team", "Team")
	return &model.TeamSetPayload{Team: written, Errors: refused}, err
}

// userNow and teamNow have the form of a method of view.Env, as which writtenAs takes them.
//
//nolint:revive // so the context is not first
func userNow(e *view.Env, _ context.Context, user id.User, _ view.Selection) (*view.User, error) {
	return e.User(user), nil
}

//nolint:revive // so the context is not first
func teamNow(e *view.Env, _ context.Context, team id.Team, _ view.Selection) (*view.Team, error) {
	return e.Team(team), nil
}
