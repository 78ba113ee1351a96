package crm

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/pg"
)

var accountRecord = record[Account]{
	of: Accounts, table: "account", making: "create", kind: id.AccountKind, facts: accountFacts,
	setters: []entity.Setter[Account, *write]{
		entity.SetName[Account, *write]("name", 200, func(a *Account) *string { return &a.Name }),
		entity.SetText[Account, *write]("industry", 200, func(a *Account) **string { return &a.Industry }),
		entity.SetText[Account, *write]("country", 200, func(a *Account) **string { return &a.Country }),
		entity.SetText[Account, *write]("website", 500, func(a *Account) **string { return &a.Website }),
		entity.SetCount[Account, *write]("employees", func(a *Account) **int64 { return &a.Employees }),
		entity.SetMoney[Account, *write]("annualRevenue", func(a *Account) **int64 { return &a.AnnualRevenue },
			func(a *Account) *money.Currency { return &a.Currency }, func(*Account) []*int64 { return nil }),
		entity.SetRef[Account, *write]("parentId", id.AccountKind, func(a *Account) *id.UUID { return &a.ParentID.UUID }),
		person("ownerId", func(a *Account) *id.User { return &a.OwnerID }),
	},
	head: func(a *Account) header { return header{&a.Row, &a.ID.UUID, &a.Version, &a.CreatedAt, &a.UpdatedAt} },
	explain: func(err error) error {
		switch pg.Violates(err) {
		case "account_parent_fkey":
			return errs.New(errs.BadInput, "There is no such account in your org.").At("parentId")
		case "account_not_own_parent":
			return errs.New(errs.BadInput, "An account is not its own parent.").At("parentId")
		}
		return err
	},
}

// CreateAccount makes an account; the asker owns it unless ownerId says otherwise. Permission: account create.
// Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) CreateAccount(ctx context.Context, by *access.Principal, set entity.ChangeSet) (id.Account, error) {
	made, err := accountRecord.create(ctx, s, by, func(w *write, a *Account) {
		a.OwnerID, a.Currency = by.User, w.dir.Org.Currency
	}, set)
	return id.Account{UUID: made}, err
}

// UpdateAccount changes an account. Permission: account update. Errors: NOT_FOUND, FORBIDDEN, BAD_INPUT, CONFLICT.
func (s *Service) UpdateAccount(ctx context.Context, by *access.Principal, account id.Account, expected *int, set entity.ChangeSet) error {
	return accountRecord.update(ctx, s, by, account.UUID, expected, set)
}

var contactRecord = record[Contact]{
	of: Contacts, table: "contact", making: "create", kind: id.ContactKind, facts: contactFacts,
	setters: []entity.Setter[Contact, *write]{
		entity.SetName[Contact, *write]("name", 200, func(c *Contact) *string { return &c.Name }),
		entity.SetBy("email", setContactEmail),
		entity.SetText[Contact, *write]("phone", 50, func(c *Contact) **string { return &c.Phone }),
		entity.SetText[Contact, *write]("title", 200, func(c *Contact) **string { return &c.Title }),
		entity.SetRef[Contact, *write]("accountId", id.AccountKind, func(c *Contact) *id.UUID { return &c.AccountID.UUID }),
		person("ownerId", func(c *Contact) *id.User { return &c.OwnerID }),
	},
	head: func(c *Contact) header { return header{&c.Row, &c.ID.UUID, &c.Version, &c.CreatedAt, &c.UpdatedAt} },
	explain: func(err error) error {
		if pg.Violates(err) == "contact_account_fkey" {
			return errs.New(errs.BadInput, "There is no such account in your org.").At("accountId")
		}
		return err
	},
}

func setContactEmail(_ *write, c *Contact, v any) (bad *errs.Error) {
	if c.Email = nil; text(v) != "" {
		c.Email, bad = entity.Email(v)
	}
	return bad
}

// CreateContact makes a contact; the asker owns it unless ownerId says otherwise. Permission: contact create.
// Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) CreateContact(ctx context.Context, by *access.Principal, set entity.ChangeSet) (id.Contact, error) {
	made, err := contactRecord.create(ctx, s, by, func(_ *write, c *Contact) { c.OwnerID = by.User }, set)
	return id.Contact{UUID: made}, err
}

// UpdateContact changes a contact. Permission: contact update. Errors: NOT_FOUND, FORBIDDEN, BAD_INPUT, CONFLICT.
func (s *Service) UpdateContact(ctx context.Context, by *access.Principal, contact id.Contact, expected *int, set entity.ChangeSet) error {
	return contactRecord.update(ctx, s, by, contact.UUID, expected, set)
}

var productRecord = record[Product]{
	of: Products, table: "product", making: "update", kind: id.ProductKind, facts: productFacts,
	setters: []entity.Setter[Product, *write]{
		entity.SetName[Product, *write]("name", 200, func(p *Product) *string { return &p.Name }),
		entity.SetText[Product, *write]("family", 200, func(p *Product) **string { return &p.Family }),
		entity.SetText[Product, *write]("description", 2000, func(p *Product) **string { return &p.Description }),
		entity.SetMoney[Product, *write]("unitPrice", func(p *Product) **int64 { return &p.PriceMinor },
			func(p *Product) *money.Currency { return &p.Currency }, func(*Product) []*int64 { return nil }),
		entity.SetBy("active", func(_ *write, p *Product, v any) *errs.Error {
			p.Active = v == true
			return nil
		}),
	},
	head:    func(p *Product) header { return header{&p.Row, &p.ID.UUID, &p.Version, &p.CreatedAt, &p.UpdatedAt} },
	explain: func(err error) error { return err },
}

var keyForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

// DefineProduct makes the product of that key, or changes it. Permission: product update. Errors: FORBIDDEN, BAD_INPUT,
// CONFLICT.
func (s *Service) DefineProduct(ctx context.Context, by *access.Principal, key string, expected *int, set entity.ChangeSet) (id.Product, error) {
	if err := by.Require("product", "update"); err != nil {
		return id.Product{}, err
	}
	if !keyForm.MatchString(key) {
		return id.Product{}, errs.New(errs.BadInput, "A key is 1 to 63 lower-case letters, digits, hyphens and underscores, such as gtx-pro.").At("key")
	}
	var found id.Product
	err := s.pool.Write(ctx, by.Session(), func(tx *pg.Tx) error {
		err := tx.Get(ctx, &found, `select id from product where org_id = $1 and key = $2`, by.Org, key)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		found = id.Product{}
		return nil
	})
	if err != nil {
		return id.Product{}, fmt.Errorf("find product: %w", pg.Explain(err))
	}
	if !found.IsZero() {
		return found, productRecord.update(ctx, s, by, found.UUID, expected, set)
	}
	made, err := productRecord.create(ctx, s, by, func(w *write, p *Product) {
		p.Key, p.Active, p.Currency = key, true, w.dir.Org.Currency
	}, set)
	if pg.Violates(err) == "product_key_unique" { // another made it meanwhile
		return s.DefineProduct(ctx, by, key, expected, set)
	}
	return id.Product{UUID: made}, err
}
