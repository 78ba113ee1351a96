package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

// start is when the world's clock stands at first, and began is when its people did.
var (
	start = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	began = start.AddDate(-1, 0, 0)
)

// testClock is moved by the test.
type testClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *testClock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *testClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a small company, served over HTTP from a database of its own:
//
//	Revenue (Vera)
//	├─ East (Max)   reps Rita, Rob   territory east
//	└─ West (Mina)  rep Wes          territory west
//
// and Olga (OPS), Carla and Carl (CS), Lea (LEADERSHIP), Ada (ADMIN), Finn (FINANCE). Carla is the CSM of Acme.
type world struct {
	t       testing.TB
	clock   *testClock
	log     *slog.Logger
	rate    graph.Rate
	conns   int
	pool    *pg.Pool
	access  *access.Service
	orgs    *org.Service
	crm     *crm.Service
	handler *graph.Handler
	url     string
	org     id.Org
	db      *dbtest.DB

	users       map[string]id.User
	teams       map[string]id.Team
	territories map[string]id.Territory
	stages      map[string]id.Stage
	accounts    map[string]id.Account
	pipeline    id.Pipeline
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOver(t, 6, testLog{t}, graph.Rate{})
}

// newWorldOver is a world served over so many connections, with its log and its rate.
func newWorldOver(t testing.TB, conns int, log io.Writer, rate graph.Rate) *world {
	t.Helper()
	w := &world{t: t, clock: &testClock{now: start}, conns: conns, log: slog.New(slog.NewTextHandler(log, nil)), rate: rate}
	w.db = dbtest.New(t)
	w.serve()
	w.org = w.settle("acme-robotics")
	return w
}

// serve starts a server of the world's database, with a pool and memory of its own, and asks it from now on.
func (w *world) serve() {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.db.AppURL, pg.Options{MaxConns: w.conns})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = pool.Close() })
	w.pool = pool
	w.access = access.NewService(pool, w.clock, true)
	w.orgs = org.NewService(pool, w.clock)
	w.crm = crm.NewService(pool, w.clock, w.orgs)
	w.handler = graph.NewHandler(w.resolver())
	srv := httptest.NewServer(w.handler)
	w.t.Cleanup(srv.Close)
	w.url = srv.URL
}

func (w *world) resolver() *graph.Resolver {
	return &graph.Resolver{
		Pool: w.pool, Clock: w.clock, Log: w.log, Access: w.access, Orgs: w.orgs, CRM: w.crm,
		Rate: w.rate, Origins: []string{"https://app.example.com"},
	}
}

// testLog writes the server's log into the test's.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Helper()
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

var roles = map[string]access.Role{
	"Vera": access.SalesManager, "Max": access.SalesManager, "Mina": access.SalesManager,
	"Rita": access.Sales, "Rob": access.Sales, "Wes": access.Sales, "Olga": access.Ops, "Carla": access.CS, "Carl": access.CS,
	"Lea": access.Leadership, "Ada": access.Admin, "Finn": access.Finance,
}

// settle makes an org with the world's people, their tokens (their first names in lower case, after the org's key and a
// dot), a pipeline and two accounts.
func (w *world) settle(key string) id.Org {
	w.t.Helper()
	ctx := w.t.Context()
	o, err := w.orgs.Create(ctx, org.CreateParams{Key: key, Name: key, Currency: "USD", TimeZone: "America/New_York", FiscalMonth: 1})
	require.NoError(w.t, err)
	w.users, w.teams, w.territories = map[string]id.User{}, map[string]id.Team{}, map[string]id.Territory{}
	var people org.Batch
	for name, role := range roles {
		u := id.User{UUID: id.New()}
		w.users[name] = u
		people.Users = append(people.Users, org.User{ID: u, Name: name, Active: true, Version: 1, CreatedAt: began, UpdatedAt: began})
		people.Grants = append(people.Grants, access.RoleGrant{User: u, Roles: []access.Role{role}})
	}
	for _, t := range []struct{ name, parent, manager string }{{"Revenue", "", "Vera"}, {"East", "Revenue", "Max"}, {"West", "Revenue", "Mina"}} {
		w.teams[t.name] = id.Team{UUID: id.New()}
		people.Teams = append(people.Teams, org.Team{
			ID: w.teams[t.name], Name: t.name, ParentID: w.teams[t.parent], ManagerID: w.users[t.manager],
			Version: 1, CreatedAt: began, UpdatedAt: began,
		})
	}
	for _, name := range []string{"East", "West"} {
		w.territories[name] = id.Territory{UUID: id.New()}
		people.Territories = append(people.Territories, org.Territory{
			ID: w.territories[name], Key: strings.ToLower(name), Name: name, Version: 1, CreatedAt: began, UpdatedAt: began,
		})
	}
	for _, l := range []struct{ user, team, manager string }{
		{"Vera", "Revenue", ""}, {"Max", "East", "Vera"}, {"Rita", "East", "Max"}, {"Rob", "East", "Max"},
		{"Mina", "West", "Vera"}, {"Wes", "West", "Mina"},
	} {
		people.Lines = append(people.Lines, org.Line{UserID: w.users[l.user], TeamID: w.teams[l.team], ManagerID: w.users[l.manager], ValidFrom: began})
		if t, ok := w.territories[l.team]; ok {
			people.Assignments = append(people.Assignments, org.Assignment{TerritoryID: t, UserID: w.users[l.user], ValidFrom: began})
		}
	}
	by := access.Operator(o)
	require.NoError(w.t, w.pool.Write(ctx, by.Session(), func(tx *pg.Tx) error {
		if err := w.orgs.Load(ctx, tx, by, people); err != nil {
			return err
		}
		return w.crm.Load(ctx, tx, by, w.market())
	}))
	for name := range roles {
		_, err := w.access.CreateToken(ctx, by, access.TokenParams{
			Name: name, DemoSecret: key + "." + strings.ToLower(name), DemoUser: w.users[name],
		})
		require.NoError(w.t, err)
	}
	return o
}

func (w *world) market() crm.Batch {
	w.pipeline = id.Pipeline{UUID: id.New()}
	w.stages, w.accounts = map[string]id.Stage{}, map[string]id.Account{}
	b := crm.Batch{Pipelines: []crm.Pipeline{{ID: w.pipeline, Key: "sales", Name: "Sales", CreatedAt: began}}}
	for i, s := range []struct {
		name, kind, probability, category string
		csVisible                         bool
	}{
		{"Prospecting", "OPEN", "0.1", "PIPELINE", false}, {"Discovery", "OPEN", "0.25", "PIPELINE", false},
		{"Proposal", "OPEN", "0.5", "BEST_CASE", true}, {"Won", "WON", "1", "CLOSED", true}, {"Lost", "LOST", "0", "OMITTED", false},
	} {
		w.stages[s.name] = id.Stage{UUID: id.New()}
		b.Stages = append(b.Stages, crm.Stage{
			ID: w.stages[s.name], PipelineID: w.pipeline, Key: strings.ToLower(s.name), Name: s.name, Kind: crm.StageKind(s.kind),
			Position: i + 1, Probability: money.Decimal(s.probability), ForecastCategory: s.category, CSVisible: s.csVisible, CreatedAt: began,
		})
	}
	for _, a := range []struct{ name, owner, csm string }{{"Acme", "Rita", "Carla"}, {"Globex", "Wes", "Carl"}} {
		w.accounts[a.name] = id.Account{UUID: id.New()}
		b.Accounts = append(b.Accounts, crm.Account{
			ID: w.accounts[a.name], Name: a.name, Currency: "USD", OwnerID: w.users[a.owner], CSMID: w.users[a.csm],
			Version: 1, CreatedAt: began, UpdatedAt: began,
		})
	}
	return b
}

// deal is a deal to be put into the world as history: in one stage since it began.
type deal struct {
	name, owner, account, stage string
	typ                         crm.DealType
	amount                      *int64
	close                       period.Day
	at                          time.Time
}

func (w *world) put(deals ...deal) []id.Deal {
	w.t.Helper()
	ids := make([]id.Deal, len(deals))
	histories := make([]crm.History, len(deals))
	team := map[string]string{"Rita": "East", "Rob": "East", "Max": "East", "Wes": "West", "Mina": "West", "Vera": "Revenue"}
	for i, d := range deals {
		if d.at.IsZero() {
			d.at = began.Add(time.Hour)
		}
		if d.typ == "" {
			d.typ = crm.New
		}
		ids[i] = id.Deal{UUID: id.New()}
		row := crm.Deal{
			ID: ids[i], Name: d.name, Type: d.typ, AccountID: w.accounts[d.account], OwnerID: w.users[d.owner],
			TeamID: w.teams[team[d.owner]], TerritoryID: w.territories[team[d.owner]], PipelineID: w.pipeline, StageID: w.stages[d.stage],
			StageKind: crm.Open, AmountMinor: d.amount, Currency: "USD", CloseDate: d.close, ForecastCategory: "PIPELINE", Probability: "0.1",
			Version: 1, CreatedAt: d.at, UpdatedAt: d.at,
		}
		if d.stage == "Won" || d.stage == "Lost" {
			row.StageKind, row.ClosedAt = crm.StageKind(strings.ToUpper(d.stage)), &d.at
		}
		histories[i] = crm.History{{Deal: row, ValidFrom: d.at, ChangedBy: row.OwnerID, History: true}}
	}
	by := access.Operator(w.org)
	require.NoError(w.t, w.pool.Write(w.t.Context(), by.Session(), func(tx *pg.Tx) error {
		return w.crm.Load(w.t.Context(), tx, by, crm.Batch{Histories: histories})
	}))
	return ids
}

// answer is what came back.
type answer struct {
	Status int
	Body   string
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

// code is the code of the first error, "" without one.
func (a answer) code() string {
	if len(a.Errors) == 0 {
		return ""
	}
	s, _ := a.Errors[0].Extensions["code"].(string)
	return s
}

// at follows a path of keys and indexes into the data.
func (a answer) at(path ...any) any {
	var v any = a.Data
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// names are the names in a list of objects.
func (a answer) names(path ...any) []string {
	list, _ := a.at(path...).([]any)
	out := []string{}
	for _, n := range list {
		out = append(out, n.(map[string]any)["name"].(string))
	}
	return out
}

// as asks as one of the world's people, by first name, or with a token.
func (w *world) as(who, query string, vars ...map[string]any) answer {
	w.t.Helper()
	token := who
	if _, person := roles[who]; person {
		token = "acme-robotics." + strings.ToLower(who)
	}
	body := map[string]any{"query": query}
	if len(vars) > 0 {
		body["variables"] = vars[0]
	}
	b, err := json.Marshal(body)
	require.NoError(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url, bytes.NewReader(b))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	return w.do(req)
}

func (w *world) do(req *http.Request) answer {
	w.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	a := answer{Status: resp.StatusCode, Body: string(b)}
	require.NoError(w.t, json.Unmarshal(b, &a), "%s", b)
	return a
}

// ok asks and wants no error.
func (w *world) ok(who, query string, vars ...map[string]any) answer {
	w.t.Helper()
	a := w.as(who, query, vars...)
	require.Empty(w.t, a.Errors, "%s: %s", who, a.Body)
	return a
}

func gid(v any) string {
	switch v := v.(type) {
	case id.Deal:
		return id.Global(id.DealKind, v.UUID)
	case id.Account:
		return id.Global(id.AccountKind, v.UUID)
	case id.User:
		return id.Global(id.UserKind, v.UUID)
	case id.Stage:
		return id.Global(id.StageKind, v.UUID)
	case id.Team:
		return id.Global(id.TeamKind, v.UUID)
	case id.Territory:
		return id.Global(id.TerritoryKind, v.UUID)
	}
	panic(fmt.Sprintf("no global id for %T", v))
}

func ptr[T any](v T) *T { return &v }
