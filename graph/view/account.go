package view

import (
	"context"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/org"
)

// ExternalID is the id that another system gave to a record.
type ExternalID struct{ System, ID string }

// externalIDsOf attaches the ids that other systems gave to the records.
func externalIDsOf[V any](kind string, set func(*V, []*ExternalID)) relation[V] {
	return attached("externalIds", func(ctx context.Context, p *pageOf[V]) error {
		found, err := org.ExternalIDsOf(ctx, p.env.DB, p.env.Principal.Org, kind, p.ids)
		if err != nil {
			return err
		}
		for i, v := range p.views {
			ids := []*ExternalID{}
			for _, x := range found[p.ids[i]] {
				ids = append(ids, &ExternalID{x.System, x.ExternalID})
			}
			set(v, ids)
		}
		return nil
	})
}

// Account is an account with what hangs on it.
type Account struct {
	*crm.Account
	Parent      *Account
	ExternalIds []*ExternalID

	env *Env
}

// IsNode marks a type that can be asked for by id.
func (*Account) IsNode() {}

// AnnualRevenue is the yearly revenue, nil where unknown.
func (a *Account) AnnualRevenue() *money.Money { return a.Revenue() }

// Owner is who in Sales looks after it.
func (a *Account) Owner() *User { return a.env.User(a.OwnerID) }

// Csm is its customer success manager.
func (a *Account) Csm() *User { return a.env.User(a.CSMID) }

var accounts *View[crm.Account, Account]

func accountView() *View[crm.Account, Account] { return accounts }

func init() { // an account refers to itself: its parent
	accounts = newView(crm.Accounts, "Account",
		func(e *Env, r *crm.Account) *Account { return &Account{Account: r, env: e} },
		func(a *Account) id.UUID { return a.ID.UUID },
		toOne("parent", accountView, func(a *Account) id.UUID { return a.ParentID.UUID }, func(a, parent *Account) { a.Parent = parent }),
		externalIDsOf("account", func(a *Account, ids []*ExternalID) { a.ExternalIds = ids }),
	)
}

// Accounts gives one page of accounts.
func (e *Env) Accounts(ctx context.Context, q entity.Query, sel Selection) (*AccountConnection, error) {
	l, nodes, err := accounts.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &AccountConnection{newConnection(l, nodes, sel, func(x edge[Account]) *AccountEdge { return &AccountEdge{x} })}, nil
}

// Account loads one account, nil where there is none that the asker may see.
func (e *Env) Account(ctx context.Context, account id.Account, sel Selection) (*Account, error) {
	found, err := accounts.byIDs(ctx, e, []id.UUID{account.UUID}, sel, nil)
	return found[account.UUID], err
}
