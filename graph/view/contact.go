package view

import (
	"context"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
)

// Contact is a contact with what hangs on it.
type Contact struct {
	*crm.Contact
	Account     *Account
	ExternalIds []*ExternalID

	env *Env
}

// IsNode marks a type that can be asked for by id.
func (*Contact) IsNode() {}

// Owner is who in Sales looks after the contact.
func (c *Contact) Owner() *User { return c.env.User(c.OwnerID) }

var contacts = newView(crm.Contacts, "Contact",
	func(e *Env, r *crm.Contact) *Contact { return &Contact{Contact: r, env: e} },
	func(c *Contact) id.UUID { return c.ID.UUID },
	toOne("account", accountView, func(c *Contact) id.UUID { return c.AccountID.UUID }, func(c *Contact, a *Account) { c.Account = a }),
	externalIDsOf("contact", func(c *Contact, ids []*ExternalID) { c.ExternalIds = ids }),
)

func contactView() *View[crm.Contact, Contact] { return contacts }

// Contacts gives one page of contacts.
func (e *Env) Contacts(ctx context.Context, q entity.Query, sel Selection) (*ContactConnection, error) {
	l, nodes, err := contacts.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &ContactConnection{newConnection(l, nodes, sel, func(x edge[Contact]) *ContactEdge { return &ContactEdge{x} })}, nil
}

// Contact loads one contact, nil where there is none that the asker may see.
func (e *Env) Contact(ctx context.Context, contact id.Contact, sel Selection) (*Contact, error) {
	found, err := contacts.byIDs(ctx, e, []id.UUID{contact.UUID}, sel, nil)
	return found[contact.UUID], err
}

// Product is a product.
type Product struct {
	*crm.Product
	ExternalIds []*ExternalID
}

// IsNode marks a type that can be asked for by id.
func (*Product) IsNode() {}

var products = newView(crm.Products, "Product",
	func(_ *Env, r *crm.Product) *Product { return &Product{Product: r} },
	func(p *Product) id.UUID { return p.ID.UUID },
	externalIDsOf("product", func(p *Product, ids []*ExternalID) { p.ExternalIds = ids }),
)

func productView() *View[crm.Product, Product] { return products }

// Products gives one page of products.
func (e *Env) Products(ctx context.Context, q entity.Query, sel Selection) (*ProductConnection, error) {
	l, nodes, err := products.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &ProductConnection{newConnection(l, nodes, sel, func(x edge[Product]) *ProductEdge { return &ProductEdge{x} })}, nil
}

// Product loads one product, nil where there is none that the asker may see.
func (e *Env) Product(ctx context.Context, product id.Product, sel Selection) (*Product, error) {
	found, err := products.byIDs(ctx, e, []id.UUID{product.UUID}, sel, nil)
	return found[product.UUID], err
}
