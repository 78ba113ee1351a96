package ingest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/ingest"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

func (w *world) history(dir ...string) ingest.Params {
	return ingest.Params{Mapping: mavenMapping(w.t), Paths: dir, History: true}
}

// refused runs an import that must fail without leaving anything, and gives the error's text.
func (w *world) refused(p ingest.Params) string {
	w.t.Helper()
	before := w.rows()
	_, err := w.ing.Import(w.t.Context(), w.by, p)
	require.Error(w.t, err)
	assert.Equal(w.t, errs.BadInput, errs.CodeOf(err), err)
	assert.Equal(w.t, before, w.rows())
	return err.Error()
}

func reasons(s ingest.Summary) []string {
	var out []string
	for _, r := range s.Rejected {
		out = append(out, r.String())
	}
	return out
}

func TestRejects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.run(w.history(folder(t, map[string]string{
		"accounts.csv": `account,sector,revenue,employees,office_location,subsidiary_of
Initech,software,1.5,10,United States,
Below,software,1,1,United States,Nowhere
Deeper,software,1,1,United States,Below
Hen,software,1,1,United States,Egg
Egg,software,1,1,United States,Hen
Fine,software,1.000000001,many,United States,
`,
		"sales_pipeline.csv": dealsHeader + strings.Join([]string{
			`GOOD,Ann Ash,GTXPro,Initech,Won,2017-01-05,2017-03-01,100`,
			`NODAY,Ann Ash,GTXPro,Initech,Won,2017-02-30,2017-03-01,100`,
			`NOBODY,Zoe Zed,GTXPro,Initech,Won,2017-01-05,2017-03-01,100`,
			`NOSTAGE,Ann Ash,GTXPro,Initech,Dreaming,2017-01-05,2017-03-01,100`,
			`SHORT,Ann Ash,GTXPro`,
			`GOOD,Ann Ash,GTXPro,Initech,Won,2017-01-05,2017-03-01,100`,
			`BACK,Ann Ash,GTXPro,Initech,Won,2017-03-02,2017-03-01,100`,
			`SINCE,Ann Ash,GTXPro,Initech,Won,,,100`,
			`STILL,Ann Ash,GTXPro,Initech,Won,2017-01-05,,100`,
			`FUTURE,Ann Ash,GTXPro,Initech,Lost,2017-01-05,2030-01-01,0`,
			`AMOUNT,Ann Ash,GTXPro,Initech,Lost,2017-01-05,2017-03-01,"1,000"`,
			`CENTS,Ann Ash,GTXPro,Initech,Lost,2017-01-05,2017-03-01,1.005`,
			`ORPHAN,Ann Ash,GTXPro,Deeper,Lost,2017-01-05,2017-03-01,0`,
			`"quoted` + "\n" + `twice",Ann Ash,GTXPro,Initech,Lost,2017-01-05,2017-03-01,0`,
			`,Ann Ash,GTXPro,Initech,Engaging,2017-01-05,,`,
		}, "\n"),
	})))
	assert.Equal(t, []string{
		`accounts.csv:3 subsidiary_of: no account has the external id "Nowhere", in the files or in the org`,
		`accounts.csv:4 subsidiary_of: no account has the external id "Below", in the files or in the org`,
		`accounts.csv:5 subsidiary_of: the account is below itself, by way of its parent "Egg"`,
		`accounts.csv:6 subsidiary_of: the account is below itself, by way of its parent "Hen"`,
		`accounts.csv:7 employees: "many" is not a whole number from 0 on`,
		`accounts.csv:7 revenue: "1.000000001" cannot be kept exactly in USD`,
		`sales_pipeline.csv:3 engage_date: "2017-02-30" is not a day in the format YYYY-MM-DD`,
		`sales_pipeline.csv:4 sales_agent: no user is called "Zoe Zed", in the files or in the org`,
		`sales_pipeline.csv:5 deal_stage: "Dreaming" is no stage of the mapping's pipeline; add it to a stage's "is"`,
		`sales_pipeline.csv:6: has 3 cells where the header has 8`,
		`sales_pipeline.csv:7 opportunity_id: "GOOD" identifies the row at sales_pipeline.csv:2 already`,
		`sales_pipeline.csv:8 close_date: 2017-03-01 lies before engage_date, which is 2017-03-02`,
		`sales_pipeline.csv:9 deal_stage: the deal is in the closed stage Won, but no column says since when (engage_date, close_date)`,
		`sales_pipeline.csv:10 deal_stage: the deal is in Won, but by its dates it is in Engaging since 2017-01-05`,
		`sales_pipeline.csv:11 close_date: 2030-01-01 lies in the future, and history is past`,
		`sales_pipeline.csv:12 close_value: "1,000" is not an amount; write digits with an optional point`,
		`sales_pipeline.csv:13 close_value: "1.005" cannot be kept exactly in USD`,
		`sales_pipeline.csv:14 account: no account has the external id "Deeper", in the files or in the org`,
		`sales_pipeline.csv:17 opportunity_id: is empty, and identifies the row`,
	}, reasons(s))
	assert.Equal(t, ingest.Count{Entity: "deal", Read: 15, Created: 2, Rejected: 13}, s.Count("deal"))
	assert.Equal(t, ingest.Count{Entity: "account", Read: 6, Created: 1, Rejected: 5}, s.Count("account"))
	assert.EqualValues(t, 2, w.count("select count(*) from deal"))
	assert.Contains(t, s.String(), "18 rows were rejected: correct and import again")
}

func TestSpreadsheetsOwnWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.run(w.history(folder(t, map[string]string{
		"sales_pipeline.csv": "\ufeff Opportunity_ID ,SALES_AGENT,product,account,deal_stage,engage_date,close_date,close_value,more\r\n" +
			"\r\n" +
			"A1, ann ash ,gtxPRO,Initech,WON,2017-01-05,2017-03-01,12.34,x\r\n",
	})))
	assert.Empty(t, s.Rejected)
	assert.Equal(t, "GTX Pro – Initech", w.deals()["A1"].Name)
	assert.EqualValues(t, 1234, *w.deals()["A1"].Amount)
}

// TestSameDay holds the order of two versions that begin with the same day, and of a day that begins an hour late.
func TestSameDay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.run(w.history(folder(t, deals(`A1,Ann Ash,GTX,,Won,2017-03-12,2017-03-12,5`, `A2,Ann Ash,GTX,,Prospecting,,,`))))
	assert.Empty(t, s.Rejected)
	a1, a2 := w.deals()["A1"], w.deals()["A2"]
	assert.Equal(t, time.Date(2017, 3, 12, 5, 0, 0, 0, time.UTC), a1.First.UTC())
	assert.Equal(t, time.Microsecond, a1.LastFrom.Sub(a1.First))
	assert.Equal(t, "2017-03-12", *a1.CloseDate)
	assert.Equal(t, "GTX", a1.Name, "without an account the template falls back")
	assert.True(t, a2.First.Equal(now))
}

func TestDateFormats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ambiguous := folder(t, deals(`A1,Ann Ash,GTX,,Won,1/2/2017,3/4/2017,5`, `A2,Ann Ash,GTX,,Won,1/2/2017,04/04/2017,5`))
	text := w.refused(w.history(ambiguous))
	assert.Contains(t, text, "sales_pipeline.csv: 4 of 4 dates could have the day or the month first")
	assert.Contains(t, text, "--date-format DD/MM/YYYY or --date-format MM/DD/YYYY")

	text = w.refused(w.history(folder(t, deals(`A1,Ann Ash,GTX,,Won,13/2/2017,3/14/2017,5`))))
	assert.Contains(t, text, `contradict one another: "13/2/2017" in engage_date on line 2 has the day first, "3/14/2017" in close_date on line 2 the month`)

	text = w.refused(w.history(folder(t, deals(`A1,Ann Ash,GTX,,Won,May,June,5`))))
	assert.Contains(t, text, "none of the 2 filled cells in its date columns is a day")

	p := w.history(ambiguous)
	p.DateFormat = "YY"
	assert.Contains(t, w.refused(p), `"YY" is not a date format; write it with YYYY, MM and DD`)

	p.DateFormat = "DD/MM/YYYY"
	w.run(p)
	assert.Equal(t, "2017-04-03", *w.deals()["A1"].CloseDate)

	s := w.run(w.history(folder(t, deals(`B1,Ann Ash,GTX,,Won,1.2.2017,28.2.2017,5`, `B2,Ann Ash,GTX,,Won,1/2/2017,28.2.2017,5`))))
	assert.Equal(t, []string{`sales_pipeline.csv:3 engage_date: "1/2/2017" is not a day in the format DD.MM.YYYY`}, reasons(s))
	assert.Equal(t, "2017-02-28", *w.deals()["B1"].CloseDate)
	assert.Contains(t, s.String(), `DD.MM.YYYY, proven by 2 of 4 cells (the first: "28.2.2017" in close_date on line 2); 2 alone could be read both ways`)
}

func TestWrongFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct{ text, want string }{
		"column":  {"account,revenue,employees,office_location,subsidiary_of\n", `accounts.csv lacks columns that the mapping asks for: "sector" (for fields.industry), "sector" (for aliases.sector). Found: account, revenue, employees`},
		"twice":   {"account,Account\n", `accounts.csv has two columns named "Account"`},
		"empty":   {"", "accounts.csv is empty"},
		"latin":   {accountsCSV + "Caf\xe9,retail,1,1,France,\n", "accounts.csv: line 3 is not text in UTF-8"},
		"quotes":  {accountsCSV + "\"Acme,retail,1,1,France,\n", "accounts.csv: line"},
		"nothing": {accountsCSV + "A\x00,retail,1,1,France,\n", "accounts.csv: line 3 is not text"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Contains(t, w.refused(w.history(folder(t, map[string]string{"accounts.csv": c.text}))), c.want)
		})
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := folder(t, map[string]string{"unrelated.csv": "x\n", "sales_pipeline.q1.csv": dealsHeader})
	assert.Contains(t, w.refused(w.history(filepath.Join(dir, "nowhere"))), "There is no file or folder")
	assert.Contains(t, w.refused(w.history(filepath.Join(dir, "unrelated.csv"))), "no entry for unrelated.csv; its entries are sales_teams*.csv, accounts*.csv")
	assert.Contains(t, w.refused(w.history(filepath.Join(dir, "sales_pipeline.csv"), filepath.Join(dir, "sales_pipeline.q1.csv"))), "are both of the mapping's entry")
	assert.Contains(t, w.refused(w.history(t.TempDir())), "There is no file sales_teams*.csv in")
	assert.Contains(t, w.refused(ingest.Params{}), "Name the files to import")

	s := w.run(w.history(dir))
	assert.Contains(t, s.Notes, "sales_pipeline.csv was read for sales_pipeline*.csv, and not sales_pipeline.q1.csv; name a file by its path to choose it.")
	require.NoError(t, os.Remove(filepath.Join(dir, "sales_pipeline.csv")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "sales_pipeline.q2.csv"), []byte(dealsHeader), 0o600))
	assert.Contains(t, w.refused(w.history(dir)), "Several files match sales_pipeline*.csv")

	alone := folder(t, deals(`A1,Ann Ash,GTX,Initech,Engaging,2017-01-05,,`))
	require.NoError(t, os.Remove(filepath.Join(alone, "accounts.csv")))
	require.NoError(t, os.Remove(filepath.Join(alone, "sales_teams.csv")))
	s = w.run(w.history(filepath.Join(alone, "sales_pipeline.csv")))
	assert.Empty(t, s.Rejected, "people and accounts are of the earlier import")
	assert.Contains(t, s.Notes, "No file accounts*.csv beside the files given: nothing was read for it.")
	assert.Contains(t, s.Notes, "1 deal without a team: their owner was in none when they began.", "people came later, with an import without deals")
}

func TestDealsAreHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.history(folder(t, deals(`A1,Ann Ash,GTX,,Engaging,2017-01-05,,`)))
	p.History = false
	assert.Contains(t, w.refused(p), "Import again with --history")

	p = w.history(folder(t, nil))
	p.History = false
	assert.Equal(t, 3, w.run(p).Count("user").Created, "people and accounts need no history")
	assert.EqualValues(t, 2, w.count("select count(*) from reporting_line where valid_from = $1", now))
}

func TestPermission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.history(folder(t, nil))
	_, err := w.ing.Import(t.Context(), w.principal(access.Sales), p)
	assert.Equal(t, errs.Forbidden, errs.CodeOf(err))
	assert.Zero(t, w.count("select count(*) from app_user"))

	s, err := w.ing.Import(t.Context(), w.principal(access.Ops), p)
	require.NoError(t, err)
	assert.Contains(t, s.String(), "3 users were created without a role: your roles do not let you grant any.")
	assert.Zero(t, w.count("select count(*) from role_grant"))
}

// principal signs in with a token of the role.
func (w *world) principal(role access.Role) *access.Principal {
	w.t.Helper()
	s := access.NewService(w.pool, clock.Fixed(now), false)
	secret, err := s.CreateToken(w.t.Context(), w.by, access.TokenParams{Name: string(role), Roles: []access.Role{role}})
	require.NoError(w.t, err)
	who, err := s.Identify(w.t.Context(), secret)
	require.NoError(w.t, err)
	h := w.pool.Read(w.by.Session())
	defer h.Close()
	p, err := s.Resolve(w.t.Context(), h, who)
	require.NoError(w.t, err)
	return p
}

// TestOrgsOwnPeople imports into an org that has some of the people: they are recognised, and left as they are.
func TestOrgsOwnPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := now.Add(-time.Hour)
	user := func(name string) org.User {
		return org.User{ID: id.User{UUID: id.New()}, Name: name, Active: true, Version: 1, CreatedAt: made, UpdatedAt: made}
	}
	ann, mia := user("Ann Ash"), user("MIA MOOR")
	err := w.pool.Write(t.Context(), w.by.Session(), func(tx *pg.Tx) error {
		return w.orgs.Load(t.Context(), tx, w.by, org.Batch{
			Users: []org.User{ann, mia, user("Bob Birch"), user("bob birch")},
			Teams: []org.Team{{ID: id.Team{UUID: id.New()}, Name: "Mia Moor's team", Version: 1, CreatedAt: made, UpdatedAt: made}},
			Territories: []org.Territory{{ID: id.Territory{UUID: id.New()}, Key: "central", Name: "central", Version: 1, CreatedAt: made, UpdatedAt: made},
				{ID: id.Territory{UUID: id.New()}, Key: "far-east", Name: "Farther", Version: 1, CreatedAt: made, UpdatedAt: made}},
		})
	})
	require.NoError(t, err)
	files := deals(`A1,Ann Ash,GTX,,Engaging,2017-01-05,,`)
	files["sales_teams.csv"] = teamsCSV + "Cy Cole,Mia Moor,Far East!\n"
	p := w.history(folder(t, files))
	s := w.run(p)
	assert.Equal(t, []string{`sales_teams.csv:3 sales_agent: 2 users are called "Bob Birch"; refer to them by external id, or rename them`}, reasons(s))
	assert.Equal(t, ingest.Count{Entity: "user", Read: 4, Created: 1, Existing: 2, Rejected: 1}, s.Count("user"))
	assert.Equal(t, ingest.Count{Entity: "team", Read: 1, Existing: 1}, s.Count("team"))
	assert.Equal(t, ingest.Count{Entity: "territory", Read: 2, Created: 1, Existing: 1}, s.Count("territory"))
	assert.EqualValues(t, 1, w.count("select count(*) from territory where key = 'far-east-2'"))

	// The org renames its people; a second import knows them by what the files call them.
	err = w.pool.Write(t.Context(), w.by.Session(), func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `update app_user set name = 'Renamed ' || name where id in ($1, $2)`, ann.ID, mia.ID)
		return err
	})
	require.NoError(t, err)
	again := w.run(w.history(folder(t, deals(`A1,Ann Ash,GTX,,Engaging,2017-01-05,,`, `A2,Ann Ash,GTX,,Engaging,2017-01-05,,`))))
	assert.Equal(t, 1, again.Created(), again)
	assert.Equal(t, 1, again.Count("deal").Created)
	assert.Equal(t, "Renamed Ann Ash", w.deals()["A2"].Owner)
}

func TestPipelineOfTheOrg(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := folder(t, deals(`A1,Ann Ash,GTX,,Engaging,2017-01-05,,`))
	w.run(w.history(dir))
	p := w.history(dir)
	p.Mapping.Pipeline.Stages[0].Key = "scouting"
	assert.Contains(t, w.refused(p), `pipeline "sales" has no stage "scouting"; its stages are prospecting, engaging, won, lost`)
	p = w.history(dir)
	p.Mapping.Pipeline.Stages[3].Kind = "WON"
	assert.Contains(t, w.refused(p), `The stage "lost" of the org's pipeline "sales" is LOST, and WON in the mapping`)
}
