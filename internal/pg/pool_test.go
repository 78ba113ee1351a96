package pg_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

func open(t *testing.T, conns int) *pg.Pool {
	t.Helper()
	pool, err := pg.Open(t.Context(), dbtest.New(t).AppURL, pg.Options{MaxConns: conns})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func makeOrg(t *testing.T, pool *pg.Pool, key string) id.UUID {
	t.Helper()
	org := id.New()
	require.NoError(t, pool.Write(t.Context(), pg.Session{Org: org}, func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `
			insert into org (id, key, name, currency, time_zone, created_at)
			values ($1, $2, $2, 'USD', 'UTC', now())`, org, key)
		return err
	}))
	return org
}

func TestCatalogueKeepsEveryRowWithinItsOrg(t *testing.T) {
	t.Parallel()
	h := open(t, 2).Read(pg.Session{})
	defer h.Close()
	faults, err := pg.CheckOrgBoundary(t.Context(), h)
	require.NoError(t, err)
	assert.Empty(t, faults)
}

func TestCatalogueFindsAnUnguardedTable(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	owner, err := pg.Open(t.Context(), db.OwnerURL, pg.Options{MaxConns: 1})
	require.NoError(t, err)
	defer owner.Close()
	for fault, ddl := range map[string]string{
		"leaky":   `create table leaky (org_id uuid primary key)`,
		"account": `alter table account no force row level security`,
		"deal":    `create policy loophole on deal to entente_app using (true)`,
	} {
		require.NoError(t, owner.Write(t.Context(), pg.Session{}, func(tx *pg.Tx) error {
			_, err := tx.Exec(t.Context(), ddl)
			return err
		}))
		h := owner.Read(pg.Session{})
		faults, err := pg.CheckOrgBoundary(t.Context(), h)
		h.Close()
		require.NoError(t, err)
		assert.Condition(t, func() bool {
			for _, f := range faults {
				if len(f) > len(fault) && f[:len(fault)+1] == fault+":" {
					return true
				}
			}
			return false
		}, "%s is not among %q", fault, faults)
	}
}

func TestWithoutAnOrgNoRowIsSeen(t *testing.T) {
	t.Parallel()
	pool := open(t, 2)
	org := makeOrg(t, pool, "one")
	count := func(s pg.Session) (n int) {
		h := pool.Read(s)
		defer h.Close()
		require.NoError(t, h.Get(t.Context(), &n, `select count(*) from org`))
		return n
	}
	assert.Equal(t, 1, count(pg.Session{Org: org}))
	assert.Zero(t, count(pg.Session{}))
	assert.Zero(t, count(pg.Session{Org: id.New()}))
}

// TestConnectionsKeepNoOrg runs many sessions of two orgs, some cancelled, some failing, over few connections.
func TestConnectionsKeepNoOrg(t *testing.T) {
	t.Parallel()
	pool := open(t, 4)
	orgs := []id.UUID{makeOrg(t, pool, "one"), makeOrg(t, pool, "two"), {}}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 200 {
				org := orgs[(w+i)%3]
				ctx, cancel := context.WithCancel(t.Context())
				if i%7 == 0 {
					time.AfterFunc(time.Duration(i)*time.Microsecond, cancel)
				}
				h := pool.Read(pg.Session{Org: org})
				var seen []id.UUID
				err := h.Select(ctx, &seen, `select id from org where $1`, true)
				if i%5 == 0 {
					var n int
					_ = h.Get(ctx, &n, `select 1 / $1`, 0)
				}
				h.Close()
				cancel()
				if err != nil {
					continue // cancelled
				}
				for _, o := range seen {
					assert.Equal(t, org, o, "a row of another org")
				}
				if !org.IsZero() {
					assert.Len(t, seen, 1)
				}
			}
		})
	}
	wg.Wait()
}

func TestHandleReadsOneSnapshot(t *testing.T) {
	t.Parallel()
	pool := open(t, 3)
	org := makeOrg(t, pool, "one")
	h := pool.Read(pg.Session{Org: org})
	defer h.Close()
	name := func() (s string) {
		require.NoError(t, h.Get(t.Context(), &s, `select name from org where id = $1`, org))
		return s
	}
	assert.Equal(t, "one", name())
	require.NoError(t, pool.Write(t.Context(), pg.Session{Org: org}, func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `update org set name = 'uno' where id = $1`, org)
		return err
	}))
	assert.Equal(t, "one", name(), "the snapshot stays")
	h.Close()
	assert.Equal(t, "uno", name(), "a new one shows the write")
}

func TestHandleCannotWrite(t *testing.T) {
	t.Parallel()
	pool := open(t, 1)
	org := makeOrg(t, pool, "one")
	h := pool.Read(pg.Session{Org: org})
	defer h.Close()
	var s string
	require.Error(t, h.Get(t.Context(), &s, `update org set name = 'x' where id = $1 returning name`, org))
}

func TestOpeningTellsTheReferenceVersion(t *testing.T) {
	t.Parallel()
	pool := open(t, 2)
	org := makeOrg(t, pool, "one")
	version := func() int64 {
		h := pool.Read(pg.Session{Org: org})
		defer h.Close()
		before := pool.Sent()
		v, err := h.Version(t.Context())
		require.NoError(t, err)
		assert.Equal(t, int64(1), pool.Sent()-before, "one round trip")
		return v
	}
	first := version()
	require.NoError(t, pool.Write(t.Context(), pg.Session{Org: org}, func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `
			insert into app_user (org_id, id, name, created_at, updated_at) values ($1, $2, 'Ann', now(), now())`, org, id.New())
		return err
	}))
	assert.Equal(t, first+1, version())
}

// TestWriteIsRunAgainAfterADeadlock makes two writes lock two rows in opposite orders.
func TestWriteIsRunAgainAfterADeadlock(t *testing.T) {
	t.Parallel()
	pool := open(t, 4)
	org := makeOrg(t, pool, "one")
	s := pg.Session{Org: org}
	users := []id.UUID{id.New(), id.New()}
	require.NoError(t, pool.Write(t.Context(), s, func(tx *pg.Tx) error {
		for _, u := range users {
			if _, err := tx.Exec(t.Context(), `
				insert into app_user (org_id, id, name, created_at, updated_at) values ($1, $2, 'Ann', now(), now())`, org, u); err != nil {
				return err
			}
		}
		return nil
	}))
	lock := func(tx *pg.Tx, u id.UUID) error {
		var v int
		return tx.Get(t.Context(), &v, `select version from app_user where org_id = $1 and id = $2 for update`, org, u)
	}
	var wg sync.WaitGroup
	runs := make([]int, 2)
	failed := make([]error, 2)
	for i := range 2 {
		wg.Go(func() {
			failed[i] = pool.Write(t.Context(), s, func(tx *pg.Tx) error {
				runs[i]++
				if err := lock(tx, users[i]); err != nil {
					return err
				}
				time.Sleep(100 * time.Millisecond)
				return lock(tx, users[1-i])
			})
		})
	}
	wg.Wait()
	for _, err := range failed {
		assert.Contains(t, []errs.Code{"", errs.Conflict}, errs.CodeOf(pg.Explain(err)))
	}
	require.NoError(t, failed[0])
	require.NoError(t, failed[1])
	assert.GreaterOrEqual(t, runs[0]+runs[1], 3, "one of the two ran again, on a busy machine more than once")
}

func TestErrorsThatAClientMayUnderstand(t *testing.T) {
	t.Parallel()
	pool := open(t, 2)
	org := makeOrg(t, pool, "one")
	t.Run("a statement that takes too long", func(t *testing.T) {
		h := pool.Read(pg.Session{Org: org, Timeout: 30 * time.Millisecond})
		defer h.Close()
		var s string
		assert.Equal(t, errs.Timeout, errs.CodeOf(pg.Explain(h.Get(t.Context(), &s, `select pg_sleep(5)::text`))))
	})
	t.Run("a constraint is named", func(t *testing.T) {
		err := pool.Write(t.Context(), pg.Session{Org: org}, func(tx *pg.Tx) error {
			_, err := tx.Exec(t.Context(), `update org set currency = $1`, "dollars")
			return err
		})
		assert.Equal(t, "org_currency_form", pg.Violates(fmt.Errorf("wrapped: %w", err)))
	})
	t.Run("anything else stays internal", func(t *testing.T) {
		h := pool.Read(pg.Session{Org: org})
		defer h.Close()
		var s string
		assert.Equal(t, errs.Internal, errs.CodeOf(pg.Explain(h.Get(t.Context(), &s, `select nothing`))))
	})
}

func BenchmarkPointSelect(b *testing.B) {
	pool, err := pg.Open(b.Context(), dbtest.New(b).AppURL, pg.Options{MaxConns: 1})
	require.NoError(b, err)
	defer pool.Close()
	org := id.New()
	require.NoError(b, pool.Write(b.Context(), pg.Session{Org: org}, func(tx *pg.Tx) error {
		_, err := tx.Exec(b.Context(), `
			insert into org (id, key, name, currency, time_zone, created_at) values ($1, 'one', 'one', 'USD', 'UTC', now())`, org)
		return err
	}))
	for b.Loop() {
		h := pool.Read(pg.Session{Org: org})
		var name string
		if err := h.Get(b.Context(), &name, `select name from org where id = $1`, org); err != nil {
			b.Fatal(err)
		}
		h.Close()
	}
}
