package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Once names a mutation so that sending it again does not do it again. The zero value names none.
type Once struct {
	Key  string // chosen by the client; keys of different actors never meet
	Hash []byte // of what is asked: the same key with other parameters is a mistake
}

// keptFor is how long a key is remembered.
const keptFor = 7 * 24 * time.Hour

// Write runs a use case in a transaction of its own and gives the id of what it made or changed. When the principal's
// call carries a key, what came of it (the id, or what could not be accepted) is kept in the same transaction, and the
// same call again gives that and does nothing. Errors, besides fn's: BAD_INPUT for a key used with other parameters;
// those of pg.Explain.
func Write(ctx context.Context, pool *pg.Pool, by *Principal, now time.Time, fn func(tx *pg.Tx) (id.UUID, error)) (id.UUID, error) {
	var made id.UUID
	var refused error // what could not be accepted: an outcome that is kept, where the transaction is
	err := pool.Write(ctx, by.Session(), func(tx *pg.Tx) (err error) {
		made, refused = id.UUID{}, nil
		if err := by.hold(ctx, tx); err != nil {
			return err
		}
		if by.Once.Key == "" {
			made, err = fn(tx)
			return err
		}
		made, refused, err = onceOnly(ctx, tx, by, now, fn)
		return err
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return id.UUID{}, pg.Explain(err)
	}
	return made, nil
}

// outcome is what was kept of a call.
type outcome struct {
	New    bool    `db:"is_new"`
	Same   bool    `db:"is_same"`
	Entity id.UUID `db:"entity_id"`
	Errors []byte  `db:"errors"`
}

func onceOnly(ctx context.Context, tx *pg.Tx, by *Principal, now time.Time, fn func(tx *pg.Tx) (id.UUID, error)) (made id.UUID, refused, err error) {
	kept, err := claim(ctx, tx, by, now)
	switch {
	case err != nil:
		return made, nil, err
	case !kept.New && !kept.Same:
		return made, nil, errs.New(errs.BadInput, "This idempotency key was used for something else. Use a new key for each mutation.")
	case !kept.New:
		list, err := decodeErrors(kept.Errors)
		return kept.Entity, list.Err(), err
	}
	if err := tx.Savepoint(ctx, "use_case"); err != nil {
		return made, nil, err
	}
	made, err = fn(tx)
	var list errs.List
	if err != nil {
		refused = pg.Explain(err)
		if list = acceptable(refused); list == nil {
			return made, nil, err
		}
		if err := tx.RollbackTo(ctx, "use_case"); err != nil {
			return made, nil, err
		}
	}
	return made, refused, keep(ctx, tx, by, made, list)
}

// claim makes the key this transaction's, or tells what came of the call that had it before. A call under the same key
// that is still under way is waited for. Keys that are older than a week are forgotten.
func claim(ctx context.Context, tx *pg.Tx, by *Principal, now time.Time) (outcome, error) {
	_, err := tx.Exec(ctx, `
		delete from idempotency_key
		 where org_id = $1
		   and created_at < $2`, by.Org, now.Add(-keptFor))
	if err != nil {
		return outcome{}, fmt.Errorf("forget old keys: %w", err)
	}
	n, err := tx.Exec(ctx, `
		insert into idempotency_key (org_id, actor_id, key, request_hash, created_at)
		values ($1, $2, $3, $4, $5)
		    on conflict do nothing`, by.Org, by.actor(), by.Once.Key, by.Once.Hash, now)
	if err != nil {
		return outcome{}, fmt.Errorf("claim key: %w", err)
	}
	if n == 1 {
		return outcome{New: true}, nil
	}
	var kept outcome
	err = tx.Get(ctx, &kept, `
		select false as is_new, request_hash = $4 as is_same, entity_id, errors
		  from idempotency_key
		 where org_id = $1
		   and actor_id = $2
		   and key = $3`, by.Org, by.actor(), by.Once.Key, by.Once.Hash)
	if err != nil {
		return outcome{}, fmt.Errorf("read key: %w", err)
	}
	return kept, nil
}

func keep(ctx context.Context, tx *pg.Tx, by *Principal, made id.UUID, refused errs.List) error {
	var doc *string
	if refused != nil {
		b, err := json.Marshal(refused)
		if err != nil {
			return fmt.Errorf("encode errors: %w", err)
		}
		s := string(b)
		doc, made = &s, id.UUID{}
	}
	_, err := tx.Exec(ctx, `
		update idempotency_key
		   set entity_id = $4, errors = $5
		 where org_id = $1
		   and actor_id = $2
		   and key = $3`, by.Org, by.actor(), by.Once.Key, made, doc)
	if err != nil {
		return fmt.Errorf("keep outcome: %w", err)
	}
	return nil
}

// acceptable gives the errors that are an outcome of a mutation rather than its failure, nil for any other error.
func acceptable(err error) errs.List {
	var list errs.List
	var one *errs.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = errs.List{one}
	}
	for _, e := range list {
		if e.Code != errs.BadInput && e.Code != errs.Conflict && e.Code != errs.LimitExceeded {
			return nil
		}
	}
	return list
}

// decodeErrors gives back what could not be accepted, nil where all was.
func decodeErrors(doc []byte) (errs.List, error) {
	if doc == nil {
		return nil, nil
	}
	var list errs.List
	if err := json.Unmarshal(doc, &list); err != nil {
		return nil, fmt.Errorf("decode errors: %w", err)
	}
	return list, nil
}
