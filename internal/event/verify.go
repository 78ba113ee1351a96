package event

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Mark is a place in an org's chain: the head as somebody noted it, or any seal.
type Mark struct {
	Number int64
	Hash   string // hexadecimal
}

// Report is what verifying an org's audit log found.
type Report struct {
	Head     Mark
	Sealed   int        // rows under the chain
	Unsealed int        // rows of the tail, which nothing protects yet
	Oldest   *time.Time // of the tail
	Faults   []string   // none where the log is whole
}

// maxFaults bounds a report: after that many the log is known to be tampered with.
const maxFaults = 100

const sealsPerPage = 2_000

// sealedRow is a seal beside the row that it is of.
type sealedRow struct {
	Number    int64   `db:"number"`
	Hash      []byte  `db:"hash"`
	ID        id.UUID `db:"audit_id"`
	Canonical *string `db:"canonical"` // nil: there is no such row any more
	Before    *string `db:"before"`
	After     *string `db:"after"`
	Salt      []byte  `db:"salt"` // nil without personal values
	PBefore   *string `db:"personal_before"`
	PAfter    *string `db:"personal_after"`
}

// Verify computes the org's chain anew within one snapshot and compares. Marks noted earlier, outside the database, must
// lie on it: without one, whoever may change everything could also cut the chain's end and its head. It is for operators.
func Verify(ctx context.Context, db pg.DB, org id.Org, marks ...Mark) (Report, error) {
	v := verification{db: db, org: org, marks: map[int64]string{}}
	for _, m := range marks {
		v.marks[m.Number] = m.Hash
	}
	for _, step := range []func(context.Context) error{v.chain, v.end, v.outside} {
		if err := step(ctx); err != nil {
			return Report{}, fmt.Errorf("verify the audit log: %w", err)
		}
	}
	v.Head = Mark{v.last, hex.EncodeToString(v.hash)}
	return v.Report, nil
}

type verification struct {
	Report
	db    pg.DB
	org   id.Org
	marks map[int64]string
	last  int64  // the number of the last seal seen
	hash  []byte // and its hash
}

func (v *verification) fault(format string, args ...any) {
	if len(v.Faults) < maxFaults {
		v.Faults = append(v.Faults, fmt.Sprintf(format, args...))
	}
}

func (v *verification) chain(ctx context.Context) error {
	for {
		var page []sealedRow
		// The chain's next seals with their rows, in the order of their numbers.
		err := v.db.Select(ctx, &page, fmt.Sprintf(`
			select s.number, s.hash, s.audit_id,
			       case when a.id is not null then %s end as canonical,
			       a.before, a.after, p.salt, p.before as personal_before, p.after as personal_after
			  from audit_seal s
			  left join audit_log a on (a.org_id, a.xid, a.id) = (s.org_id, s.audit_xid, s.audit_id)
			  left join audit_personal p on (p.org_id, p.id) = (a.org_id, a.id)
			 where s.org_id = $1
			   and s.number > $2
			 order by s.number
			 limit %d`, canonical, sealsPerPage), v.org, v.last)
		if err != nil {
			return err
		}
		for i := range page {
			v.row(&page[i])
		}
		if len(page) < sealsPerPage {
			return nil
		}
	}
}

func (v *verification) row(r *sealedRow) {
	if r.Number != v.last+1 {
		v.fault("seals %d to %d are missing", v.last+1, r.Number-1)
	}
	switch {
	case r.Canonical == nil:
		v.fault("the row %s under seal %d is missing", r.ID, r.Number)
	case !bytes.Equal(link(v.hash, *r.Canonical), r.Hash):
		v.fault("the row %s under seal %d is not what was sealed", r.ID, r.Number)
	default:
		v.Sealed++
	}
	if want, marked := v.marks[r.Number]; marked {
		delete(v.marks, r.Number)
		if want != hex.EncodeToString(r.Hash) {
			v.fault("seal %d is another than the one that was noted", r.Number)
		}
	}
	if r.Salt != nil && r.Canonical != nil {
		v.personal(r)
	}
	// Going on from what is stored tells the next faults apart from this one.
	v.last, v.hash = r.Number, r.Hash
}

// personal compares the values that were not erased with their digests.
func (v *verification) personal(r *sealedRow) {
	for _, side := range [][2]*string{{r.Before, r.PBefore}, {r.After, r.PAfter}} {
		digests, values := map[string]json.RawMessage{}, map[string]string{}
		if side[1] == nil || json.Unmarshal([]byte(*side[1]), &values) != nil {
			v.fault("the personal values of the row %s under seal %d cannot be read", r.ID, r.Number)
			continue
		}
		if side[0] != nil && json.Unmarshal([]byte(*side[0]), &digests) != nil {
			continue // the row itself is at fault
		}
		for name, text := range values {
			var d struct{ Digest string }
			if json.Unmarshal(digests[name], &d) != nil || d.Digest != digest(r.Salt, name, text) {
				v.fault("the personal value %s of the row %s under seal %d is not what was written", name, r.ID, r.Number)
			}
		}
	}
}

// end compares the end of the chain with the head.
func (v *verification) end(ctx context.Context) error {
	var h head
	err := v.db.Get(ctx, &h, `select number, hash, xid, id from audit_head where org_id = $1`, v.org)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		if v.last > 0 {
			v.fault("the chain has %d seals and no head", v.last)
		}
	case err != nil:
		return err
	case h.Number != v.last:
		v.fault("the chain ends with seal %d, its head says %d", v.last, h.Number)
	case !bytes.Equal(h.Hash, v.hash):
		v.fault("the chain's last hash is not the head's")
	}
	for _, number := range slices.Sorted(maps.Keys(v.marks)) {
		if number > 0 {
			v.fault("the chain does not reach seal %d, which was noted", number)
		}
	}
	return nil
}

// outside counts the rows that no seal covers: those after the head are the tail, others were slipped in.
func (v *verification) outside(ctx context.Context) error {
	var tail struct {
		Rows    int        `db:"rows"`
		Oldest  *time.Time `db:"oldest"`
		Slipped int        `db:"slipped"`
	}
	err := v.db.Get(ctx, &tail, `
		select count(*) filter (where h.org_id is null or (a.xid, a.id) > (h.xid, h.id)) as rows,
		       min(a.occurred_at) as oldest,
		       count(*) filter (where (a.xid, a.id) <= (h.xid, h.id)) as slipped
		  from audit_log a
		  left join audit_head h on h.org_id = a.org_id
		 where a.org_id = $1
		   and not exists (
		       select from audit_seal s
		        where s.org_id = a.org_id
		          and s.audit_xid = a.xid
		          and s.audit_id = a.id)`, v.org)
	if err != nil {
		return err
	}
	v.Unsealed, v.Oldest = tail.Rows, tail.Oldest
	if tail.Slipped > 0 {
		v.fault("%d rows stand before the end of the chain and under no seal", tail.Slipped)
	}
	return nil
}

func sorted[V any](sides ...map[string]V) []string {
	names := map[string]bool{}
	for _, s := range sides {
		for n := range s {
			names[n] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
