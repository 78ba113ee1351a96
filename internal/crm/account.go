package crm

import (
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
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
	entity.Reach{
		"own":       "a.owner_id = {me}",
		"team":      "a.owner_id = any({members})",
		"customers": "a.csm_id = {me}",
	},
	entity.Text("name", "a.name").Sort("a.name"),
	entity.Text("industry", "a.industry"),
	entity.Text("country", "a.country"),
	entity.Int("employees", "a.employees").Sort("a.employees_key"),
	entity.Money("annualRevenue", "a.annual_revenue").Sort("a.revenue_key"),
	entity.Ref("parent", "a.parent_id", id.AccountKind),
	entity.Ref("owner", "a.owner_id", id.UserKind),
	entity.Ref("csm", "a.csm_id", id.UserKind),
	entity.Instant("createdAt", "a.created_at").Sort("a.created_at"),
).DefaultOrder(entity.Order{Field: "name"})
