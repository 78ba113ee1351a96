package view

import (
	"context"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
)

func roleNames(roles []access.Role) []string {
	out := make([]string, len(roles))
	for i, r := range roles {
		out[i] = string(r)
	}
	return out
}

func reachNames(reaches []access.Reach) []string {
	out := make([]string, len(reaches))
	for i, r := range reaches {
		out[i] = strings.ToUpper(string(r))
	}
	return out
}

func permissionsOf(grants []access.Grant) []*Permission {
	out := make([]*Permission, len(grants))
	for i, g := range grants {
		out[i] = &Permission{g}
	}
	return out
}

// KnownPermission is a permission that can be granted.
type KnownPermission struct{ access.Permission }

// Reaches say how far it can be granted.
func (p *KnownPermission) Reaches() []string { return reachNames(access.ReachesOf(p.Object, p.Action)) }

// PolicyRule is one row of the policy.
type PolicyRule struct{ rule access.Rule }

// Role is who may.
func (r *PolicyRule) Role() string { return string(r.rule.Role) }

// Object is on which kind of object.
func (r *PolicyRule) Object() string { return r.rule.Object }

// Action is what they may.
func (r *PolicyRule) Action() string { return r.rule.Action }

// Reach is on which of the objects.
func (r *PolicyRule) Reach() string { return strings.ToUpper(string(r.rule.Reach)) }

// PermissionPolicy is the org's policy, held in memory.
type PermissionPolicy struct{ env *Env }

// PermissionPolicy gives the policy, nil where it may not be read.
func (e *Env) PermissionPolicy() *PermissionPolicy {
	if !e.may("policy") {
		return nil
	}
	return &PermissionPolicy{e}
}

// Rules are the policy's rows, of one role or about one kind of object where these are given.
func (p *PermissionPolicy) Rules(role *string, object *string) []*PolicyRule {
	out := []*PolicyRule{}
	for _, r := range p.env.Principal.Policy() {
		if (role == nil || *role == string(r.Role)) && (object == nil || *object == r.Object) {
			out = append(out, &PolicyRule{r})
		}
	}
	return out
}

// Known are all permissions that can be granted.
func (p *PermissionPolicy) Known() []*KnownPermission {
	var out []*KnownPermission
	for _, perm := range access.Permissions() {
		out = append(out, &KnownPermission{perm})
	}
	return out
}

// Token is a token with what hangs on it.
type Token struct {
	*access.Token
	LastUsedAt *time.Time
	env        *Env
}

// IsNode marks a type that can be asked for by id.
func (*Token) IsNode() {}

// Roles are the roles that it was given.
func (t *Token) Roles() []string { return t.Token.Roles }

// Allow is what it may beyond its roles.
func (t *Token) Allow() []*Permission { return permissionsOf(t.env.Principal.AllowedTo(t.ID)) }

// User is whom a demo token signs in.
func (t *Token) User() *User { return t.env.User(t.UserID) }

// CreatedBy is the person who made it.
func (t *Token) CreatedBy() *User { return t.env.User(t.Token.CreatedBy) }

var tokens = newView(access.Tokens, "Token",
	func(e *Env, r *access.Token) *Token { return &Token{Token: r, env: e} },
	func(t *Token) id.UUID { return t.ID.UUID },
	attached("lastUsedAt", loadLastUses),
)

func tokenView() *View[access.Token, Token] { return tokens }

// Tokens gives one page of tokens.
func (e *Env) Tokens(ctx context.Context, q entity.Query, sel Selection) (*TokenConnection, error) {
	l, nodes, err := tokens.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &TokenConnection{newConnection(l, nodes, sel, func(x edge[Token]) *TokenEdge { return &TokenEdge{x} })}, nil
}

// Token loads one token, nil where there is none that the asker may see.
func (e *Env) Token(ctx context.Context, token id.Token, sel Selection) (*Token, error) {
	found, err := tokens.byIDs(ctx, e, []id.UUID{token.UUID}, sel, nil)
	return found[token.UUID], err
}

func loadLastUses(ctx context.Context, p *pageOf[Token]) error {
	used, err := access.LastUses(ctx, p.env.DB, p.env.Principal.Org, p.ids)
	for _, v := range p.views {
		if at, ok := used[v.ID]; ok {
			v.LastUsedAt = &at
		}
	}
	return err
}
