package graph_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

var events = flag.Int("events", 1_000, "how many changes the subscribers of the long test get to see")

// another starts one more server over the world's database, with a pool, caches and a fan-out of its own.
func (w *world) another() *httptest.Server {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), w.db.AppURL, pg.Options{MaxConns: 6})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = pool.Close() })
	orgs := org.NewService(pool, w.clock)
	log := slog.New(slog.DiscardHandler) // broken connections are part of these tests
	e := event.NewService(pool, w.clock, log, event.Options{ListenURL: w.db.AppURL})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { e.Run(ctx) })
	srv := httptest.NewServer(graph.NewHandler(&graph.Resolver{
		Pool: pool, Clock: w.clock, Log: log, Access: access.NewService(pool, w.clock, true), Orgs: orgs, CRM: crm.NewService(pool, w.clock, orgs), Events: e,
		Rate: graph.Rate{Burst: 1 << 30, PerSecond: 1 << 20},
	}))
	w.t.Cleanup(func() { srv.CloseClientConnections(); srv.Close(); stop(); wg.Wait() })
	return srv
}

// ear listens to one subscription over a WebSocket.
type ear struct {
	conn *websocket.Conn
}

type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// heard is an event as a subscriber gets it, or the error that ended the subscription.
type heard struct {
	ID      string
	Deal    string
	Name    string
	Changed []string
	Masked  int // FORBIDDEN errors beside the event
	Code    string
	Done    bool
}

const dealChanged = `subscription($where: DealFilter, $after: ID) { dealChanged(where: $where, after: $after) { eventId changedFields action by { name } deal { id name version owner { name } account { name } } } }`

func (w *world) listen(ctx context.Context, url, who string, where any, after string) (*ear, error) {
	vars := map[string]any{"where": where}
	if after != "" {
		vars["after"] = after
	}
	return w.subscribe(ctx, url, who, dealChanged, vars)
}

// subscribe opens a socket as one of the world's people, or with a token, and subscribes.
func (w *world) subscribe(ctx context.Context, url, who, query string, vars map[string]any) (*ear, error) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1), &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return nil, err
	}
	token := who
	if _, person := roles[who]; person {
		token = "acme-robotics." + strings.ToLower(who)
	}
	init, _ := json.Marshal(map[string]string{"Authorization": "Bearer " + token})
	start, _ := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err := wsjson.Write(ctx, conn, frame{Type: "connection_init", Payload: init}); err != nil {
		return nil, err
	}
	var ack frame
	if err := wsjson.Read(ctx, conn, &ack); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	if ack.Type != "connection_ack" {
		_ = conn.CloseNow()
		return nil, fmt.Errorf("%s instead of an ack", ack.Type)
	}
	return &ear{conn}, wsjson.Write(ctx, conn, frame{ID: "1", Type: "subscribe", Payload: start})
}

// next waits for the next event or the end.
func (e *ear) next(ctx context.Context) (heard, error) {
	for {
		var f frame
		if err := wsjson.Read(ctx, e.conn, &f); err != nil {
			return heard{}, err
		}
		switch f.Type {
		case "next":
			return read(f.Payload), nil
		case "complete", "error":
			return heard{Done: true}, nil
		case "ping":
			_ = wsjson.Write(ctx, e.conn, frame{Type: "pong"})
		}
	}
}

func read(payload []byte) heard {
	var p struct {
		Data struct {
			DealChanged *struct {
				EventID       string `json:"eventId"`
				ChangedFields []string
				Deal          struct{ ID, Name string }
			}
		}
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return heard{Code: err.Error()}
	}
	if d := p.Data.DealChanged; d != nil {
		return heard{ID: d.EventID, Deal: d.Deal.ID, Name: d.Deal.Name, Changed: d.ChangedFields, Masked: len(p.Errors)}
	}
	if len(p.Errors) == 0 {
		return heard{Code: "nothing"}
	}
	return heard{Code: p.Errors[0].Extensions.Code}
}

// listener is one subscriber of the long test.
type listener struct {
	who   string
	where map[string]any
	got   map[string]int // by event id
	last  string
	sees  map[string]bool // deals
}

// TestEachPermittedChangeArrivesOnce has two servers, twenty subscribers of several roles and concurrent writers; the
// subscribers lose their connections five times each, the servers theirs for listening.
func TestEachPermittedChangeArrivesOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	servers := []*httptest.Server{w.another(), w.another()}
	var deals []deal
	for i := range 40 {
		deals = append(deals, deal{name: fmt.Sprint("deal ", i), owner: []string{"Rita", "Rob", "Wes", "Vera"}[i%4], account: []string{"Acme", "Globex"}[i%2], stage: []string{"Prospecting", "Proposal", "Discovery"}[i%3]})
	}
	ids := w.put(deals...)
	w.url = servers[0].URL
	other := *w
	other.url = servers[1].URL
	change := func(i int, note string) {
		a := []*world{w, &other}[i%2].ok("Olga", `mutation($id: ID!, $n: String) { dealUpdate(input: {dealId: $id, nextStep: $n}) { errors { code message } } }`, map[string]any{"id": gid(ids[i]), "n": note})
		assert.Empty(t, a.at("dealUpdate", "errors"))
	}
	change(0, "first")
	first := w.eventIDs()[0]

	open := map[string]any{"name": map[string]any{"startsWith": "deal 1"}}
	var all []*listener
	for _, who := range []string{"Rita", "Rob", "Wes", "Max", "Mina", "Vera", "Olga", "Carla", "Carl", "Lea"} {
		all = append(all, &listener{who: who}, &listener{who: who, where: open})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	var wg sync.WaitGroup
	for i, l := range all {
		l.got, l.last, l.sees = map[string]int{}, first.ID, w.seenBy(l)
		wg.Go(func() { l.run(ctx, w, servers, i) })
	}
	w.writeAll(change, *events)
	want := w.eventIDs()[1:]
	made := len(want) // Len would print them all
	require.Equal(t, *events, made)
	cancelWhenDone(t, all, want, cancel)
	wg.Wait()
	for _, l := range all {
		expected := 0
		for _, e := range want {
			if !l.sees[e.Deal] {
				assert.Zero(t, l.got[e.ID], "%s got what they may not see", l.who)
				continue
			}
			expected++
			assert.Equal(t, 1, l.got[e.ID], "%s got %s", l.who, e.ID)
		}
		assert.Len(t, l.got, expected, "%s %v", l.who, l.where)
	}
}

// writeAll has eight writers make the changes, over HTTP, while listening connections are killed.
func (w *world) writeAll(change func(i int, note string), total int) {
	super, err := pg.Open(w.t.Context(), w.db.SuperURL, pg.Options{MaxConns: 1})
	require.NoError(w.t, err)
	defer super.Close()
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			for n := i; n < total; n += 8 {
				change(n%40, fmt.Sprint("step ", n))
				if n%(total/5) == 0 {
					w.killListeners(super)
				}
			}
		})
	}
	writers.Wait()
}

func (w *world) killListeners(super *pg.Pool) {
	h := super.Read(pg.Session{})
	defer h.Close()
	var killed []bool
	assert.NoError(w.t, h.Select(w.t.Context(), &killed, `
		select pg_terminate_backend(pid) from pg_stat_activity
		 where datname = current_database() and query ilike 'listen%'`))
}

type known struct{ ID, Deal string }

var mu sync.Mutex

// eventIDs are all events in the outbox with their deals, oldest first.
func (w *world) eventIDs() []known {
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	var rows []*event.Event
	require.NoError(w.t, h.Select(w.t.Context(), &rows, `select id, entity_id from event where org_id = $1 order by xid, seq`, w.org))
	out := make([]known, len(rows))
	for i, r := range rows {
		out[i] = known{globalEvent(r), globalDeal(r)}
	}
	return out
}

// seenBy are the deals that the subscriber's list shows.
func (w *world) seenBy(l *listener) map[string]bool {
	out := map[string]bool{}
	nodes, _ := w.ok(l.who, `query($where: DealFilter) { deals(first: 100, where: $where) { nodes { id } } }`, map[string]any{"where": l.where}).at("deals", "nodes").([]any)
	for _, n := range nodes {
		out[n.(map[string]any)["id"].(string)] = true
	}
	return out
}

// run listens, breaks the connection off five times and goes on at the other server after the last event.
func (l *listener) run(ctx context.Context, w *world, servers []*httptest.Server, i int) {
	for session := 0; ctx.Err() == nil; session++ {
		e, err := w.listen(ctx, servers[(i+session)%2].URL, l.who, l.where, l.last)
		if err != nil {
			continue
		}
		until := 1 << 30
		if session < 5 {
			until = 1 + rand.IntN(10)
		}
		for range until {
			h, err := e.next(ctx)
			if err != nil || h.Done || h.Code != "" {
				if ctx.Err() == nil {
					w.t.Errorf("%s: the subscription ended: %v %+v", l.who, err, h)
				}
				break
			}
			mu.Lock()
			l.got[h.ID]++
			l.last = h.ID
			mu.Unlock()
		}
		_ = e.conn.CloseNow()
	}
}

func cancelWhenDone(t *testing.T, all []*listener, want []known, cancel func()) {
	complete := func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, l := range all {
			n := 0
			for _, e := range want {
				if l.sees[e.Deal] {
					n++
				}
			}
			if len(l.got) < n {
				return false
			}
		}
		return true
	}
	assert.Eventually(t, complete, 2*time.Minute, 50*time.Millisecond)
	time.Sleep(200 * time.Millisecond) // for what should not come
	cancel()
}

// TestWhoMayNoLongerListenIsTold revokes a token, takes a role's permission and deactivates a person, with open sockets
// on two servers and no event under way.
func TestWhoMayNoLongerListenIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	servers := []*httptest.Server{w.another(), w.another()}
	ids := w.put(deal{name: "d", owner: "Wes", stage: "Proposal"})
	by := access.Operator(w.org)
	token, err := w.access.CreateToken(t.Context(), by, access.TokenParams{Name: "sync", Roles: []access.Role{access.Ops}})
	require.NoError(t, err)
	for _, c := range []struct{ who, change, code string }{
		{token, `update service_token set revoked_at = now() where name = 'sync'`, "UNAUTHENTICATED"},
		{"Lea", `delete from access_policy where role = 'LEADERSHIP' and object = 'deal'`, "FORBIDDEN"},
		{"Wes", `update app_user set active = false where name = 'Wes'`, "UNAUTHENTICATED"},
	} {
		var ears []*ear
		for i := range 4 {
			e, err := w.listen(t.Context(), servers[i%2].URL, c.who, nil, "")
			require.NoError(t, err)
			t.Cleanup(func() { _ = e.conn.CloseNow() })
			ears = append(ears, e)
		}
		w.clock.add(time.Minute)
		for _, e := range ears { // a change until each listens
			w.hears(e, gid(ids[0]))
		}
		revoked := time.Now()
		require.NoError(t, w.pool.Write(t.Context(), by.Session(), func(tx *pg.Tx) error {
			_, err := tx.Exec(t.Context(), c.change)
			return err
		}))
		for _, e := range ears {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			var h heard
			for h.Code == "" && !h.Done && err == nil {
				h, err = e.next(ctx)
			}
			if websocket.CloseStatus(err) == 4403 { // the socket was looked at before the subscription
				h.Code = "UNAUTHENTICATED"
			} else {
				require.NoError(t, err)
			}
			assert.Equal(t, c.code, h.Code)
			cancel()
		}
		took := time.Since(revoked)
		t.Logf("%s: all told after %s", c.code, took)
		assert.Less(t, took, 3*time.Second, "a second, and what a loaded machine adds")
	}
}

// hears changes the deal until the subscriber gets an event.
func (w *world) hears(e *ear, deal string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	got := make(chan error, 1)
	go func() {
		h, err := e.next(ctx)
		if err == nil && h.ID == "" {
			err = fmt.Errorf("not an event: %+v", h)
		}
		got <- err
	}()
	for i := 0; ; i++ {
		w.ok("Olga", `mutation($id: ID!, $n: String) { dealUpdate(input: {dealId: $id, nextStep: $n}) { errors { code } } }`, map[string]any{"id": deal, "n": fmt.Sprint(rand.Int64())})
		select {
		case err := <-got:
			require.NoError(w.t, err)
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestADealOutOfReachSendsNothing hands a deal from the East to the West and back.
func TestADealOutOfReachSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	srv := w.another()
	ids := w.put(deal{name: "moving", owner: "Rita", stage: "Proposal"}, deal{name: "staying", owner: "Rita", stage: "Proposal"})
	moving, staying := gid(ids[0]), gid(ids[1])
	update := func(id, set string) {
		w.clock.add(time.Minute)
		w.ok("Olga", fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, %s}) { errors { code } } }`, id, set))
	}
	update(staying, `nextStep: "begin"`)
	after := w.eventIDs()[0].ID
	e, err := w.listen(t.Context(), srv.URL, "Rob", nil, after)
	require.NoError(t, err)
	defer e.conn.CloseNow()
	narrow, err := w.access.CreateToken(t.Context(), access.Operator(w.org), access.TokenParams{Name: "narrow", Roles: []access.Role{access.Integration}, Allow: []string{"deal:read:all"}})
	require.NoError(t, err)
	masked, err := w.listen(t.Context(), srv.URL, narrow, nil, after)
	require.NoError(t, err)
	defer masked.conn.CloseNow()

	update(moving, fmt.Sprintf(`ownerId: %q`, gid(w.users["Wes"])))
	update(staying, `nextStep: "seen"`)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	h, err := e.next(ctx)
	require.NoError(t, err)
	assert.Equal(t, heard{ID: h.ID, Deal: staying, Name: "staying", Changed: []string{"nextStep"}, Masked: 0}, h, "the first that Rob hears of")
	h, err = masked.next(ctx)
	require.NoError(t, err)
	assert.Equal(t, "moving", h.Name)
	assert.Equal(t, []string{"owner", "team", "territory"}, h.Changed)
	assert.Equal(t, 3, h.Masked, "by, owner and account, once each")
}

func TestBadSubscriptionsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	srv := w.another()
	deep := map[string]any{}
	for range 6 {
		deep = map[string]any{"not": deep}
	}
	for _, c := range []struct {
		who   string
		where any
		after string
		code  string
	}{
		{"Finn", nil, "", "FORBIDDEN"},
		{"Olga", nil, "event_nonsense", "BAD_CURSOR"},
		{"Olga", nil, "event_00000000000000000000000000", "BAD_CURSOR"},
		{"Olga", deep, "", "LIMIT_EXCEEDED"},
		{"Olga", map[string]any{"owner": map[string]any{"eq": "deal_x"}}, "", "BAD_INPUT"},
	} {
		e, err := w.listen(t.Context(), srv.URL, c.who, c.where, c.after)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		h, err := e.next(ctx)
		cancel()
		assert.NoError(t, err, c.code)
		assert.Equal(t, c.code, h.Code, c.who)
		_ = e.conn.CloseNow()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := w.listen(ctx, srv.URL, "unknown", nil, "")
	assert.Error(t, err)
}
