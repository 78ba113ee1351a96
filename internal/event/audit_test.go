package event_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

var tamperings = flag.Int("tamperings", 1_000, "how often the audit log is tampered with")

// tamper is what an enemy with all rights may do to the row or seal of one number ($1), or to two of them.
var tamper = map[string]string{
	"edit a value":          `update audit_log a set after = '{"name": "forged"}' from audit_seal s where s.number = $1 and $2::bigint > 0 and (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"edit the actor":        `update audit_log a set user_id = a.id from audit_seal s where s.number = $1 and $2::bigint > 0 and (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"edit the time":         `update audit_log a set occurred_at = occurred_at - interval '1 microsecond' from audit_seal s where s.number = $1 and $2::bigint > 0 and (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"edit a personal value": `update audit_personal p set after = jsonb_build_object('email', '"eve@x.com"') from audit_seal s where s.number = ($1 - 1) / 5 * 5 + 1 and $2::bigint > 0 and p.id = s.audit_id`,
	"remove a row":          `delete from audit_log a using audit_seal s where s.number = $1 and $2::bigint > 0 and (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"remove with seal":      `with s as (delete from audit_seal where number = $1 and $2::bigint > 0 returning audit_xid, audit_id) delete from audit_log a using s where (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"remove a seal":         `delete from audit_seal where number = $1 and $2::bigint > 0`,
	"close the gap": `with s as (delete from audit_seal where number = $1 and $2::bigint > 0 returning audit_xid, audit_id), h as (update audit_head set number = number - 1),
		d as (delete from audit_log a using s where (a.xid, a.id) = (s.audit_xid, s.audit_id))
		update audit_seal set number = -number where number > $1; update audit_seal set number = -number - 1 where number < 0`,
	"swap two rows": `update audit_log a set kind = b.kind, after = b.after, before = b.before, entity_id = b.entity_id
		from audit_seal s, audit_seal t, audit_log b
		where s.number in ($1, $2) and t.number in ($1, $2) and s.number <> t.number
		and (a.xid, a.id) = (s.audit_xid, s.audit_id) and (b.xid, b.id) = (t.audit_xid, t.audit_id)`,
	"swap two seals": `alter table audit_seal drop constraint audit_seal_once; update audit_seal s set audit_xid = t.audit_xid, audit_id = t.audit_id from audit_seal t
		where s.number in ($1, $2) and t.number in ($1, $2) and s.number <> t.number`,
	"cut the end":      `with s as (delete from audit_seal where number >= $1 and $2::bigint > 0 returning audit_xid, audit_id) delete from audit_log a using s where (a.xid, a.id) = (s.audit_xid, s.audit_id)`,
	"cut end and head": `with s as (delete from audit_seal where number >= $1 and $2::bigint > 0 returning audit_xid, audit_id), d as (delete from audit_log a using s where (a.xid, a.id) = (s.audit_xid, s.audit_id)) update audit_head h set number = $1 - 1, hash = coalesce((select hash from audit_seal where number = $1 - 1), '')`,
	"slip in a row": `insert into audit_log (org_id, xid, id, kind, occurred_at) select org_id, audit_xid, gen_random_uuid(), 'CREATED', now() from audit_seal where number = $1 and $2::bigint > 0
		and audit_xid < (select xid from audit_head)`,
	"another head": `update audit_head set hash = sha256(hash) where $1::bigint + $2::bigint > 0`,
}

// TestEveryTamperingIsFound does 1,000 random harms as a superuser with triggers off, each rolled back after the check.
// Cutting the end together with the head is found by a head that was noted outside.
func TestEveryTamperingIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 10 {
		changes := []event.Change{change(1), change(2), change(3), change(4), change(5)}
		changes[0].Fields = append(changes[0].Fields, event.Field{Name: "email", After: fmt.Sprintf("p%d@x.com", i), Personal: true})
		w.emit(changes...)
	}
	w.seal()
	honest := w.verify()
	require.Empty(t, honest.Faults)
	require.Equal(t, 50, honest.Sealed)
	require.Empty(t, w.verify(honest.Head).Faults)

	super := w.open(w.db.SuperURL)
	var names []string
	for name := range tamper {
		names = append(names, name)
	}
	random := rand.New(rand.NewPCG(1, 2))
	found := 0
	undo := errors.New("undo")
	for i := range *tamperings {
		name := names[i%len(names)]
		a, b := 1+random.IntN(49), 1+random.IntN(49)
		if b >= a {
			b++
		}
		err := super.Write(t.Context(), pg.Session{Org: w.org.UUID}, func(tx *pg.Tx) error {
			if _, err := tx.Exec(t.Context(), `set local session_replication_role = replica`); err != nil {
				return err
			}
			touched, err := harm(t.Context(), tx, tamper[name], a, b)
			if err != nil || touched == 0 {
				return fmt.Errorf("%s %d %d touched %d: %w", name, a, b, touched, err)
			}
			r, err := event.Verify(t.Context(), tx, w.org, honest.Head)
			if err != nil {
				return err
			}
			if len(r.Faults) > 0 {
				found++
			} else {
				t.Errorf("%s at %d and %d was not found", name, a, b)
			}
			return undo
		})
		require.ErrorIs(t, err, undo)
	}
	assert.Equal(t, *tamperings, found)
	assert.Empty(t, w.verify(honest.Head).Faults)
	t.Logf("%d of %d found", found, *tamperings)
}

// harm runs the statements with the numbers written into them: several at once take no arguments.
func harm(ctx context.Context, tx *pg.Tx, statements string, a, b int) (int64, error) {
	text := replaceAll(statements, map[string]string{"$1": fmt.Sprint(a), "$2": fmt.Sprint(b)})
	return tx.Exec(ctx, text)
}

func replaceAll(s string, by map[string]string) string {
	out := ""
	for i := 0; i < len(s); i++ {
		if i+1 < len(s) && by[s[i:i+2]] != "" {
			out += by[s[i:i+2]]
			i++
			continue
		}
		out += s[i : i+1]
	}
	return out
}

// TestErasingLeavesTheChainWhole erases the personal values; the digests stay.
func TestErasingLeavesTheChainWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := change(1)
	c.Fields = append(c.Fields, event.Field{Name: "email", Before: nil, After: "ann@x.com", Personal: true})
	w.emit(c)
	w.seal()
	row := func() map[string]*string {
		h := w.pool.Read(pg.Session{Org: w.org.UUID})
		defer h.Close()
		var rows []*event.Audit
		require.NoError(t, h.Select(t.Context(), &rows, `select id, kind, before, after, occurred_at from audit_log`))
		diffs, err := event.Diffs(t.Context(), h, w.org, rows)
		require.NoError(t, err)
		out := map[string]*string{}
		for _, d := range diffs[rows[0].ID] {
			out[d.Field] = d.After
		}
		return out
	}
	assert.Equal(t, `"ann@x.com"`, *row()["email"])
	w.write(func(tx *pg.Tx) error {
		var text string
		require.NoError(t, tx.Get(t.Context(), &text, `select a::text from audit_log a`))
		assert.NotContains(t, text, "ann@x.com")
		_, err := tx.Exec(t.Context(), `delete from audit_personal where org_id = $1`, w.org)
		return err
	})
	assert.Contains(t, *row()["email"], "digest")
	assert.Empty(t, w.verify().Faults)
}

// TestSealersShareTheWork has two servers seal while several write, one of them stopped in between.
func TestSealersShareTheWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fast := event.Options{ListenURL: w.db.AppURL, Seal: 10 * time.Millisecond}
	w.service(fast)
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 100 {
				w.emit(change(i*100 + j + 1))
				if i == 0 && j == 50 {
					stopMidway(t, w)
				}
			}
		})
	}
	wg.Wait()
	require.Eventually(t, func() bool { return w.verify().Sealed == 400 }, 30*time.Second, 50*time.Millisecond)
	r := w.verify()
	assert.Empty(t, r.Faults)
	assert.Zero(t, r.Unsealed)
	assert.EqualValues(t, 400, r.Head.Number)
}

// stopMidway breaks off sealings at random moments: their transactions are gone whole.
func stopMidway(t *testing.T, w *world) {
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(3000))*time.Microsecond)
		_, _ = event.Seal(ctx, w.pool, w.org)
		cancel()
	}
}

// TestTheTailIsNamed looks before anything is sealed.
func TestTheTailIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emit(change(1), change(2))
	w.write(func(tx *pg.Tx) error {
		return event.Record(t.Context(), tx, w.org, event.Actor{User: id.User{UUID: id.New()}}, event.Entry{
			Kind: event.SignedIn, At: time.Now(), Fields: []event.Field{{Name: "address", After: "192.0.2.1", Personal: true}},
		})
	})
	r := w.verify()
	assert.Empty(t, r.Faults)
	assert.Equal(t, 3, r.Unsealed)
	assert.NotNil(t, r.Oldest)
	w.seal()
	r = w.verify()
	assert.Zero(t, r.Unsealed)
	assert.EqualValues(t, 3, r.Head.Number)
}
