package graph

import (
	"context"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
)

// Contacts lists contacts.
func (q *query) Contacts(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.ContactConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Contacts(ctx, list, view.Selected(ctx, "ContactConnection"))
}

// ContactCreate makes a contact.
func (m *mutation) ContactCreate(ctx context.Context, input map[string]any) (*model.ContactCreatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	contact, err := m.CRM.CreateContact(ctx, env.Principal, changes(input))
	written, refused, err := writtenAs(ctx, m, err, contact, (*view.Env).Contact, "contact", "Contact")
	return &model.ContactCreatePayload{Contact: written, Errors: refused}, err
}

// ContactUpdate changes a contact.
func (m *mutation) ContactUpdate(ctx context.Context, input map[string]any) (*model.ContactUpdatePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set, u, expected, err := updateOf(input, "contactId", id.ContactKind)
	if err != nil {
		return nil, err
	}
	contact := id.Contact{UUID: u}
	err = m.CRM.UpdateContact(ctx, env.Principal, contact, expected, set)
	written, refused, err := writtenAs(ctx, m, err, contact, (*view.Env).Contact, "contact", "Contact")
	return &model.ContactUpdatePayload{Contact: written, Errors: refused}, err
}

// Products lists products.
func (q *query) Products(ctx context.Context, first *int, after *string, last *int, before *string, where map[string]any, orderBy []map[string]any) (*view.ProductConnection, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	list, err := listArgs{page.Args{First: first, After: after, Last: last, Before: before}, where, orderBy, nil}.query()
	if err != nil {
		return nil, err
	}
	return env.Products(ctx, list, view.Selected(ctx, "ProductConnection"))
}

// ProductDefine makes or changes a product.
func (m *mutation) ProductDefine(ctx context.Context, input map[string]any) (*model.ProductDefinePayload, error) {
	env, err := m.env(ctx)
	if err != nil {
		return nil, err
	}
	set := changes(input)
	key, _ := take(set, "key").(string)
	product, err := m.CRM.DefineProduct(ctx, env.Principal, key, takeVersion(set), set)
	written, refused, err := writtenAs(ctx, m, err, product, (*view.Env).Product, "product", "Product")
	return &model.ProductDefinePayload{Product: written, Errors: refused}, err
}
