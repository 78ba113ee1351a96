package demo

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
)

// dealPlan is what becomes of a deal; its history is drawn from it when it is needed.
type dealPlan struct {
	id      id.Deal
	n       int // the stream that its history is drawn from
	kind    crm.DealType
	account *account
	outcome crm.StageKind
	created time.Time
	closed  time.Time // zero: open
}

// Of 1000 deals.
const (
	openOf1000 = 350
	wonOf1000  = 175
)

// Of 100 lost or open deals, those that would have made a customer buy more.
const (
	lostExpansions = 21
	openExpansions = 27
)

// quota is how many deals of each outcome are still to be planned.
type quota struct{ won, lost, open int }

// planDeals plans customers first, whose first win is what all their other deals follow, and fills up with what did not
// become one. Deals are then put in the order in which they began.
func (w *world) planDeals() {
	total := w.size.deals()
	q := &quota{won: total * wonOf1000 / 1000, open: total * openOf1000 / 1000}
	q.lost = total - q.won - q.open
	customers, prospects := w.planCustomers(q)
	w.planRenewals(q, customers)
	w.planExpansions(q, customers)
	w.planProspects(q, prospects)
	slices.SortStableFunc(w.deals, func(a, b dealPlan) int { return a.created.Compare(b.created) })
	for i := range w.deals {
		d := &w.deals[i]
		d.n, d.id = i, id.Deal{UUID: w.id(d.created, "deal/"+itoa(i))}
	}
}

// planCustomers lets accounts of good sellers win their first deal, most of them early in the period. It tells the
// customers by that day, and the accounts that are none.
func (w *world) planCustomers(q *quota) (customers, prospects []*account) {
	r := w.rand("customers", 0)
	all := slices.Clone(w.accounts)
	luck := make([]int, len(all))
	for i, a := range all {
		luck[i] = r.IntN(100) * (1 + 2*a.owner.skill)
	}
	slices.SortStableFunc(all, func(a, b *account) int { return luck[b.n] - luck[a.n] })
	n := len(all) * customersOf100 / 100
	customers, prospects = all[:n], all[n:]
	for _, a := range customers {
		days := int(w.end.Sub(w.start)/day) - 40
		latest := 40 + min(r.IntN(days), r.IntN(days))
		d := w.closedDeal(r, crm.New, crm.Won, a, w.start.Add(30*day), w.start.Add(time.Duration(latest+40)*day))
		a.won = d.closed
		w.deals = append(w.deals, d)
		q.won--
	}
	slices.SortStableFunc(customers, func(a, b *account) int { return a.won.Compare(b.won) })
	return customers, prospects
}

// cycles are the days from the beginning of a deal to its close.
var cycles = quantiles{20, 30, 38, 46, 55, 65, 78, 95, 118, 150}

func (w *world) closedDeal(r *rand.Rand, kind crm.DealType, outcome crm.StageKind, a *account, from, to time.Time) dealPlan {
	if to.After(w.end) {
		to = w.end
	}
	closed := w.closing(r, from, to)
	room := int64(closed.Sub(w.start)/day) - 4
	cycle := min(cycles.draw(r), room)
	created := w.onDay(r, closed.Add(-time.Duration(cycle)*day))
	return dealPlan{kind: kind, outcome: outcome, account: a, created: created, closed: closed}
}

// ages are the days since open deals began: most are young, some drag on.
var ages = quantiles{1, 6, 13, 21, 30, 40, 52, 68, 90, 125, 260}

func (w *world) openDeal(r *rand.Rand, kind crm.DealType, a *account) dealPlan {
	return dealPlan{kind: kind, outcome: crm.Open, account: a, created: w.before(r, w.end.Add(-time.Duration(ages.draw(r)-1)*day), 2)}
}

// planRenewals follows contracts of half a year or a year to their end, and further while they are renewed.
func (w *world) planRenewals(q *quota, customers []*account) {
	for _, a := range customers {
		r := w.rand("renewals", a.n)
		term := pick(r, []time.Duration{182 * day, 182 * day, 365 * day})
		for due := a.won.Add(term); ; due = due.Add(term) {
			created := w.onDay(r, due.Add(-time.Duration(between(r, 50, 110))*day))
			if !created.Before(w.end) {
				break
			}
			d := dealPlan{kind: crm.Renewal, outcome: crm.Open, account: a, created: created}
			closed := w.onDay(r, due.Add(time.Duration(between(r, -25, 12))*day))
			switch {
			case !closed.Before(w.end):
				q.open--
			case chance(r, 72+4*a.owner.skill):
				d.outcome, d.closed = crm.Won, closed
				q.won--
			default:
				d.outcome, d.closed = crm.Lost, closed
				a.churned = closed
				q.lost--
			}
			w.deals = append(w.deals, d)
			if d.outcome != crm.Won {
				break
			}
		}
	}
}

// planExpansions sells more to customers, while they are customers; good sellers succeed more often.
func (w *world) planExpansions(q *quota, customers []*account) {
	r := w.rand("expansions", 0)
	lost, open := q.lost*lostExpansions/100, q.open*openExpansions/100
	for range q.won {
		w.deals = append(w.deals, w.expansion(r, customers, crm.Won))
	}
	for range lost {
		w.deals = append(w.deals, w.expansion(r, customers, crm.Lost))
	}
	for range open {
		w.deals = append(w.deals, w.expansion(r, customers, crm.Open))
	}
	q.won, q.lost, q.open = 0, q.lost-lost, q.open-open
}

// expansion draws the deal first and then a customer of that time whose owner it suits.
func (w *world) expansion(r *rand.Rand, customers []*account, outcome crm.StageKind) dealPlan {
	for {
		var d dealPlan
		if outcome == crm.Open {
			d = w.openDeal(r, crm.Expansion, nil)
		} else {
			d = w.closedDeal(r, crm.Expansion, outcome, nil, w.start.Add(80*day), w.end)
		}
		n, _ := slices.BinarySearchFunc(customers, d.created, func(a *account, t time.Time) int { return a.won.Compare(t) })
		if n == 0 {
			continue
		}
		a := customers[r.IntN(n)]
		if (a.churned.IsZero() || a.churned.After(d.created)) && suits(r, a.owner, outcome) {
			d.account = a
			return d
		}
	}
}

// suits makes won deals more and lost deals less likely the better somebody sells.
func suits(r *rand.Rand, p *person, outcome crm.StageKind) bool {
	switch outcome {
	case crm.Won:
		return r.IntN(3) < p.skill
	case crm.Lost:
		return r.IntN(4) < 5-p.skill
	}
	return true
}

// planProspects fills up with deals that are lost or open at accounts that never bought, and with earlier attempts at
// some that did.
func (w *world) planProspects(q *quota, prospects []*account) {
	r := w.rand("prospects", 0)
	for q.lost > 0 {
		d := w.closedDeal(r, crm.New, crm.Lost, pick(r, w.accounts), w.start.Add(21*day), w.end)
		if (d.account.won.IsZero() || d.closed.Before(d.account.won.Add(-45*day))) && suits(r, d.account.owner, crm.Lost) {
			w.deals = append(w.deals, d)
			q.lost--
		}
	}
	for range q.open {
		w.deals = append(w.deals, w.openDeal(r, crm.New, pick(r, prospects)))
	}
}
