package graph

import (
	"context"
	"strings"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
)

// PermissionPolicy gives the org's policy.
func (q *query) PermissionPolicy(ctx context.Context) (*view.PermissionPolicy, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	return env.PermissionPolicy(), nil
}

// Tokens lists tokens.
func (q *query) Tokens(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.TokenConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Tokens(ctx, list, view.Selected(ctx, "TokenConnection"))
}

// PolicySet sets the reaches of a role's permission.
func (m *mutation) PolicySet(ctx context.Context, input model.PolicySetInput) (*model.PolicySetPayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	err = m.Access.SetPolicy(ctx, env.Principal, access.SetPolicyParams{
		Role: access.Role(input.Role), Object: input.Object, Action: input.Action, Reaches: reachesOf(input.Reaches),
	})
	refused, err := userErrors(err)
	if err != nil {
		return nil, err
	}
	out := &model.PolicySetPayload{Errors: refused}
	env, ended, err := m.afterwards(ctx)
	if err == nil && !ended {
		out.PermissionPolicy = env.PermissionPolicy()
	}
	return out, err
}

// RoleGrant gives a person a role.
func (m *mutation) RoleGrant(ctx context.Context, input model.RoleGrantInput) (*model.RoleGrantPayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	user, err := userOf(input.UserID)
	if err != nil {
		return nil, err
	}
	err = m.Access.GrantRole(ctx, env.Principal, user, access.Role(input.Role))
	written, refused, err := writtenAs(ctx, m, err, user, userNow, "user", "User")
	return &model.RoleGrantPayload{User: written, Errors: refused}, err
}

// RoleRevoke takes a role from a person.
func (m *mutation) RoleRevoke(ctx context.Context, input model.RoleRevokeInput) (*model.RoleRevokePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	user, err := userOf(input.UserID)
	if err != nil {
		return nil, err
	}
	err = m.Access.RevokeRole(ctx, env.Principal, user, access.Role(input.Role))
	written, refused, err := writtenAs(ctx, m, err, user, userNow, "user", "User")
	return &model.RoleRevokePayload{User: written, Errors: refused}, err
}

// TokenCreate makes a service token.
func (m *mutation) TokenCreate(ctx context.Context, input model.TokenCreateInput) (*model.TokenCreatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	token, secret, err := m.Access.IssueToken(ctx, env.Principal, access.TokenParams{
		Name: input.Name, Roles: rolesOf(input.Roles), Allow: input.Allow, ExpiresAt: input.ExpiresAt,
	})
	written, refused, err := writtenAs(ctx, m, err, token, (*view.Env).Token, "token", "Token")
	out := &model.TokenCreatePayload{Token: written, Errors: refused}
	if secret != "" && len(refused) == 0 {
		out.Secret = &secret
	}
	return out, err
}

// TokenRevoke ends a token.
func (m *mutation) TokenRevoke(ctx context.Context, input model.TokenRevokeInput) (*model.TokenRevokePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	u, ok := id.ParseKind(id.TokenKind, input.TokenID)
	if !ok {
		return nil, errNotFound("token")
	}
	token := id.Token{UUID: u}
	err = m.Access.RevokeToken(ctx, env.Principal, token)
	written, refused, err := writtenAs(ctx, m, err, token, (*view.Env).Token, "token", "Token")
	return &model.TokenRevokePayload{Token: written, Errors: refused}, err
}

func userOf(global string) (id.User, error) {
	u, ok := id.ParseKind(id.UserKind, global)
	if !ok {
		return id.User{}, errNotFound("user")
	}
	return id.User{UUID: u}, nil
}

func rolesOf(names []string) []access.Role {
	out := make([]access.Role, len(names))
	for i, n := range names {
		out[i] = access.Role(n)
	}
	return out
}

func reachesOf(names []string) []access.Reach {
	out := make([]access.Reach, len(names))
	for i, n := range names {
		out[i] = access.Reach(strings.ToLower(n))
	}
	return out
}
