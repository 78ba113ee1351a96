package crm

import (
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// Product is something that is sold.
type Product struct {
	entity.Row
	ID          id.Product     `db:"id"`
	Key         string         `db:"key"`
	Name        string         `db:"name"`
	Family      *string        `db:"family"`
	Description *string        `db:"description"`
	PriceMinor  *int64         `db:"unit_price"` // of Currency
	Currency    money.Currency `db:"currency"`
	Active      bool           `db:"active"` // may be put on deals
	Version     int            `db:"version"`
	CreatedAt   time.Time      `db:"created_at"`
	UpdatedAt   time.Time      `db:"updated_at"`
}

// UnitPrice is the list price of one, nil where none is set.
func (p *Product) UnitPrice() *money.Money { return amountOf(p.PriceMinor, p.Currency) }

// Products describes products. Everybody may read them.
var Products = entity.New[Product]("product", "product p", entity.Reach[Product]{},
	entity.Text("key", "p.key"),
	entity.Text("name", "p.name").Sort("p.name"),
	entity.Text("family", "p.family"),
	entity.Bool("active", "p.active"),
	entity.Money("unitPrice", "p.unit_price").Sort("p.price_key"),
).DefaultOrder(entity.Order{Field: "name"})
