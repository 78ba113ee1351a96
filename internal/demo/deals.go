package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

func itoa(n int) string { return strconv.Itoa(n) }

// histories are whole deals with all their versions, from one number up to another.
func (w *world) histories(from, to int) []crm.History {
	out := make([]crm.History, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, w.history(&w.deals[i]))
	}
	return out
}

// teller tells one deal's story: it keeps the deal as it stands and writes a version after each step.
type teller struct {
	w     *world
	r     *rand.Rand
	plan  *dealPlan
	pipe  *pipeline
	owner *person
	stage int // of the pipeline, from 0
	deal  crm.Deal
	out   crm.History

	usd, recurring int64 // the amount in USD, and the percentage of it that recurs
}

func (w *world) history(d *dealPlan) crm.History {
	t := &teller{w: w, r: w.rand("deal", d.n), plan: d, pipe: w.pipelineOf(d.kind)}
	end := d.closed
	if end.IsZero() {
		end = t.lastTouch()
	}
	t.begin()
	steps := t.script()
	at := w.moments(t.r, d.created, end, len(steps))
	for i, now := range at {
		t.handOver(now)
		steps[i](now)
	}
	if d.closed.IsZero() {
		t.handOver(t.w.end)
		return t.out
	}
	t.handOver(end)
	t.close()
	return t.out
}

// lastTouch is until when an open deal was worked on: some have been left lying.
func (t *teller) lastTouch() time.Time {
	idle := 0
	if chance(t.r, 25) {
		idle = between(t.r, 15, 60)
	}
	if end := t.w.end.Add(-time.Duration(idle) * day); end.After(t.plan.created) {
		return end
	}
	return t.w.end
}

// begin writes the first version.
func (t *teller) begin() {
	d, a := t.plan, t.plan.account
	t.deal = crm.Deal{
		ID: d.id, Name: t.name(), Type: d.kind, AccountID: a.id, PipelineID: t.pipe.ID, Currency: a.currency, CreatedAt: d.created,
	}
	t.own(t.w.repFor(t.r, a, d.created), d.created)
	t.enter(0)
	if d.kind == crm.Renewal || chance(t.r, 50) {
		t.setAmount()
	}
	if d.kind == crm.Renewal || chance(t.r, 70) {
		t.setCloseDate(d.created)
	}
	if chance(t.r, 60) {
		t.setNextStep()
	}
	t.save(d.created, t.owner)
}

func (t *teller) name() string {
	a := t.plan.account
	switch t.plan.kind {
	case crm.Renewal:
		return a.name + ": renewal " + itoa(t.plan.created.Add(90*day).In(t.w.zone).Year())
	case crm.Expansion:
		return a.name + ": " + pick(t.r, expansions)
	}
	return fmt.Sprintf("%s: %s for the %s", a.name, pick(t.r, products), pick(t.r, a.industry.sites))
}

// script is what happens to the deal between its beginning and its close: the moves in order, other changes among them.
func (t *teller) script() []func(time.Time) {
	var steps []func(time.Time)
	for _, stage := range t.path() {
		steps = append(steps, func(at time.Time) { t.move(stage, at) })
	}
	changes := pick(t.r, []int{1, 1, 2, 2, 3, 4})
	if t.plan.outcome == crm.Open && t.w.end.Sub(t.plan.created) > 90*day {
		changes++
	}
	for range changes {
		steps = slices.Insert(steps, t.r.IntN(len(steps)+1), t.change)
	}
	if chance(t.r, 5) {
		steps = slices.Insert(steps, t.r.IntN(len(steps)+1), t.reassign)
	}
	return steps
}

// path is the open stages that the deal goes through after its first: one by one as a rule, sometimes one is skipped,
// sometimes the deal moves back before it goes on.
func (t *teller) path() []int {
	var out []int
	for stage, last := 0, t.farthest(); stage < last; {
		step := 1
		if stage+2 <= last && chance(t.r, 10) {
			step = 2
		}
		stage += step
		out = append(out, stage)
		if stage >= 2 && chance(t.r, 5) {
			out = append(out, stage-1, stage)
		}
	}
	return out
}

// farthest is the last open stage that the deal reaches.
func (t *teller) farthest() int {
	last := t.pipe.opens() - 1
	switch t.plan.outcome {
	case crm.Won:
		return last
	case crm.Lost:
		return weighted(t.r, []int{18, 26, 26, 18, 12}[:last+1])
	}
	age := int(t.w.end.Sub(t.plan.created) / day)
	for stage := 0; stage < last; stage++ {
		if age < between(t.r, 8, 34)*(stage+1) || chance(t.r, 14) {
			return stage
		}
	}
	return last
}

// enter puts the deal in a stage, which brings its probability and forecast category.
func (t *teller) enter(stage int) {
	s := &t.pipe.stages[stage]
	t.stage, t.deal.StageID, t.deal.StageKind = stage, s.ID, s.Kind
	t.deal.Probability, t.deal.ForecastCategory = s.Probability, s.ForecastCategory
}

// own makes somebody the owner; the deal's team and territory become theirs of that moment.
func (t *teller) own(p *person, at time.Time) {
	s := p.at(at)
	t.owner, t.deal.OwnerID, t.deal.TeamID, t.deal.TerritoryID = p, p.id, s.team.id, s.territory.id
}

// save writes the deal as it stands as a version, unless nothing has changed.
func (t *teller) save(at time.Time, by *person) {
	client := "web"
	if chance(t.r, 15) {
		client = "mobile"
	}
	n := len(t.out)
	if n > 0 {
		last := &t.out[n-1]
		if trackedOf(&last.Deal) == trackedOf(&t.deal) {
			return
		}
		last.ValidTo = pg.Until{At: at}
	}
	t.deal.Version, t.deal.UpdatedAt = n+1, at
	t.out = append(t.out, crm.DealVersion{Deal: t.deal, ValidFrom: at, ChangedBy: by.id, Client: &client})
}

// tracked is what makes a version when it changes. Values behind pointers are replaced only when they differ.
type tracked struct {
	stage    id.Stage
	owner    id.User
	amount   *int64
	close    period.Day
	forecast string
	next     *string
}

func trackedOf(d *crm.Deal) tracked {
	return tracked{d.StageID, d.OwnerID, d.AmountMinor, d.CloseDate, d.ForecastCategory, d.NextStep}
}

// close writes the last version of a won or lost deal.
func (t *teller) close() {
	at := t.plan.closed
	if t.plan.outcome == crm.Won {
		if t.deal.AmountMinor == nil {
			t.setAmount()
		}
		t.enter(t.pipe.opens())
	} else {
		t.enter(t.pipe.opens() + 1)
	}
	t.deal.CloseDate, t.deal.ClosedAt, t.deal.NextStep = period.DayOf(at, t.w.zone), &at, nil
	t.save(at, t.owner)
}
