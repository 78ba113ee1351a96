package demo

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// account is a company as planned.
type account struct {
	n         int
	id        id.Account
	name      string
	industry  *industry
	territory *territory
	country   string
	currency  money.Currency
	first     *person // who owned it to begin with
	owner     *person // who owns it today
	parent    *account
	created   time.Time

	won     time.Time // the first won deal: a customer from then on; zero: none
	churned time.Time // a renewal was lost; zero: none
	csm     *person
}

// customersOf100 accounts have won deals.
const customersOf100 = 41

func (w *world) planAccounts() {
	pairs := make([]int, len(companyNames)*len(industries))
	for i := range pairs {
		pairs[i] = i
	}
	w.rand("company names", 0).Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	weights := make([]int, len(w.territories))
	for i, t := range w.territories {
		weights[i] = t.accounts
	}
	taken := map[string]bool{}
	dealt := make([]int, len(w.territories)) // accounts so far, to hand them out in turn
	for i := range w.size.accounts() {
		r := w.rand("account", i)
		a := &account{n: i, industry: &industries[pairs[i%len(pairs)]%len(industries)]}
		a.name = companyName(r, companyNames[pairs[i%len(pairs)]/len(industries)], a.industry, taken)
		t := weighted(r, weights)
		a.territory = w.territories[t]
		a.country = pick(r, a.territory.countries)
		a.currency = currencyOf(r, a.country)
		a.first, a.owner = w.accountOwners(a.territory, dealt[t])
		dealt[t]++
		if i%9 == 8 { // a few belong to an earlier one
			a.parent = w.accounts[r.IntN(i)]
			if a.parent.parent != nil || r.IntN(3) > 0 {
				a.parent = nil
			}
		}
		w.accounts = append(w.accounts, a)
	}
}

// companyName is a name that nobody has yet: in the large org some differ by an addition only.
func companyName(r *rand.Rand, base string, in *industry, taken map[string]bool) string {
	name := base + " " + pick(r, in.suffixes)
	full := name
	for n := 0; taken[full]; n++ {
		full = name + " " + companyAdditions[n%len(companyAdditions)] + strings.Repeat(" II", n/len(companyAdditions))
	}
	taken[full] = true
	return full
}

func currencyOf(r *rand.Rand, country string) money.Currency {
	switch country {
	case "Germany", "Netherlands", "France", "Italy", "Spain", "Austria", "Ireland", "Finland":
		if chance(r, 40) {
			return "EUR"
		}
	case "Japan":
		if chance(r, 60) {
			return "JPY"
		}
	}
	return currency
}

// accountOwners gives the n-th account of a territory to its reps in turn. Accounts of somebody who has left, or has not
// always been there, had another owner to begin with.
func (w *world) accountOwners(t *territory, n int) (first, owner *person) {
	var reps, here []*person
	for _, p := range w.reps() {
		if p.covered(t) {
			reps = append(reps, p)
			if p.left.IsZero() && p.covers(t, w.end) {
				here = append(here, p)
			}
		}
	}
	first = reps[n%len(reps)]
	if slices.Contains(here, first) {
		return first, first
	}
	return first, here[n/len(reps)%len(here)]
}

func (w *world) reps() []*person {
	return slices.DeleteFunc(w.withRole(access.Sales), func(p *person) bool { return slices.Contains(p.roles, access.SalesManager) })
}

// covered tells whether the person ever covered the territory.
func (p *person) covered(t *territory) bool {
	return slices.ContainsFunc(p.stints, func(s stint) bool { return s.territory == t })
}

// covers tells whether the person covers the territory at the moment, and will not leave within days.
func (p *person) covers(t *territory, at time.Time) bool {
	s := p.at(at)
	return s != nil && s.territory == t && (p.left.IsZero() || at.Before(p.left.Add(-handover)))
}

// handover is how long before leaving a person takes on nothing new.
const handover = 10 * day

// repFor is who takes a deal of the account at the moment: whoever owns the account then, else a colleague of the
// territory.
func (w *world) repFor(r *rand.Rand, a *account, at time.Time) *person {
	for _, p := range []*person{a.first, a.owner} {
		if p.covers(a.territory, at) && !chance(r, 6) {
			return p
		}
	}
	return pick(r, w.repsFor(a, at))
}

// repsFor are those who might take a deal of the account at the moment.
func (w *world) repsFor(a *account, at time.Time) []*person {
	return slices.DeleteFunc(w.reps(), func(p *person) bool { return !p.covers(a.territory, at) })
}

// settleAccounts decides what follows from the deals: since when there is an account, and who looks after customers.
func (w *world) settleAccounts() {
	first := make([]time.Time, len(w.accounts))
	for _, d := range w.deals {
		if t := &first[d.account.n]; t.IsZero() || d.created.Before(*t) {
			*t = d.created
		}
	}
	csms := slices.DeleteFunc(w.withRole(access.CS), func(p *person) bool { return manages(p.name) })
	customers := 0
	for _, a := range w.accounts {
		r := w.rand("account since", a.n)
		if first[a.n].IsZero() {
			first[a.n] = w.end
		}
		a.created = w.before(r, first[a.n], between(r, 2, 500))
		a.id = id.Account{UUID: w.id(a.created, "account/"+a.name)}
		if !a.won.IsZero() {
			a.csm = csms[customers%len(csms)]
			customers++
		}
	}
}

var (
	employees = quantiles{12, 45, 90, 150, 240, 380, 620, 1_100, 2_400, 6_800, 42_000}
	// Revenue per employee, in thousands of USD.
	productivity = quantiles{60, 110, 150, 190, 240, 310, 420, 900}
)

func (w *world) accountRows() []crm.Account {
	out := make([]crm.Account, 0, len(w.accounts))
	for _, a := range w.accounts {
		r := w.rand("account row", a.n)
		website := "https://" + strings.ReplaceAll(strings.ToLower(a.name), " ", "-") + ".example"
		row := crm.Account{
			ID: a.id, Name: a.name, Industry: &a.industry.name, Country: &a.country, Website: &website, Currency: a.currency,
			OwnerID: a.owner.id, Version: 1, CreatedAt: a.created, UpdatedAt: a.created,
		}
		if n := employees.draw(r); !chance(r, 7) {
			row.Employees = &n
			if revenue := amountIn(a.currency, n*productivity.draw(r)*1_000); !chance(r, 25) {
				row.AnnualRevenue = &revenue
			}
		}
		if a.parent != nil {
			row.ParentID = a.parent.id
		}
		if a.csm != nil {
			row.CSMID, row.Version, row.UpdatedAt = a.csm.id, 2, cmp.Or(a.won, a.created)
		}
		out = append(out, row)
	}
	return out
}

// amountIn turns whole USD into minor units of a currency, rounded as people write prices.
func amountIn(c money.Currency, usd int64) int64 {
	n, step := usd, int64(500)
	switch c {
	case "EUR":
		n = usd * 9 / 10
	case "JPY":
		n, step = usd*150, 100_000
	}
	switch {
	case n >= 2_000*step:
		step *= 50
	case n >= 400*step:
		step *= 10
	case n >= 100*step:
		step *= 2
	}
	n = max(n/step, 1) * step
	for range c.Digits() {
		n *= 10
	}
	return n
}
