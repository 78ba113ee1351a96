package pg

import (
	"context"
	"fmt"
	"sync"

	"github.com/ententehq/entente/internal/id"
)

// Versioned is a DB that knows the org's reference version at its snapshot.
type Versioned interface {
	DB
	Version(ctx context.Context) (int64, error)
}

// Cached holds reference data in memory, one value per org: small tables that nearly every operation needs and that
// seldom change (stages, people, policy). Each use compares the version that came with the transaction's opening, so a
// value is never older than the transaction that reads it, and an unchanged one costs no statement.
type Cached[T any] struct {
	load func(ctx context.Context, db DB, org id.UUID) (T, error)
	mu   sync.RWMutex
	orgs map[id.UUID]*cachedValue[T]
}

type cachedValue[T any] struct {
	version int64
	value   T
}

// NewCached makes an empty cache; load reads an org's value within the transaction at hand.
func NewCached[T any](load func(ctx context.Context, db DB, org id.UUID) (T, error)) *Cached[T] {
	return &Cached[T]{load: load, orgs: map[id.UUID]*cachedValue[T]{}}
}

// Peek gives the value that was read last, and of which version it is; false where none was. Whoever uses it must find out
// in their transaction whether that version still holds.
func (c *Cached[T]) Peek(org id.UUID) (value T, version int64, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if have := c.orgs[org]; have != nil {
		return have.value, have.version, true
	}
	return value, 0, false
}

// Get gives the org's value as the transaction sees it.
func (c *Cached[T]) Get(ctx context.Context, db Versioned, org id.UUID) (T, error) {
	version, err := db.Version(ctx)
	if err != nil {
		var none T
		return none, err
	}
	c.mu.RLock()
	have := c.orgs[org]
	c.mu.RUnlock()
	if have != nil && have.version == version {
		return have.value, nil
	}
	value, err := c.load(ctx, db, org)
	if err != nil {
		var none T
		return none, fmt.Errorf("load reference data: %w", err)
	}
	if _, reads := db.(*Handle); !reads {
		return value, nil // a write transaction may have changed the tables itself and may yet be rolled back
	}
	c.mu.Lock()
	// A transaction with an older snapshot may finish loading later: the newer value stays.
	if have = c.orgs[org]; have == nil || have.version < version {
		c.orgs[org] = &cachedValue[T]{version, value}
	}
	c.mu.Unlock()
	return value, nil
}
