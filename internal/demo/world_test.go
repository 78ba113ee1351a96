package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/period"
)

var today = time.Date(2026, 8, 19, 15, 4, 5, 0, time.UTC)

func small(t *testing.T, seed uint64, today time.Time) *world {
	t.Helper()
	w, err := newWorld(seed, today, Small)
	require.NoError(t, err)
	return w
}

// fingerprint is a hash over all rows as they are sent to the database.
func (w *world) fingerprint(t *testing.T) string {
	t.Helper()
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, batch := range []any{w.org, w.peopleBatch(), w.crmBatch(), w.histories(0, len(w.deals))} {
		require.NoError(t, enc.Encode(batch))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameSeedSameData(t *testing.T) {
	t.Parallel()
	first := small(t, 1, today).fingerprint(t)
	assert.Equal(t, first, small(t, 1, today).fingerprint(t))
	assert.Equal(t, first, small(t, 1, today.Add(6*time.Hour)).fingerprint(t), "the same day, later")
	assert.NotEqual(t, first, small(t, 2, today).fingerprint(t))
	assert.NotEqual(t, first, small(t, 1, today.AddDate(0, 0, 1)).fingerprint(t))
}

// TestDealsComeInChunks holds that a deal does not depend on which others are generated with it.
func TestDealsComeInChunks(t *testing.T) {
	t.Parallel()
	w := small(t, 1, today)
	whole := w.histories(0, len(w.deals))
	assert.Equal(t, whole[700:900], small(t, 1, today).histories(700, 900))
}

// worlds are days around which calendars are awkward: a leap year, clocks being set, the turn of the year, a weekend.
func worlds(t *testing.T, check func(t *testing.T, w *world)) {
	for i, day := range []time.Time{
		today,
		time.Date(2026, 3, 9, 2, 0, 0, 0, time.UTC),
		time.Date(2028, 2, 29, 23, 59, 0, 0, time.UTC),
		time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 1, 6, 30, 0, 0, time.UTC),
		time.Date(2026, 8, 31, 18, 0, 0, 0, time.UTC),
	} {
		t.Run(day.Format(time.DateOnly), func(t *testing.T) {
			t.Parallel()
			check(t, small(t, uint64(i+1), day))
		})
	}
}

func TestHistories(t *testing.T) {
	t.Parallel()
	worlds(t, func(t *testing.T, w *world) {
		n := 5
		if w.seed == 1 {
			n = 1
		}
		checkHistories(t, w, n)
	})
}

// checkHistories holds every n-th history to what must be true of all.
func checkHistories(t *testing.T, w *world, n int) {
	t.Helper()
	stages := map[id.Stage]*crm.Stage{}
	for _, p := range w.pipelines {
		for i := range p.stages {
			stages[p.stages[i].ID] = &p.stages[i]
		}
	}
	people := map[id.User]*person{}
	for _, p := range w.people {
		people[p.id] = p
	}
	seen := map[id.Deal]bool{}
	for i := range w.deals {
		require.False(t, seen[w.deals[i].id], "two deals with one id")
		seen[w.deals[i].id] = true
		if i%n != 0 {
			continue
		}
		h := w.history(&w.deals[i])
		for i := range h {
			checkVersion(t, w, h, i, stages, people)
		}
		if last := h[len(h)-1]; last.StageKind == crm.Open {
			require.True(t, people[last.OwnerID].left.IsZero(), "%s is open and its owner has left", last.Name)
		}
	}
}

func checkVersion(t *testing.T, w *world, h crm.History, i int, stages map[id.Stage]*crm.Stage, people map[id.User]*person) {
	t.Helper()
	v, last := &h[i], i == len(h)-1
	what := v.Name + ", version " + itoa(i+1)
	require.Equal(t, i+1, v.Version, what)
	require.Equal(t, h[0].ValidFrom, v.CreatedAt, what)
	require.Equal(t, v.ValidFrom, v.UpdatedAt, what)
	require.Equal(t, v.ValidFrom, v.ValidFrom.Truncate(time.Microsecond), what)
	require.True(t, v.ValidFrom.Before(w.end) && !v.ValidFrom.Before(w.start), what)
	local := v.ValidFrom.In(w.zone)
	require.True(t, w.workday(local) && local.Hour() >= 8 && local.Hour() < 18, what)
	if last {
		require.True(t, v.ValidTo.At.IsZero(), what)
	} else {
		require.Equal(t, h[i+1].ValidFrom, v.ValidTo.At, what)
		require.True(t, v.ValidFrom.Before(v.ValidTo.At), what)
	}

	s := stages[v.StageID]
	require.NotNil(t, s, what)
	require.Equal(t, v.PipelineID, s.PipelineID, what)
	require.Equal(t, s.Kind, v.StageKind, what)
	require.Equal(t, s.Probability, v.Probability, what)
	switch v.StageKind {
	case crm.Open:
		require.Nil(t, v.ClosedAt, what)
	default:
		require.True(t, last, "a closed deal goes on: %s", what)
		require.Equal(t, v.ValidFrom, *v.ClosedAt, what)
		require.Equal(t, period.DayOf(*v.ClosedAt, w.zone), v.CloseDate, what)
		require.Equal(t, s.ForecastCategory, v.ForecastCategory, what)
	}
	if v.StageKind == crm.Won {
		require.NotNil(t, v.AmountMinor, what)
	}
	if v.AmountMinor != nil {
		require.Positive(t, *v.AmountMinor, what)
	}

	require.NotNil(t, people[v.OwnerID].at(v.ValidFrom), "the owner was not there: %s", what)
	require.NotNil(t, people[v.ChangedBy].at(v.ValidFrom), "who changed it was not there: %s", what)
	if i == 0 || h[i-1].OwnerID != v.OwnerID {
		at := people[v.OwnerID].at(v.ValidFrom)
		require.Equal(t, at.team.id, v.TeamID, what)
		require.Equal(t, at.territory.id, v.TerritoryID, what)
	} else {
		require.Equal(t, h[i-1].TeamID, v.TeamID, what)
		require.Equal(t, h[i-1].TerritoryID, v.TerritoryID, what)
	}
}

// share is a count as a share of another, in percent.
func share(n, of int) float64 { return 100 * float64(n) / float64(of) }

func TestShape(t *testing.T) {
	t.Parallel()
	worlds(t, func(t *testing.T, w *world) {
		n := map[string]int{}
		var versions int
		for _, h := range w.histories(0, len(w.deals)) {
			countDeal(w, n, h)
			versions += len(h)
		}
		require.Len(t, w.deals, 3_000)
		require.Len(t, w.accounts, 400)
		t.Logf("%v, %d versions", n, versions)
		open := n["OPEN"]
		assert.InDelta(t, 35, share(open, 3_000), 1, "open")
		assert.InDelta(t, 27, share(n["WON"], n["WON"]+n["LOST"]), 2, "win rate")
		assert.InDelta(t, 6, float64(versions)/3_000, 1.5, "versions a deal")
		for _, kind := range []string{"NEW", "EXPANSION", "RENEWAL"} {
			assert.Greater(t, n[kind], 100, kind)
		}
		for _, c := range []string{"EUR", "JPY"} {
			assert.InDelta(t, 6, share(n[c], 3_000), 5.5, c)
		}
		assert.InDelta(t, 20, share(n["slipped"], open), 13, "open and past their close date")
		assert.InDelta(t, 12, share(n["no amount"], open), 8, "open without an amount")
		assert.InDelta(t, 8, share(n["no close date"], open), 7, "open without a close date")
		assert.Greater(t, n["back"], 50, "moved back")
		assert.Greater(t, n["skip"], 100, "skipped a stage")
		assert.Greater(t, n["passed on"], 60, "changed owners")
		assert.InDelta(t, 50, share(n["near quarter end"], n["WON"]+n["LOST"]), 15, "closed in a quarter's last month")
	})
}

func countDeal(w *world, n map[string]int, h crm.History) {
	last := h[len(h)-1]
	n[string(last.StageKind)]++
	n[string(last.Type)]++
	n[string(last.Currency)]++
	if last.StageKind == crm.Open {
		switch {
		case last.CloseDate == "":
			n["no close date"]++
		case last.CloseDate < period.DayOf(w.end, w.zone):
			n["slipped"]++
		}
		if last.AmountMinor == nil {
			n["no amount"]++
		}
	} else if w.quarterEnd(*last.ClosedAt).Sub(*last.ClosedAt) < 31*day {
		n["near quarter end"]++
	}
	position := map[id.Stage]int{}
	for _, s := range w.pipelineOf(last.Type).stages {
		position[s.ID] = s.Position
	}
	for i := 1; i < len(h); i++ {
		switch step := position[h[i].StageID] - position[h[i-1].StageID]; {
		case step < 0:
			n["back"]++
		case step > 1 && h[i].StageKind == crm.Open:
			n["skip"]++
		}
		if h[i].OwnerID != h[i-1].OwnerID {
			n["passed on"]++
		}
	}
}

func TestCustomers(t *testing.T) {
	t.Parallel()
	worlds(t, func(t *testing.T, w *world) {
		first := map[id.Account]crm.DealVersion{}
		for _, h := range w.histories(0, len(w.deals)) {
			last := h[len(h)-1]
			if f, ok := first[last.AccountID]; last.StageKind == crm.Won && (!ok || last.ClosedAt.Before(*f.ClosedAt)) {
				first[last.AccountID] = last
			}
		}
		assert.InDelta(t, 160, len(first), 20)
		for _, a := range w.accountRows() {
			won, customer := first[a.ID]
			require.Equal(t, customer, !a.CSMID.IsZero(), a.Name)
			if customer {
				require.Equal(t, crm.New, won.Type, "the first deal won at %s", a.Name)
			}
		}
		for _, d := range w.deals {
			require.True(t, d.account.created.Before(d.created), "a deal before its account %s", d.account.name)
		}
	})
}

func TestPeople(t *testing.T) {
	t.Parallel()
	w := small(t, 1, today)
	for role, want := range map[access.Role]int{
		access.Sales: 35, access.SalesManager: 7, access.Ops: 3, access.CS: 8, access.Leadership: 3, access.Finance: 3, access.Admin: 2,
	} {
		assert.Len(t, w.withRole(role), want, role)
	}
	assert.Len(t, w.reps(), 34)
	emails := map[string]bool{}
	for _, p := range w.people {
		assert.Regexp(t, `^[a-z-]+\.[a-z]+@northwind\.example$`, p.email())
		assert.False(t, emails[p.email()], p.email())
		emails[p.email()] = true
		if p.name != "Ruth Adler" {
			assert.NotNil(t, p.managerAt(p.stints[len(p.stints)-1].from), "%s reports to nobody", p.name)
		}
	}
}

func TestLargeHasTheSameShape(t *testing.T) {
	t.Parallel()
	w, err := newWorld(1, today, Large)
	require.NoError(t, err)
	assert.Len(t, w.deals, 50_000)
	names := map[string]bool{}
	for _, a := range w.accounts {
		require.False(t, names[a.name], a.name)
		names[a.name] = true
	}
	checkHistories(t, w, 20)
}
