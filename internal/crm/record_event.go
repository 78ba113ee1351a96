package crm

import (
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
)

// What events and the audit log tell of accounts, contacts and products.
var (
	accountFacts = []event.Fact[Account]{
		{Name: "name", Of: func(a *Account) any { return a.Name }},
		{Name: "industry", Of: func(a *Account) any { return event.Text(a.Industry) }},
		{Name: "country", Of: func(a *Account) any { return event.Text(a.Country) }},
		{Name: "website", Of: func(a *Account) any { return event.Text(a.Website) }},
		{Name: "employees", Of: func(a *Account) any {
			if a.Employees == nil {
				return nil
			}
			return *a.Employees
		}},
		{Name: "annualRevenue", Of: func(a *Account) any { return amountFact(a.Revenue()) }},
		{Name: "parent", Of: func(a *Account) any { return event.Ref(id.AccountKind, a.ParentID.UUID) }},
		{Name: "owner", Of: func(a *Account) any { return event.Ref(id.UserKind, a.OwnerID.UUID) }},
		{Name: "csm", Of: func(a *Account) any { return event.Ref(id.UserKind, a.CSMID.UUID) }},
	}
	contactFacts = []event.Fact[Contact]{
		{Name: "name", Of: func(c *Contact) any { return c.Name }, Personal: true},
		{Name: "email", Of: func(c *Contact) any { return event.Text(c.Email) }, Personal: true},
		{Name: "phone", Of: func(c *Contact) any { return event.Text(c.Phone) }, Personal: true},
		{Name: "title", Of: func(c *Contact) any { return event.Text(c.Title) }},
		{Name: "account", Of: func(c *Contact) any { return event.Ref(id.AccountKind, c.AccountID.UUID) }},
		{Name: "owner", Of: func(c *Contact) any { return event.Ref(id.UserKind, c.OwnerID.UUID) }},
	}
	productFacts = []event.Fact[Product]{
		{Name: "key", Of: func(p *Product) any { return p.Key }},
		{Name: "name", Of: func(p *Product) any { return p.Name }},
		{Name: "family", Of: func(p *Product) any { return event.Text(p.Family) }},
		{Name: "description", Of: func(p *Product) any { return event.Text(p.Description) }},
		{Name: "unitPrice", Of: func(p *Product) any { return amountFact(p.UnitPrice()) }},
		{Name: "active", Of: func(p *Product) any { return p.Active }},
	}
)
