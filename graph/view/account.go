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

func externalIDs(rows []org.ExternalID) []*ExternalID {
	out := make([]*ExternalID, len(rows))
	for i, r := range rows {
		out[i] = &ExternalID{r.System, r.ExternalID}
	}
	return out
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

// Accounts gives one page of accounts.
func (e *Env) Accounts(ctx context.Context, q entity.Query, sel Selection) (*AccountConnection, error) {
	l, err := listOf(ctx, e, crm.Accounts, q, sel)
	if err != nil {
		return nil, err
	}
	nodes, err := e.accounts(ctx, l.Rows, sel.nodes("AccountEdge", "Account", "Node"))
	if err != nil {
		return nil, err
	}
	return &AccountConnection{newConnection(l, nodes, sel, func(x edge[Account]) *AccountEdge { return &AccountEdge{x} })}, nil
}

// AccountsByID loads accounts that the asker may read, with what is selected on them.
func (e *Env) AccountsByID(ctx context.Context, ids []id.UUID, sel Selection) (map[id.UUID]*Account, error) {
	rows, err := crm.Accounts.ByIDs(ctx, e.DB, e.Principal.Scope("account", "read"), ids, nil)
	if err != nil {
		return nil, err
	}
	views, err := e.accounts(ctx, rows, sel)
	if err != nil {
		return nil, err
	}
	out := make(map[id.UUID]*Account, len(views))
	for _, v := range views {
		out[v.ID.UUID] = v
	}
	return out, nil
}

// accounts attaches to the rows what is selected on them.
func (e *Env) accounts(ctx context.Context, rows []*crm.Account, sel Selection) ([]*Account, error) {
	views := make([]*Account, len(rows))
	ids := make([]id.UUID, len(rows))
	var parents []id.UUID
	for i, r := range rows {
		views[i] = &Account{Account: r, env: e}
		ids[i] = r.ID.UUID
		if !r.ParentID.IsZero() {
			parents = append(parents, r.ParentID.UUID)
		}
	}
	if sel.Has("externalIds") {
		found, err := org.ExternalIDsOf(ctx, e.DB, e.Principal.Org, "account", ids)
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			v.ExternalIds = externalIDs(found[v.ID.UUID])
		}
	}
	if sel.Has("parent") && len(parents) > 0 {
		found, err := e.AccountsByID(ctx, parents, sel.Under("parent", "Account", "Node"))
		if err != nil {
			return nil, err
		}
		for _, v := range views {
			v.Parent = found[v.ParentID.UUID]
		}
	}
	return views, nil
}

func loadAccounts(ctx context.Context, e *Env, ids []id.UUID, sel Selection) (map[id.UUID]Node, error) {
	found, err := e.AccountsByID(ctx, ids, sel)
	return asNodes(found), err
}

func asNodes[T Node](views map[id.UUID]T) map[id.UUID]Node {
	out := make(map[id.UUID]Node, len(views))
	for u, v := range views {
		out[u] = v
	}
	return out
}
