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
	set := plain(input).(map[string]any)
	user, err := m.Orgs.InviteUser(ctx, env.Principal, takeRoles(set, "roles"), set)
	refused, err := userErrors(err)
	if err != nil || len(refused) > 0 {
		return &model.UserInvitePayload{Errors: refused}, err
	}
	written, err := m.writtenUser(ctx, user)
	return &model.UserInvitePayload{User: written, Errors: refused}, err
}

// UserUpdate changes a person.
func (m *mutation) UserUpdate(ctx context.Context, input map[string]any) (*model.UserUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := plain(input).(map[string]any)
	user, err := userOf(takeText(set, "userId"))
	if err != nil {
		return nil, err
	}
	err = m.Orgs.UpdateUser(ctx, env.Principal, org.UpdateUserParams{ID: user, Expected: takeInt(set, "expectedVersion"), Set: set})
	refused, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	written, err := m.writtenUser(ctx, user)
	return &model.UserUpdatePayload{User: written, Errors: refused}, err
}

// TeamSet makes a team or changes one.
func (m *mutation) TeamSet(ctx context.Context, input map[string]any) (*model.TeamSetPayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := plain(input).(map[string]any)
	known, err := teamOf(takeText(set, "teamId"))
	if err != nil {
		return nil, err
	}
	team, err := m.Orgs.SetTeam(ctx, env.Principal, org.SetTeamParams{ID: known, Expected: takeInt(set, "expectedVersion"), Set: set})
	refused, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	written, err := m.writtenTeam(ctx, team)
	return &model.TeamSetPayload{Team: written, Errors: refused}, err
}

// teamOf reads a team's id, none where none is given.
func teamOf(global string) (id.Team, error) {
	u, ok := id.ParseKind(id.TeamKind, global)
	if !ok && global != "" {
		return id.Team{}, errNotFound("team")
	}
	return id.Team{UUID: u}, nil
}

// writtenTeam gives a team for a mutation's payload: as it is after the write.
func (m *mutation) writtenTeam(ctx context.Context, team id.Team) (*view.Team, error) {
	env, err := m.afterwards(ctx)
	if env == nil {
		return nil, err
	}
	return env.Team(team), nil
}

// writtenUser gives a person for a mutation's payload: as they are after the write.
func (m *mutation) writtenUser(ctx context.Context, user id.User) (*view.User, error) {
	env, err := m.afterwards(ctx)
	if env == nil {
		return nil, err
	}
	return env.User(user), nil
}
