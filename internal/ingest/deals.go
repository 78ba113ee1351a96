package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

// dealsPerLoad bounds the deals held as versions at one time; progress moves by as many.
const dealsPerLoad = 1000

// client is what a version says it came through.
const client = "import"

// loadDeals makes the deals that are new, some at a time.
func (r *run) loadDeals(ctx context.Context) error {
	externalIDs := make([]string, len(r.plan.deals))
	for i, d := range r.plan.deals {
		externalIDs[i] = d.external
	}
	known, err := r.existing(ctx, "deal", externalIDs)
	if err != nil {
		return err
	}
	var n dealNotes
	for start := 0; start < len(r.plan.deals); start += dealsPerLoad {
		rows := r.plan.deals[start:min(start+dealsPerLoad, len(r.plan.deals))]
		if err := r.crm.Load(ctx, r.tx, r.by, r.dealBatch(rows, known, &n)); err != nil {
			return err
		}
		r.progress(len(rows))
	}
	if n.dated > 0 {
		r.sum.note("The earliest deal began on %s; people, teams and territories made here are valid from that day on.", period.DayOf(r.since, r.zone))
	}
	if n.undated > 0 {
		r.sum.note("%s without any date: they began at the moment of this import.", plural(n.undated, "deal"))
	}
	if n.teamless > 0 {
		r.sum.note("%s without a team: their owner was in none when they began.", plural(n.teamless, "deal"))
	}
	return nil
}

// dealNotes count what the summary says about the deals made.
type dealNotes struct{ dated, undated, teamless int }

func (r *run) dealBatch(rows []*dealRow, known map[string]id.UUID, n *dealNotes) crm.Batch {
	var b crm.Batch
	count := r.sum.count("deal")
	for _, row := range rows {
		if _, exists := known[row.external]; exists {
			count.Existing++
			continue
		}
		h, ok := r.history(row)
		if !ok {
			continue
		}
		count.Created++
		b.Histories = append(b.Histories, h)
		b.ExternalIDs = append(b.ExternalIDs, r.externalID("deal", h[0].ID.UUID, row.external))
		if len(row.versions) > 0 {
			n.dated++
		} else {
			n.undated++
		}
		if h[0].TeamID.IsZero() {
			n.teamless++
		}
	}
	return b
}

// history makes the deal's versions; it tells false when the row had to be rejected.
func (r *run) history(row *dealRow) (crm.History, bool) {
	account, why := r.accounts.find(row.accountBy, row.account)
	if why != "" {
		r.reject(row.place, "account", why)
		return nil, false
	}
	owner, why := r.users.find(row.ownerBy, row.owner)
	if why != "" {
		r.reject(row.place, "owner", why)
		return nil, false
	}
	moments := r.moments(row)
	if last := len(moments) - 1; moments[last].After(r.now) {
		r.reject(row.place, row.versions[last].column, fmt.Sprintf("%s lies in the future, and history is past", row.versions[last].day))
		return nil, false
	}
	placement := r.directory.PlacementOf(id.User{UUID: owner}, moments[0])
	deal := crm.Deal{
		ID: id.Deal{UUID: id.New()}, Name: row.name, Type: row.kind, AccountID: id.Account{UUID: account},
		OwnerID: id.User{UUID: owner}, TeamID: placement.Team, TerritoryID: placement.Territory,
		PipelineID: r.pipeline, Currency: row.currency, CreatedAt: moments[0],
	}
	h := make(crm.History, len(moments))
	for i, at := range moments {
		v := &h[i]
		v.Deal = deal
		v.Version, v.UpdatedAt, v.ValidFrom = i+1, at, at
		v.ChangedBy, v.ChangedByToken, v.History = r.by.User, r.by.Token, true
		c := client
		v.Client = &c
		if i > 0 {
			h[i-1].ValidTo = pg.Until{At: at}
			v.ClosedAt = h[i-1].ClosedAt
		}
		r.setState(&v.Deal, row, i, at)
	}
	return h, true
}

// moments are when the versions begin: each at the start of its day in the org's zone, and later than the one before
// by at least a microsecond, the least that the database tells apart. A deal without a date begins now.
func (r *run) moments(row *dealRow) []time.Time {
	if len(row.versions) == 0 {
		return []time.Time{r.now}
	}
	out := make([]time.Time, len(row.versions))
	for i, v := range row.versions {
		out[i] = v.day.Start(r.zone).UTC()
		if i > 0 && !out[i].After(out[i-1]) {
			out[i] = out[i-1].Add(time.Microsecond)
		}
	}
	return out
}

// setState gives the deal what it held in its i-th version: its stage, and what was known by then.
func (r *run) setState(d *crm.Deal, row *dealRow, i int, at time.Time) {
	stage, unknown := row.stage, []string(nil)
	if len(row.versions) > 0 {
		stage, unknown = row.versions[i].stage, row.versions[i].unknown
	}
	s := r.stages[stage.Key]
	d.StageID, d.StageKind, d.ForecastCategory, d.Probability = s.ID, s.Kind, s.ForecastCategory, s.Probability
	d.AmountMinor, d.RecurringMinor, d.CloseDate, d.NextStep = row.amount, row.recurring, row.closeDate, row.nextStep
	for _, field := range unknown {
		switch field {
		case "amount":
			d.AmountMinor = nil
		case "recurringAmount":
			d.RecurringMinor = nil
		case "closeDate":
			d.CloseDate = ""
		case "nextStep":
			d.NextStep = nil
		}
	}
	if s.Kind == crm.Open {
		d.ClosedAt = nil
		return
	}
	if d.ClosedAt == nil {
		d.ClosedAt = &at
	}
	if d.CloseDate == "" {
		d.CloseDate = period.DayOf(*d.ClosedAt, r.zone)
	}
}
