package crm

import (
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
)

// Contact is a person at a company that is sold to.
type Contact struct {
	entity.Row
	ID        id.Contact `db:"id"`
	Name      string     `db:"name"`
	Email     *string    `db:"email"` // lower case
	Phone     *string    `db:"phone"`
	Title     *string    `db:"title"`
	AccountID id.Account `db:"account_id"`
	OwnerID   id.User    `db:"owner_id"`
	Version   int        `db:"version"`
	CreatedAt time.Time  `db:"created_at"`
	UpdatedAt time.Time  `db:"updated_at"`
}

// Contacts describes contacts.
var Contacts = entity.New[Contact]("contact", "contact c",
	entity.Reach[Contact]{
		"own":       entity.In(entity.Me, "c.owner_id", func(c *Contact) id.UUID { return c.OwnerID.UUID }),
		"team":      entity.In(entity.Members, "c.owner_id", func(c *Contact) id.UUID { return c.OwnerID.UUID }),
		"customers": entity.In(entity.Customers, "c.account_id", func(c *Contact) id.UUID { return c.AccountID.UUID }),
	},
	entity.Text("name", "c.name").Sort("c.name"),
	entity.Text("email", "c.email"),
	entity.Text("title", "c.title"),
	entity.Ref("account", "c.account_id", id.AccountKind).Of("account"),
	entity.Ref("owner", "c.owner_id", id.UserKind).Of("user"),
	entity.Instant("createdAt", "c.created_at").Sort("c.created_at"),
).DefaultOrder(entity.Order{Field: "name"})
