package graph

import (
	"context"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
)

// Account gives one account.
func (q *query) Account(ctx context.Context, global *string, external *model.ExternalIDInput) (*view.Account, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	if err := oneOf(global, external); err != nil {
		return nil, err
	}
	u, ok, err := q.find(ctx, env, id.AccountKind, global, external)
	if err != nil {
		return nil, err
	}
	if ok {
		a, err := env.Account(ctx, id.Account{UUID: u}, view.Selected(ctx, "Account", "Node"))
		if err != nil || a != nil {
			return a, err
		}
	}
	return nil, errNotFound("account")
}

// Accounts lists accounts.
func (q *query) Accounts(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.AccountConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Accounts(ctx, list, view.Selected(ctx, "AccountConnection"))
}

// AccountCreate makes an account.
func (m *mutation) AccountCreate(ctx context.Context, input map[string]any) (*model.AccountCreatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	account, err := m.CRM.CreateAccount(ctx, env.Principal, changes(input))
	written, refused, err := writtenAs(ctx, m, err, account, (*view.Env).Account, "account", "Account")
	return &model.AccountCreatePayload{Account: written, Errors: refused}, err
}

// AccountUpdate changes an account.
func (m *mutation) AccountUpdate(ctx context.Context, input map[string]any) (*model.AccountUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set, u, expected, err := updateOf(input, "accountId", id.AccountKind)
	if err != nil {
		return nil, err
	}
	account := id.Account{UUID: u}
	err = m.CRM.UpdateAccount(ctx, env.Principal, account, expected, set)
	written, refused, err := writtenAs(ctx, m, err, account, (*view.Env).Account, "account", "Account")
	return &model.AccountUpdatePayload{Account: written, Errors: refused}, err
}
