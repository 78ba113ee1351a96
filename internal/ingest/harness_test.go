package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/ingest"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// now is the moment of every import here, a fraction in, as real ones are.
var now = time.Date(2026, 3, 31, 9, 30, 0, 123456000, time.UTC)

// zone of the tests' orgs: not UTC, so that a day's start shows.
const zone = "America/New_York"

type world struct {
	t    *testing.T
	pool *pg.Pool
	orgs *org.Service
	crm  *crm.Service
	ing  *ingest.Service
	by   *access.Principal
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := dbtest.New(t)
	pool, err := pg.Open(t.Context(), db.AppURL, pg.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	c := clock.Fixed(now)
	w := &world{t: t, pool: pool, orgs: org.NewService(pool, c)}
	w.crm = crm.NewService(pool, c, w.orgs)
	w.ing = ingest.NewService(pool, c, w.orgs, w.crm)
	w.by = access.Operator(w.newOrg("maven-tech"))
	return w
}

func (w *world) newOrg(key string) id.Org {
	w.t.Helper()
	o, err := w.orgs.Create(w.t.Context(), org.CreateParams{Key: key, Name: key, Currency: "USD", TimeZone: zone, FiscalMonth: 1})
	require.NoError(w.t, err)
	return o
}

// read fills dest from the org's rows, as the app role under row level security.
func (w *world) read(dest any, query string, args ...any) {
	w.t.Helper()
	h := w.pool.Read(w.by.Session())
	defer h.Close()
	require.NoError(w.t, h.Select(w.t.Context(), dest, query, args...))
}

// count runs a query for one number.
func (w *world) count(query string, args ...any) int64 {
	w.t.Helper()
	var n []int64
	w.read(&n, query, args...)
	require.Len(w.t, n, 1)
	return n[0]
}

// rows counts every kind of row that an import can leave.
func (w *world) rows() map[string]int64 {
	w.t.Helper()
	out := map[string]int64{}
	for _, table := range []string{
		"app_user", "team", "reporting_line", "territory", "territory_assignment", "role_grant", "external_id",
		"account", "pipeline", "stage", "deal", "deal_version", "stage_visit",
	} {
		out[table] = w.count("select count(*) from " + table)
	}
	return out
}

func (w *world) run(p ingest.Params) ingest.Summary {
	w.t.Helper()
	s, err := w.ing.Import(w.t.Context(), w.by, p)
	require.NoError(w.t, err)
	return s
}

// maven gives the mapping and the folder of the real data, and skips the test where that is absent.
func maven(t *testing.T) (*ingest.Mapping, string) {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "data", "crm_maven")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the acceptance data is not here: %v", err)
	}
	return mavenMapping(t), dir
}

func mavenMapping(t *testing.T) *ingest.Mapping {
	t.Helper()
	m, err := ingest.LoadMapping(filepath.Join("..", "..", "examples", "mappings", "maven-crm.yaml"))
	require.NoError(t, err)
	return m
}

const (
	teamsCSV = `sales_agent,manager,regional_office
Ann Ash,Mia Moor,Central
Bob Birch,Mia Moor,Central
`
	accountsCSV = `account,sector,revenue,employees,office_location,subsidiary_of
Initech,technolgy,1.5,10,United States,
`
	dealsHeader = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value\n"
)

// folder writes files of the real data's shape; files given replace the small ones that every folder has.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{"sales_teams.csv": teamsCSV, "accounts.csv": accountsCSV, "sales_pipeline.csv": dealsHeader}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func deals(rows ...string) map[string]string {
	return map[string]string{"sales_pipeline.csv": dealsHeader + strings.Join(rows, "\n") + "\n"}
}
