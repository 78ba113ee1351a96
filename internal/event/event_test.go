package event_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// world is an org in a database of its own. The org's row is all that events need of it.
type world struct {
	t    testing.TB
	db   *dbtest.DB
	pool *pg.Pool
	org  id.Org
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, db: dbtest.New(t), org: id.Org{UUID: id.New()}}
	w.pool = w.open(w.db.AppURL)
	w.write(func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `
			with o as (
			  insert into org (id, key, name, currency, time_zone, created_at)
			  values ($1, 'acme', 'Acme', 'USD', 'UTC', now()))
			insert into org_lookup (key, org_id) values ('acme', $1)`, w.org)
		return err
	})
	return w
}

func (w *world) open(url string) *pg.Pool {
	w.t.Helper()
	pool, err := pg.Open(w.t.Context(), url, pg.Options{MaxConns: 8})
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (w *world) write(fn func(tx *pg.Tx) error) {
	w.t.Helper()
	require.NoError(w.t, w.pool.Write(context.WithoutCancel(w.t.Context()), pg.Session{Org: w.org.UUID}, fn))
}

// change is a change of a record of its own.
func change(version int) event.Change {
	return event.Change{
		Entity: id.DealKind, ID: id.New(), Version: version, Action: event.Updated, At: time.Now(),
		Fields: []event.Field{{Name: "name", Before: "old", After: "new"}, {Name: "amount", After: map[string]string{"amount": "1.00"}}},
	}
}

func (w *world) emit(c ...event.Change) {
	w.t.Helper()
	w.write(func(tx *pg.Tx) error { return event.Write(w.t.Context(), tx, w.org, event.Actor{Client: "test"}, c...) })
}

// seal seals until nothing is left: transactions of other tests on the same server may hold the last rows back.
func (w *world) seal() {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		left, err := event.Seal(w.t.Context(), w.pool, w.org)
		require.NoError(w.t, err)
		return !left
	}, 30*time.Second, 5*time.Millisecond)
}

func (w *world) verify(marks ...event.Mark) event.Report {
	w.t.Helper()
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	r, err := event.Verify(w.t.Context(), h, w.org, marks...)
	require.NoError(w.t, err)
	return r
}

// service runs one server's share until the test ends.
func (w *world) service(o event.Options) *event.Service {
	w.t.Helper()
	s := event.NewService(w.pool, clock.System{}, slog.New(slog.DiscardHandler), o)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { s.Run(ctx) })
	w.t.Cleanup(func() { stop(); wg.Wait() })
	return s
}

func always(context.Context, pg.Versioned) error { return nil }

func TestAChangeIsWrittenTwiceAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := change(2)
	c.Reason = "typo"
	w.emit(c)
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	var rows []struct {
		ID      id.UUID `db:"id"`
		Kind    string  `db:"kind"`
		Detail  *string `db:"detail"`
		Changed *string `db:"changed"`
		Before  string  `db:"before"`
		After   string  `db:"after"`
	}
	require.NoError(t, h.Select(t.Context(), &rows, `
		select id, action as kind, null as detail, changed::text, before, after from event
		union all
		select id, kind, detail, null, before, after from audit_log`))
	require.Len(t, rows, 2)
	assert.Equal(t, rows[0].ID, rows[1].ID, "an event and its audit row have the same id")
	assert.Equal(t, "{name,amount}", *rows[0].Changed)
	assert.Equal(t, "typo", *rows[1].Detail)
	for _, r := range rows {
		assert.JSONEq(t, `{"name": "old", "amount": null}`, r.Before)
		assert.JSONEq(t, `{"name": "new", "amount": {"amount": "1.00"}}`, r.After)
	}
}

// TestAuditIsNeverChanged tries as the app role and as the owner.
func TestAuditIsNeverChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emit(change(1))
	w.seal()
	owner := w.open(w.db.OwnerURL)
	for _, statement := range []string{
		`update audit_log set detail = 'x'`, `delete from audit_log`, `update audit_seal set hash = ''`, `delete from audit_seal`,
		`update event set version = 7`,
	} {
		run := func(tx *pg.Tx) error { _, err := tx.Exec(t.Context(), statement); return err }
		assert.Error(t, w.pool.Write(t.Context(), pg.Session{Org: w.org.UUID}, run), statement)
		if statement[len(statement)-1] != '7' {
			assert.ErrorContains(t, owner.Write(t.Context(), pg.Session{Org: w.org.UUID}, run), "never changed", statement)
		}
	}
	assert.Error(t, owner.Write(t.Context(), pg.Session{Org: w.org.UUID}, func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `truncate audit_log`)
		return err
	}))
}

// TestOrderedReadsUseTheIndex explains the feed's statement as the app role: row level security must not keep it from
// the index, which it does with operators that are not leakproof.
func TestOrderedReadsUseTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for table, query := range map[string]string{
		"event": `select e.id from event e where e.org_id = $1 and (e.xid, e.seq) > ('5'::xid8, 7) and (e.xid, e.seq) <= ('9'::xid8, 7) order by e.xid, e.seq limit 500`,
		"audit": `select a.id from audit_log a where a.org_id = $1 and (a.xid, a.id) > ('5'::xid8, $1) and a.xid < '9'::xid8 order by a.xid, a.id limit 500`,
	} {
		var plan []string
		w.write(func(tx *pg.Tx) error {
			if _, err := tx.Exec(t.Context(), `set local enable_seqscan = off`); err != nil {
				return err
			}
			return tx.Select(t.Context(), &plan, "explain "+query, w.org)
		})
		text := ""
		for _, line := range plan {
			text += line + "\n"
		}
		assert.Regexp(t, `Index Cond: .*xid`, text, table)
		assert.NotContains(t, text, "Sort", table)
	}
}

// TestCommitOrderIsNotSequenceOrder has an earlier transaction commit after a later one: its event is neither lost nor
// out of place.
func TestCommitOrderIsNotSequenceOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(event.Options{ListenURL: w.db.AppURL})
	sub, err := s.Subscribe(t.Context(), w.org, id.UUID{}, always)
	require.NoError(t, err)
	defer sub.Close()
	first, second := change(1), change(2)
	w.write(func(tx *pg.Tx) error {
		err := event.Write(t.Context(), tx, w.org, event.Actor{}, first)
		w.emit(second)
		time.Sleep(100 * time.Millisecond) // the second is committed, announced and not given out
		return err
	})
	var got []int
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(got) < 2 {
		batch, err := sub.Next(ctx)
		require.NoError(t, err)
		for _, e := range batch {
			got = append(got, e.Version)
		}
	}
	assert.Equal(t, []int{1, 2}, got)
}

// TestASlowSubscriberLosesNothing lets the buffer overflow, several times.
func TestASlowSubscriberLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.service(event.Options{ListenURL: w.db.AppURL})
	sub, err := s.Subscribe(t.Context(), w.org, id.UUID{}, always)
	require.NoError(t, err)
	defer sub.Close()
	const total = 4_000
	go func() {
		for i := 0; i < total; i += 100 {
			var batch []event.Change
			for j := range 100 {
				batch = append(batch, change(i+j+1))
			}
			w.emit(batch...)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var last id.UUID
	next := 1
	for next <= total {
		batch, err := sub.Next(ctx)
		require.NoError(t, err)
		for _, e := range batch {
			require.Equal(t, next, e.Version)
			next++
			last = e.ID
		}
		if next < total/2 {
			time.Sleep(60 * time.Millisecond)
		}
	}
	again, err := s.Subscribe(t.Context(), w.org, last, always)
	require.NoError(t, err)
	defer again.Close()
	w.emit(change(77))
	batch, err := again.Next(ctx)
	require.NoError(t, err)
	assert.Equal(t, 77, batch[0].Version, "after the last event comes the next")
	_, err = s.Subscribe(t.Context(), w.org, id.New(), always)
	assert.ErrorContains(t, err, "BAD_CURSOR")
}

func TestOldEventsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emit(change(1))
	s := event.NewService(w.pool, clock.Fixed(time.Now().Add(event.Retention+time.Minute)), slog.New(slog.DiscardHandler), event.Options{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	assert.Eventually(t, func() bool {
		var n int
		h.Close()
		return h.Get(t.Context(), &n, `select count(*) from event`) == nil && n == 0
	}, 10*time.Second, 20*time.Millisecond)
	h.Close()
	stop()
	<-done
}

func TestRefusedAttemptsAreWrittenOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := event.NewService(w.pool, clock.System{}, slog.New(slog.DiscardHandler), event.Options{})
	for range 40 {
		s.Deny(event.Denial{Org: w.org, Permission: "deal:read", At: time.Now()})
	}
	s.Deny(event.Denial{Org: w.org, Permission: "audit:read", At: time.Now()})
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s.Run(ctx) // writes what is left as it ends
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	var got []string
	require.NoError(t, h.Select(t.Context(), &got, `select kind || ' ' || detail || coalesce(' ' || (after ->> 'attempts'), '') from audit_log order by 1`))
	assert.Equal(t, []string{"DENIED audit:read", "DENIED deal:read 40"}, got)
}
