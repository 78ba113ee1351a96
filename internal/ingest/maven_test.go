package ingest_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/ingest"
)

// records reads a file by itself, without anything of the importer: a map per row, by column.
func records(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var out []map[string]string
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[strings.TrimPrefix(all[0][i], "\ufeff")] = c
		}
		out = append(out, row)
	}
	return out
}

// wonBy sums the file's won amounts by a column of the reps' file.
func wonBy(t *testing.T, dir, column string) map[string]int64 {
	t.Helper()
	of := map[string]string{}
	for _, r := range records(t, filepath.Join(dir, "sales_teams.csv")) {
		of[r["sales_agent"]] = r[column]
	}
	sums := map[string]int64{}
	for _, r := range records(t, filepath.Join(dir, "sales_pipeline.csv")) {
		if r["deal_stage"] == "Won" {
			n, err := strconv.ParseInt(r["close_value"], 10, 64)
			require.NoError(t, err)
			sums[of[r["sales_agent"]]] += n * 100
		}
	}
	return sums
}

func (w *world) sums(query string) map[string]int64 {
	w.t.Helper()
	var rows []struct {
		Name string `db:"name"`
		Sum  int64  `db:"sum"`
	}
	w.read(&rows, query)
	out := map[string]int64{}
	for _, r := range rows {
		out[r.Name] = r.Sum
	}
	return out
}

func TestMaven(t *testing.T) {
	t.Parallel()
	m, dir := maven(t)
	w := newWorld(t)
	before := w.rows()
	p := ingest.Params{Mapping: m, Paths: []string{dir}, History: true}

	dry := p
	dry.DryRun = true
	s := w.run(dry)
	assert.Equal(t, 8800, s.Count("deal").Created)
	assert.Equal(t, before, w.rows(), "a dry run leaves nothing")

	var calls, last int
	p.Progress = func(done, total int) {
		assert.GreaterOrEqual(t, done, last)
		assert.Equal(t, 35+85+8800, total)
		last = done
		calls++
	}
	start := time.Now()
	s = w.run(p)
	t.Logf("imported in %s\n%s", time.Since(start).Round(time.Millisecond), s)
	assert.Equal(t, 35+85+8800, last)
	assert.Greater(t, calls, 5)
	p.Progress = nil

	checkSummary(t, s)

	t.Run("figures", func(t *testing.T) { checkFigures(t, w, dir) })
	t.Run("deals", func(t *testing.T) { checkDeals(t, w, dir) })
	t.Run("accounts", func(t *testing.T) { checkAccounts(t, w, dir) })
	t.Run("people", func(t *testing.T) { checkPeople(t, w, dir) })

	t.Run("twice", func(t *testing.T) {
		rows := w.rows()
		again := w.run(p)
		assert.Zero(t, again.Created())
		assert.Equal(t, 8800, again.Count("deal").Existing)
		assert.Equal(t, 41, again.Count("user").Existing)
		assert.Contains(t, again.String(), "Nothing new")
		assert.Equal(t, rows, w.rows())
	})
	t.Run("US dates", func(t *testing.T) {
		us := *w
		us.t, us.by = t, access.Operator(w.newOrg("us-dates"))
		s := us.run(ingest.Params{Mapping: m, Paths: []string{filepath.Join(dir, "sales_pipeline.us_dates.csv")}, History: true})
		assert.Contains(t, s.String(), "sales_pipeline.us_dates.csv: dates read as MM/DD/YYYY, proven by")
		assert.Equal(t, []string{"sales_teams.csv", "accounts.csv", "sales_pipeline.us_dates.csv"}, s.Files)
		want, got := w.deals(), us.deals()
		require.Len(t, got, 8800)
		assert.Equal(t, want, got)
	})
	t.Run("another org sees nothing", func(t *testing.T) {
		other := *w
		other.t, other.by = t, access.Operator(w.newOrg("other"))
		for table, n := range other.rows() {
			assert.Zero(t, n, table)
		}
	})
}

func checkSummary(t *testing.T, s ingest.Summary) {
	assert.Equal(t, []ingest.Count{
		{Entity: "pipeline", Read: 1, Created: 1}, {Entity: "stage", Read: 4, Created: 4},
		{Entity: "territory", Read: 3, Created: 3}, {Entity: "team", Read: 6, Created: 6},
		{Entity: "user", Read: 41, Created: 41}, {Entity: "account", Read: 85, Created: 85},
		{Entity: "deal", Read: 8800, Created: 8800},
	}, s.Counts)
	assert.Empty(t, s.Rejected)
	assert.Contains(t, s.Aliases, ingest.AliasUse{File: "sales_pipeline.csv", Column: "product", From: "GTXPro", To: "GTX Pro", Cells: 1480})
	assert.Contains(t, s.String(), "500 deals without any date")
}

// checkFigures compares totals with the file's own, by region, manager, rep and stage.
func checkFigures(t *testing.T, w *world, dir string) {
	stages := map[string]int64{}
	for _, r := range records(t, filepath.Join(dir, "sales_pipeline.csv")) {
		stages[r["deal_stage"]]++
	}
	assert.Equal(t, map[string]int64{"Won": 4238, "Lost": 2473, "Engaging": 1589, "Prospecting": 500}, stages)
	assert.Equal(t, stages, w.sums(`
		select s.name, count(*) as sum
		  from deal d
		  join stage s on s.id = d.stage_id
		 group by s.name`))

	regions := wonBy(t, dir, "regional_office")
	var total int64
	for _, sum := range regions {
		total += sum
	}
	assert.EqualValues(t, 10_005_534_00, total)
	assert.Len(t, regions, 3)
	assert.Equal(t, regions, w.sums(`
		select r.name, sum(d.amount)::bigint as sum
		  from deal d
		  join territory r on r.id = d.territory_id
		 where d.stage_kind = 'WON'
		 group by r.name`))

	managers := wonBy(t, dir, "manager")
	assert.Len(t, managers, 6)
	assert.Equal(t, managers, w.sums(`
		select u.name, sum(d.amount)::bigint as sum
		  from deal d
		  join team t on t.id = d.team_id
		  join app_user u on u.id = t.manager_id
		 where d.stage_kind = 'WON'
		   and t.name = u.name || '''s team'
		 group by u.name`))
	assert.Equal(t, wonBy(t, dir, "sales_agent"), w.sums(`
		select u.name, sum(d.amount)::bigint as sum
		  from deal d
		  join app_user u on u.id = d.owner_id
		 where d.stage_kind = 'WON'
		 group by u.name`))
	t.Logf("won by region %v, by manager %v", regions, managers)
	assert.EqualValues(t, 1425, w.count(`select count(*) from deal where account_id is null and stage_kind = 'OPEN'`))
	assert.EqualValues(t, 2089, w.count(`select count(*) from deal where stage_kind = 'OPEN' and amount is null and close_date is null`))
	assert.EqualValues(t, 2473, w.count(`select count(*) from deal where stage_kind = 'LOST' and amount = 0`))
}

type dealRow struct {
	External, Name    string
	Owner             string
	Account, Product  *string
	Stage             string
	Amount            *int64
	CloseDate         *string `db:"close_date"`
	Versions          int
	FirstStage        string     `db:"first_stage"`
	FirstAmount       *int64     `db:"first_amount"`
	FirstClose        *time.Time `db:"first_close"`
	First             time.Time
	LastFrom          time.Time  `db:"last_from"`
	ClosedAt          *time.Time `db:"closed_at"`
	CreatedAt         time.Time  `db:"created_at"`
	UpdatedAt         time.Time  `db:"updated_at"`
	Visits            int
	AllHistory        bool `db:"all_history"`
	PlacedAsOwner     bool `db:"placed_as_owner"`
	CurrentIsTheDeals bool `db:"current_is_the_deals"`
}

// deals reads every deal with what its versions say, by external id.
func (w *world) deals() map[string]dealRow {
	w.t.Helper()
	var rows []dealRow
	w.read(&rows, `
		select x.external_id as external, d.name, u.name as owner, a.name as account, s.name as stage, d.amount,
		       d.close_date::text as close_date, d.closed_at, d.created_at, d.updated_at,
		       l.version as versions, fs.name as first_stage, f.amount as first_amount, f.closed_at as first_close,
		       f.valid_from as first, l.valid_from as last_from,
		       (select count(*) from stage_visit v where v.deal_id = d.id) as visits,
		       f.history and l.history as all_history,
		       coalesce(r.team_id = d.team_id and ta.territory_id = d.territory_id, false) as placed_as_owner,
		       (l.stage_id, l.amount, l.close_date, l.closed_at) is not distinct from (d.stage_id, d.amount, d.close_date, d.closed_at)
		         as current_is_the_deals
		  from deal d
		  join external_id x on x.entity = 'deal' and x.entity_id = d.id and x.system = 'maven'
		  join app_user u on u.id = d.owner_id
		  join stage s on s.id = d.stage_id
		  join deal_version f on f.id = d.id and f.version = 1
		  join deal_version l on l.id = d.id and l.valid_to = 'infinity'
		  join stage fs on fs.id = f.stage_id
		  left join account a on a.id = d.account_id
		  left join reporting_line r on r.user_id = d.owner_id and r.valid_from <= f.valid_from and r.valid_to > f.valid_from
		  left join territory_assignment ta
		         on ta.user_id = d.owner_id and ta.valid_from <= f.valid_from and ta.valid_to > f.valid_from`)
	out := map[string]dealRow{}
	for _, r := range rows {
		out[r.External] = r
	}
	return out
}

// checkDeals compares every deal with its row.
func checkDeals(t *testing.T, w *world, dir string) {
	got := w.deals()
	newYork, err := time.LoadLocation(zone)
	require.NoError(t, err)
	start := func(day string) time.Time {
		at, err := time.ParseInLocation(time.DateOnly, day, newYork)
		require.NoError(t, err)
		return at.UTC()
	}
	rows := records(t, filepath.Join(dir, "sales_pipeline.csv"))
	require.Len(t, got, len(rows))
	for _, r := range rows {
		key := r["opportunity_id"]
		d := got[key]
		name := strings.Replace(r["product"], "GTXPro", "GTX Pro", 1)
		if r["account"] != "" {
			name += " – " + r["account"]
			require.NotNil(t, d.Account, key)
			require.Equal(t, r["account"], *d.Account, key)
		} else {
			require.Nil(t, d.Account, key)
		}
		require.Equal(t, []any{name, r["sales_agent"], r["deal_stage"]}, []any{d.Name, d.Owner, d.Stage}, key)
		require.True(t, d.AllHistory && d.PlacedAsOwner && d.CurrentIsTheDeals, key)
		require.True(t, d.CreatedAt.Equal(d.First) && d.UpdatedAt.Equal(d.LastFrom), key)
		switch {
		case r["close_date"] != "":
			amount, err := strconv.ParseInt(r["close_value"], 10, 64)
			require.NoError(t, err)
			require.Equal(t, []any{2, 2, "Engaging", amount * 100, r["close_date"]}, []any{d.Versions, d.Visits, d.FirstStage, *d.Amount, *d.CloseDate}, key)
			require.True(t, d.FirstAmount == nil && d.FirstClose == nil, key)
			require.True(t, d.First.Equal(start(r["engage_date"])) && d.LastFrom.Equal(start(r["close_date"])) && d.ClosedAt.Equal(d.LastFrom), key)
		case r["engage_date"] != "":
			require.Equal(t, []any{1, 1, "Engaging"}, []any{d.Versions, d.Visits, d.FirstStage}, key)
			require.True(t, d.First.Equal(start(r["engage_date"])) && d.ClosedAt == nil && d.Amount == nil && d.CloseDate == nil, key)
		default:
			require.True(t, d.First.Equal(now) && d.Versions == 1 && d.FirstStage == "Prospecting" && d.Amount == nil, key)
		}
	}
}

func checkAccounts(t *testing.T, w *world, dir string) {
	var got []struct {
		Name      string
		Industry  string
		Country   string
		Employees int64
		Revenue   int64
		Parent    *string
	}
	w.read(&got, `
		select a.name, a.industry, a.country, a.employees, a.annual_revenue as revenue, p.name as parent
		  from account a
		  left join account p on p.id = a.parent_id
		 order by a.name collate "C"`)
	by := map[string]int{}
	for i, a := range got {
		by[a.Name] = i
	}
	rows := records(t, filepath.Join(dir, "accounts.csv"))
	require.Len(t, got, len(rows))
	for _, r := range rows {
		a := got[by[r["account"]]]
		whole, part, _ := strings.Cut(r["revenue"], ".")
		cents, err := strconv.ParseInt(whole+(part + "00000000")[:8], 10, 64) // millions with up to two decimals, in cents
		require.NoError(t, err)
		assert.Equal(t, cents, a.Revenue, a.Name)
		assert.Equal(t, r["employees"], strconv.FormatInt(a.Employees, 10), a.Name)
		assert.Equal(t, strings.Replace(r["sector"], "technolgy", "technology", 1), a.Industry, a.Name)
		assert.Equal(t, strings.Replace(r["office_location"], "Philipines", "Philippines", 1), a.Country, a.Name)
		if r["subsidiary_of"] == "" {
			assert.Nil(t, a.Parent, a.Name)
		} else if assert.NotNil(t, a.Parent, a.Name) {
			assert.Equal(t, r["subsidiary_of"], *a.Parent)
		}
	}
}

func checkPeople(t *testing.T, w *world, dir string) {
	type person struct{ Name, Manager, Team, Territory, Role string }
	var want, got []person
	for _, r := range records(t, filepath.Join(dir, "sales_teams.csv")) {
		want = append(want, person{r["sales_agent"], r["manager"], r["manager"] + "'s team", r["regional_office"], "SALES"})
	}
	w.read(&got, `
		select u.name, m.name as manager, t.name as team, y.name as territory, g.role
		  from reporting_line l
		  join app_user u on u.id = l.user_id
		  join app_user m on m.id = l.manager_id
		  join team t on t.id = l.team_id and t.manager_id = m.id
		  join territory_assignment a on a.user_id = u.id
		  join territory y on y.id = a.territory_id
		  join role_grant g on g.user_id = u.id
		 where l.valid_from <= (select min(valid_from) from deal_version)
		   and a.valid_from = l.valid_from`)
	assert.ElementsMatch(t, want, got)
	assert.EqualValues(t, 6, w.count(`
		select count(*)
		  from app_user u
		  join role_grant g on g.user_id = u.id and g.role = 'SALES_MANAGER'
		  join territory_assignment a on a.user_id = u.id
		  join team t on t.manager_id = u.id`))
	assert.EqualValues(t, 5, w.count(`
		select count(*)
		  from role_grant g
		 where g.role = 'SALES'
		   and not exists (select from deal d where d.owner_id = g.user_id)`))
	day := w.count(`select count(*) from deal_version where valid_from = timestamptz '2016-10-20 00:00 America/New_York'`)
	assert.EqualValues(t, 1, day, "the earliest deal begins with its day in the org's zone")
}
