package pg

import (
	"context"
	"sync"

	"github.com/jmoiron/sqlx"
)

// Handle is the read side of one operation: one read-only, repeatable-read transaction, so that everything the
// operation shows is of one moment. It opens at the first statement and must be closed before bytes are written to the
// client, so that a slow reader holds no connection. Its statements are serialised: gqlgen resolves siblings in
// parallel, and a connection runs one statement at a time.
type Handle struct {
	pool    *Pool
	session Session

	mu      sync.Mutex
	tx      *sqlx.Tx
	version int64
}

// Read makes a handle. It costs nothing until its first statement.
func (p *Pool) Read(s Session) *Handle { return &Handle{pool: p, session: s} }

// Version opens the handle and tells the org's reference version at its snapshot.
func (h *Handle) Version(ctx context.Context) (int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.open(ctx); err != nil {
		return 0, err
	}
	return h.version, nil
}

// Get scans the first row into dest; no row is sql.ErrNoRows.
func (h *Handle) Get(ctx context.Context, dest any, query string, args ...any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.open(ctx); err != nil {
		return err
	}
	return h.tx.GetContext(ctx, dest, query, args...)
}

// Select scans all rows into the slice that dest points to.
func (h *Handle) Select(ctx context.Context, dest any, query string, args ...any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.open(ctx); err != nil {
		return err
	}
	return h.tx.SelectContext(ctx, dest, query, args...)
}

// Close ends the snapshot and gives the connection back. The next statement opens a new one, which is how a mutation's
// payload shows what was written.
func (h *Handle) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tx != nil {
		_ = h.tx.Rollback() // nothing was written
		h.tx = nil
	}
}

func (h *Handle) open(ctx context.Context) error {
	if h.tx != nil {
		return nil
	}
	tx, version, err := h.pool.begin(ctx, "isolation level repeatable read read only", h.session)
	if err != nil {
		return err
	}
	h.tx, h.version = tx, version
	return nil
}
