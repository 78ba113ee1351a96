package demo

import (
	"slices"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/period"
)

// move puts the deal in another open stage. What is not known by then is asked for on the way.
func (t *teller) move(stage int, at time.Time) {
	t.enter(stage)
	if t.deal.AmountMinor == nil && (stage >= 2 || chance(t.r, 50)) {
		t.setAmount()
	}
	if t.deal.CloseDate == "" && (stage >= 2 || chance(t.r, 65)) {
		t.setCloseDate(at)
	}
	if chance(t.r, 70) {
		t.setNextStep()
	}
	t.slip(at)
	t.save(at, t.editor(at))
}

// change is an edit without a move.
func (t *teller) change(at time.Time) {
	switch {
	case t.deal.AmountMinor == nil && chance(t.r, 40):
		t.setAmount()
	case t.deal.AmountMinor != nil && chance(t.r, 35):
		t.reprice()
	case t.deal.CloseDate == "" && chance(t.r, 40):
		t.setCloseDate(at)
	case t.stage > 0 && chance(t.r, 20):
		t.callForecast()
	default:
		t.setNextStep()
	}
	t.slip(at)
	t.save(at, t.editor(at))
}

// editor is who makes a change: the owner mostly, now and then their manager or Ops.
func (t *teller) editor(at time.Time) *person {
	switch n := t.r.IntN(100); {
	case n < 5:
		if m := t.owner.managerAt(at); m != nil {
			return m
		}
	case n < 8:
		return pick(t.r, t.w.withRole(access.Ops))
	}
	return t.owner
}

// What a new deal is worth, in USD. Expansions and renewals are a part of it.
var dealValues = quantiles{
	6_000, 12_000, 16_000, 21_000, 26_000, 31_000, 36_000, 41_000, 47_000, 53_000, 60_000,
	69_000, 79_000, 91_000, 105_000, 123_000, 147_000, 182_000, 240_000, 350_000, 1_500_000,
}

// setAmount values the deal, and says what share of it recurs, if any does.
func (t *teller) setAmount() {
	t.usd = dealValues.draw(t.r)
	switch t.plan.kind {
	case crm.Renewal:
		t.usd, t.recurring = t.usd*60/100, 100
	case crm.Expansion:
		t.usd = t.usd * 45 / 100
	}
	if t.owner.team == midMarket {
		t.usd = t.usd * 55 / 100
	}
	if t.plan.kind != crm.Renewal && chance(t.r, 75) {
		t.recurring = int64(between(t.r, 25, 65))
	}
	t.usd = max(t.usd*int64(70+15*t.owner.skill)/100, 2_000)
	t.price()
}

// reprice changes the amount: down somewhat more often than up.
func (t *teller) reprice() {
	t.usd = t.usd * int64(between(t.r, 70, 125)) / 100
	t.price()
}

func (t *teller) price() {
	amount, part := amountIn(t.deal.Currency, t.usd), amountIn(t.deal.Currency, t.usd*t.recurring/100)
	if t.deal.AmountMinor != nil && *t.deal.AmountMinor == amount {
		return
	}
	t.deal.AmountMinor = &amount
	if t.recurring > 0 {
		t.deal.RecurringMinor = &part
	}
}

// callForecast sets the forecast category by hand, off the stage's.
func (t *teller) callForecast() {
	t.deal.ForecastCategory = pick(t.r, []string{"PIPELINE", "BEST_CASE", "COMMIT"})
}

func (t *teller) setNextStep() {
	text := pick(t.r, t.pipe.steps[t.stage])
	if t.deal.NextStep == nil || *t.deal.NextStep != text {
		t.deal.NextStep = &text
	}
}

// setCloseDate is the owner's guess, hopeful for deals that will close, and a plain guess for the others.
func (t *teller) setCloseDate(at time.Time) {
	guess := at.Add(time.Duration(between(t.r, 30, 130)) * day)
	if !t.plan.closed.IsZero() {
		left := int64(t.plan.closed.Sub(at))
		guess = at.Add(time.Duration(left / 100 * int64(between(t.r, 60, 115))))
	}
	t.deal.CloseDate = period.DayOf(t.w.onDay(t.r, guess), t.w.zone)
}

// slip moves a close date that has come near to a later day; some owners leave it in the past.
func (t *teller) slip(at time.Time) {
	near := period.DayOf(at.Add(4*day), t.w.zone)
	if t.deal.CloseDate == "" || t.deal.CloseDate > near || chance(t.r, 25) {
		return
	}
	t.deal.CloseDate = period.DayOf(t.w.onDay(t.r, at.Add(time.Duration(between(t.r, 12, 60))*day)), t.w.zone)
}

// reassign gives the deal to a colleague of the territory, by the manager.
func (t *teller) reassign(at time.Time) {
	by := t.owner.managerAt(at)
	colleagues := slices.DeleteFunc(t.w.repsFor(t.plan.account, at), func(p *person) bool { return p == t.owner })
	if len(colleagues) == 0 || by == nil {
		return
	}
	t.own(pick(t.r, colleagues), at)
	t.save(at, by)
}

// handOver passes a deal on before its owner leaves, by the manager, who knows some days ahead. It does nothing unless
// that day has come.
func (t *teller) handOver(now time.Time) {
	if t.owner.left.IsZero() || now.Before(t.owner.left.Add(-handover)) {
		return
	}
	at := t.w.onDay(t.r, t.owner.left.Add(-time.Duration(between(t.r, 5, 9))*day))
	if now.Before(at) {
		at = now.Add(-time.Microsecond)
	}
	by := t.owner.managerAt(at)
	t.own(t.w.repFor(t.r, t.plan.account, at), at)
	t.save(at, by)
}
