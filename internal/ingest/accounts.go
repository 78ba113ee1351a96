package ingest

import (
	"context"
	"fmt"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
)

// loadAccounts finds accounts by their external ids and makes the others, parents before children.
func (r *run) loadAccounts(ctx context.Context) error {
	r.accounts = newRefs("account")
	if err := r.referToAccounts(ctx); err != nil {
		return err
	}
	var fresh []*accountRow
	count := r.sum.count("account")
	for _, row := range r.plan.accounts {
		if u, known := r.accounts.byID[row.external]; known {
			r.accounts.name(row.name, u)
			count.Existing++
			continue
		}
		fresh = append(fresh, row)
	}
	b := r.makeAccounts(fresh)
	if err := r.crm.Load(ctx, r.tx, r.by, b); err != nil {
		return err
	}
	r.progress(len(r.plan.accounts))
	return nil
}

// referToAccounts learns of the accounts that the org has and that rows mean, by external id or by name.
func (r *run) referToAccounts(ctx context.Context) error {
	var ids, names []string
	mention := func(by, text string) {
		switch {
		case text == "":
		case by == byExternalID:
			ids = append(ids, text)
		default:
			names = append(names, text)
		}
	}
	for _, a := range r.plan.accounts {
		mention(byExternalID, a.external)
		mention(a.parentBy, a.parent)
	}
	for _, d := range r.plan.deals {
		mention(d.accountBy, d.account)
	}
	if err := r.referTo(ctx, r.accounts, "account", ids); err != nil || len(names) == 0 {
		return err
	}
	named, err := crm.FindAccountsNamed(ctx, r.tx, r.by.Org, unique(names))
	if err != nil {
		return err
	}
	for name, accounts := range named {
		for _, a := range accounts {
			r.accounts.name(name, a.UUID)
		}
	}
	return nil
}

// makeAccounts makes the accounts whose parents are settled, then those below them, until none is left that can be.
func (r *run) makeAccounts(fresh []*accountRow) crm.Batch {
	var b crm.Batch
	for {
		waiting := newRefs("account") // the accounts that may still be made
		for _, row := range fresh {
			waiting.byID[row.external] = id.UUID{}
			waiting.name(row.name, id.UUID{})
		}
		var later []*accountRow
		for _, row := range fresh {
			if row.parent != "" && waiting.has(row.parentBy, row.parent) {
				later = append(later, row)
				continue
			}
			r.makeAccount(&b, row)
		}
		if len(later) == len(fresh) {
			break
		}
		fresh = later
	}
	for _, row := range fresh {
		r.reject(row.place, "parent", fmt.Sprintf("the account is below itself, by way of its parent %q", clip(row.parent)))
	}
	return b
}

// makeAccount adds the account to the batch, unless what it refers to cannot be found.
func (r *run) makeAccount(b *crm.Batch, row *accountRow) {
	parent, why := r.accounts.find(row.parentBy, row.parent)
	if why != "" {
		r.reject(row.place, "parent", why)
		return
	}
	owner, why := r.users.find(row.ownerBy, row.owner)
	if why != "" {
		r.reject(row.place, "owner", why)
		return
	}
	u := id.New()
	b.Accounts = append(b.Accounts, crm.Account{
		ID: id.Account{UUID: u}, Name: row.name, Industry: row.industry, Country: row.country, Website: row.website,
		Employees: row.employees, AnnualRevenue: row.revenue, Currency: row.currency,
		ParentID: id.Account{UUID: parent}, OwnerID: id.User{UUID: owner}, Version: 1, CreatedAt: r.since, UpdatedAt: r.now,
	})
	b.ExternalIDs = append(b.ExternalIDs, r.externalID("account", u, row.external))
	r.accounts.byID[row.external] = u
	r.accounts.name(row.name, u)
	r.sum.count("account").Created++
}
