package crm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/pg"
)

// Account is a company that is sold to.
type Account struct {
	entity.Row
	ID            id.Account     `db:"id"`
	Name          string         `db:"name"`
	Industry      *string        `db:"industry"`
	Country       *string        `db:"country"`
	Website       *string        `db:"website"`
	Employees     *int64         `db:"employees"`
	AnnualRevenue *int64         `db:"annual_revenue"` // minor units of Currency
	Currency      money.Currency `db:"currency"`
	ParentID      id.Account     `db:"parent_id"`
	OwnerID       id.User        `db:"owner_id"`
	CSMID         id.User        `db:"csm_id"`
	Version       int            `db:"version"`
	CreatedAt     time.Time      `db:"created_at"`
	UpdatedAt     time.Time      `db:"updated_at"`
}

// Revenue is the yearly revenue, nil where unknown.
func (a *Account) Revenue() *money.Money { return amountOf(a.AnnualRevenue, a.Currency) }

func amountOf(minor *int64, c money.Currency) *money.Money {
	if minor == nil {
		return nil
	}
	return &money.Money{Minor: *minor, Currency: c}
}

// Accounts describes accounts.
var Accounts = entity.New[Account]("account", "account a",
	entity.Reach[Account]{
		"own":       entity.In(entity.Me, "a.owner_id", func(a *Account) id.UUID { return a.OwnerID.UUID }),
		"team":      entity.In(entity.Members, "a.owner_id", func(a *Account) id.UUID { return a.OwnerID.UUID }),
		"customers": entity.In(entity.Me, "a.csm_id", func(a *Account) id.UUID { return a.CSMID.UUID }),
	},
	entity.Text("name", "a.name").Sort("a.name"),
	entity.Text("industry", "a.industry"),
	entity.Text("country", "a.country"),
	entity.Int("employees", "a.employees").Sort("a.employees_key"),
	entity.Money("annualRevenue", "a.annual_revenue").Sort("a.revenue_key"),
	entity.Ref("parent", "a.parent_id", id.AccountKind).Of("account"),
	entity.Ref("owner", "a.owner_id", id.UserKind).Of("user"),
	entity.Ref("csm", "a.csm_id", id.UserKind).Of("user"),
	entity.Instant("createdAt", "a.created_at").Sort("a.created_at"),
).DefaultOrder(entity.Order{Field: "name"})

// FindAccountsNamed gives the accounts of each name, for imports. Upper and lower case are the same, and the answer's
// keys are lower case; names that no account has are not in it.
func FindAccountsNamed(ctx context.Context, db pg.DB, org id.Org, names []string) (map[string][]id.Account, error) {
	lower := make([]string, len(names))
	for i, n := range names {
		lower[i] = strings.ToLower(n)
	}
	var rows []struct {
		ID   id.Account `db:"id"`
		Name string     `db:"name"`
	}
	err := db.Select(ctx, &rows, `
		select id, lower(name) as name
		  from account
		 where org_id = $1
		   and lower(name) = any($2::text[])
		 order by id`, org, lower)
	if err != nil {
		return nil, fmt.Errorf("find accounts by name: %w", err)
	}
	found := map[string][]id.Account{}
	for _, r := range rows {
		found[r.Name] = append(found[r.Name], r.ID)
	}
	return found, nil
}
