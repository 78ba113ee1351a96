package event

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// canonical is the row as the chain takes it: the text of a JSON array of all that it says. PostgreSQL writes equal jsonb
// values equally, so anybody can compute the hash with its own sha256.
const canonical = `jsonb_build_array(a.org_id, a.xid::text, a.id, a.kind, a.entity, a.entity_id, a.version, a.user_id, a.token_id,
		       a.client, a.request_id, a.detail, a.before, a.after,
		       to_char(a.occurred_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'))::text`

// sealsPerTransaction bounds how long a sealer holds the chain of an org.
const sealsPerTransaction = 5_000

// beforeAll is an id before every other; the zero id.UUID would be null.
const beforeAll = "00000000-0000-0000-0000-000000000000"

// head is where an org's chain ends.
type head struct {
	Number int64  `db:"number"`
	Hash   []byte `db:"hash"`
	Xid    int64  `db:"xid"`
	ID     string `db:"id"`
}

type seal struct {
	Number int64   `db:"number"`
	Xid    string  `db:"audit_xid"`
	ID     id.UUID `db:"audit_id"`
	Hash   string  `db:"hash"`
}

// unsealed is an audit row that is about to be sealed.
type unsealed struct {
	Xid int64   `db:"xid"`
	ID  id.UUID `db:"id"`
	Row string  `db:"canonical"`
}

// Seal chains the org's audit rows of all transactions that lie below every one still running. It tells whether rows
// are left for another time. While somebody else seals the same org it does nothing.
func Seal(ctx context.Context, pool *pg.Pool, org id.Org) (left bool, err error) {
	err = pool.Write(ctx, pg.Session{Org: org.UUID}, func(tx *pg.Tx) error {
		left = false
		h, err := lockHead(ctx, tx, org)
		if err != nil || h == nil {
			left = h == nil
			return err
		}
		left, err = sealFrom(ctx, tx, org, h)
		return err
	})
	if err != nil {
		return true, fmt.Errorf("seal the audit log: %w", err)
	}
	return left, nil
}

// lockHead locks the end of the org's chain, nil while another sealer has it.
func lockHead(ctx context.Context, tx *pg.Tx, org id.Org) (*head, error) {
	var h head
	err := tx.Get(ctx, &h, `
		select number, hash, xid, id
		  from audit_head
		 where org_id = $1
		   for update skip locked`, org)
	if err == nil {
		return &h, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	n, err := tx.Exec(ctx, `
		insert into audit_head (org_id, number, hash, xid, id)
		values ($1, 0, '', '0', $2)
		    on conflict do nothing`, org, beforeAll)
	if err != nil || n == 0 {
		return nil, err
	}
	return &head{ID: beforeAll}, nil
}

func sealFrom(ctx context.Context, tx *pg.Tx, org id.Org, h *head) (left bool, err error) {
	var now struct {
		Xmin int64 `db:"xmin"`
		Xmax int64 `db:"xmax"`
	}
	err = tx.Get(ctx, &now, `select pg_snapshot_xmin(s) as xmin, pg_snapshot_xmax(s) as xmax from pg_current_snapshot() s`)
	if err != nil {
		return true, err
	}
	if h.Xid > now.Xmax {
		return false, errs.New(errs.Internal, "The audit log is sealed up to transaction %d and this PostgreSQL is at %d: the database was restored into another cluster. See \"Restoring\" in docs/operating.md.", h.Xid, now.Xmax)
	}
	var rows []unsealed
	// Rows after the end of the chain, of transactions that were below every running one a moment ago: none can still be
	// added between them.
	err = tx.Select(ctx, &rows, fmt.Sprintf(`
		select a.xid, a.id, %s as canonical
		  from audit_log a
		 where a.org_id = $1
		   and (a.xid, a.id) > ($2::xid8, $3::uuid)
		   and a.xid < $4::xid8
		 order by a.xid, a.id
		 limit %d`, canonical, sealsPerTransaction), org, h.Xid, h.ID, now.Xmin)
	if err != nil {
		return true, err
	}
	if len(rows) > 0 {
		if err := writeSeals(ctx, tx, org, h, rows, now.Xmin); err != nil {
			return true, err
		}
	}
	err = tx.Get(ctx, &left, `
		select exists (
		       select from audit_log
		        where org_id = $1
		          and (xid, id) > ($2::xid8, $3::uuid))`, org, h.Xid, h.ID)
	return left, err
}

func writeSeals(ctx context.Context, tx *pg.Tx, org id.Org, h *head, rows []unsealed, xmin int64) error {
	seals := make([]seal, len(rows))
	for i, r := range rows {
		h.Number++
		h.Hash = link(h.Hash, r.Row)
		seals[i] = seal{h.Number, fmt.Sprint(r.Xid), r.ID, `\x` + hex.EncodeToString(h.Hash)}
	}
	if err := pg.InsertRows(ctx, tx, org.UUID, "audit_seal", seals); err != nil {
		return err
	}
	last := rows[len(rows)-1]
	h.Xid, h.ID = last.Xid, last.ID.String()
	if len(rows) < sealsPerTransaction { // all below xmin: the next look starts there
		h.Xid, h.ID = xmin, beforeAll
	}
	_, err := tx.Exec(ctx, `
		update audit_head
		   set number = $2, hash = $3, xid = $4::xid8, id = $5
		 where org_id = $1`, org, h.Number, h.Hash, h.Xid, h.ID)
	return err
}

// link is the chain's next hash: over the one before and the row.
func link(before []byte, canonical string) []byte {
	s := sha256.New()
	s.Write(before)
	s.Write([]byte(canonical))
	return s.Sum(nil)
}
