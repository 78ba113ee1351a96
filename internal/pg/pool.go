// Package pg is how Entente speaks to PostgreSQL: a pool whose transactions carry the org, a read handle with one
// snapshot per operation, write transactions that are retried whole, and the mapping of the driver's errors.
//
// Nothing outside this package reaches the pool's connections: a statement runs in a transaction that says whose it is,
// or it does not run. The settings are local to the transaction, so a connection given back to the pool keeps no org.
package pg

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/ententehq/entente/internal/id"
)

// StatementTimeout bounds a statement unless its session says otherwise; ReportTimeout is for reports.
const (
	StatementTimeout = 5 * time.Second
	ReportTimeout    = 15 * time.Second
)

// DB runs statements: a read handle or a write transaction.
type DB interface {
	// Get scans the first row into dest; no row is sql.ErrNoRows.
	Get(ctx context.Context, dest any, query string, args ...any) error
	// Select scans all rows into the slice that dest points to.
	Select(ctx context.Context, dest any, query string, args ...any) error
}

// Session says whose transaction it is. A zero Org sees only the few tables that hold no org's data.
type Session struct {
	Org     id.UUID
	Timeout time.Duration // of a statement; zero is StatementTimeout
}

// Pool holds the connections of one process to one database, as one role.
type Pool struct {
	db    *sqlx.DB
	sent  atomic.Int64
	notes *notifier
}

// Options tune a pool.
type Options struct {
	MaxConns int // zero: 2 × cores + 2
}

// Open connects as the role that the URL names and proves it with one round trip.
func Open(ctx context.Context, url string, o Options) (*Pool, error) {
	p := &Pool{}
	p.notes = newNotifier(p)
	c, err := newConnector(url, &p.sent)
	if err != nil {
		return nil, err
	}
	if o.MaxConns == 0 {
		o.MaxConns = 2*runtime.NumCPU() + 2
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(o.MaxConns)
	db.SetMaxIdleConns(o.MaxConns)
	db.SetConnMaxLifetime(30 * time.Minute)
	p.db = sqlx.NewDb(db, "postgres")
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	return p, nil
}

// Close sends the notifications that are due and gives all connections back.
func (p *Pool) Close() error {
	p.notes.close()
	return p.db.Close()
}

// Ping proves that the database answers.
func (p *Pool) Ping(ctx context.Context) error { return p.db.PingContext(ctx) }

// Stats tells how the pool stands.
func (p *Pool) Stats() sql.DBStats { return p.db.Stats() }

// Sent counts the round trips made so far: openings and statements, not commits, rollbacks and notifications. Tests hold pages to a
// constant number by it.
func (p *Pool) Sent() int64 { return p.sent.Load() }

func (p *Pool) begin(ctx context.Context, mode string, s Session) (*sqlx.Tx, int64, error) {
	o := &opening{query: openingQuery(mode, s), asks: !s.Org.IsZero()}
	tx, err := p.db.BeginTxx(context.WithValue(ctx, openingKey{}, o), nil)
	if err != nil {
		return nil, 0, fmt.Errorf("begin: %w", err)
	}
	return tx, o.version, nil
}

// writeTries bounds how often a write is run when another transaction got in its way.
const writeTries = 5

// Write runs fn in a transaction of its own and commits it. When PostgreSQL gives it up for another's sake
// (serialisation failure, deadlock) the whole of fn is run again after a short random wait, so fn must have no effect
// outside its transaction. A failed commit whose outcome is unknown is not tried again.
func (p *Pool) Write(ctx context.Context, s Session, fn func(tx *Tx) error) error {
	for try := 1; ; try++ {
		err := p.writeOnce(ctx, s, fn)
		if err == nil || !retryable(err) || try == writeTries {
			return err
		}
		wait := time.Duration(rand.Int64N(int64(try) * int64(20*time.Millisecond)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (p *Pool) writeOnce(ctx context.Context, s Session, fn func(tx *Tx) error) error {
	tx, version, err := p.begin(ctx, "isolation level read committed read write", s)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	w := &Tx{tx: tx, version: version}
	if err := fn(w); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	p.notes.add(w.notes)
	return nil
}

// Tx is a write transaction. It is passed as an argument, never hidden in a context.
type Tx struct {
	tx      *sqlx.Tx
	version int64
	notes   []note
}

// Version is the org's reference version when the transaction began.
func (t *Tx) Version(context.Context) (int64, error) { return t.version, nil }

// Get scans the first row into dest; no row is sql.ErrNoRows.
func (t *Tx) Get(ctx context.Context, dest any, query string, args ...any) error {
	return t.tx.GetContext(ctx, dest, query, args...)
}

// Select scans all rows into the slice that dest points to.
func (t *Tx) Select(ctx context.Context, dest any, query string, args ...any) error {
	return t.tx.SelectContext(ctx, dest, query, args...)
}

// Exec runs a statement and tells how many rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Savepoint marks a place that RollbackTo returns to. The name is one of the program's own.
func (t *Tx) Savepoint(ctx context.Context, name string) error {
	_, err := t.tx.ExecContext(ctx, "savepoint "+name)
	return err
}

// RollbackTo undoes what was written since the savepoint, also after a statement that failed.
func (t *Tx) RollbackTo(ctx context.Context, name string) error {
	_, err := t.tx.ExecContext(ctx, "rollback to savepoint "+name)
	return err
}
