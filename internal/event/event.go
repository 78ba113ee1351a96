package event

import (
	"time"

	"github.com/lib/pq"

	"github.com/ententehq/entente/internal/id"
)

// Channel is the notification channel on which servers tell each other the orgs that have something new.
const Channel = "entente"

// Retention is how long events are kept for subscribers and webhooks to catch up. The audit log is kept for ever.
const Retention = 30 * 24 * time.Hour

// Action says what became of a record.
type Action string

// The actions.
const (
	Created Action = "CREATED"
	Updated Action = "UPDATED"
	Deleted Action = "DELETED"
)

// Actor is who did it and through what. Without a user and a token it is the operator at the command line.
type Actor struct {
	User      id.User
	Token     id.Token // also for a person who signs in by a token
	Client    string   // the program, as it names itself
	RequestID string
}

// Change is what one transaction made of one record. A transaction has one change per record.
type Change struct {
	Entity  id.Kind
	ID      id.UUID
	Version int
	Action  Action
	Fields  []Field
	Reason  string // given by the person, where one was asked for
	At      time.Time
}

// Field is one changed field by the API's name, with what was and what is. Values are anything that encoding/json
// writes, ids in the API's form; nil is unknown.
type Field struct {
	Name     string
	Before   any
	After    any
	Personal bool // about a person: the audit log keeps a digest, the value stands beside it and can be erased
}

// Position is a place in the order of events: of transactions, and of rows within one.
type Position struct {
	Xid int64 `db:"xid"`
	Seq int64 `db:"seq"`
}

// After tells whether this place comes after the other.
func (p Position) After(o Position) bool {
	return p.Xid > o.Xid || p.Xid == o.Xid && p.Seq > o.Seq
}

// Event is a change as subscribers learn of it. Values are left out: a subscriber loads the record as far as they may
// see it.
type Event struct {
	Position
	ID       id.UUID        `db:"id"`
	Entity   string         `db:"entity"`
	EntityID id.UUID        `db:"entity_id"`
	Version  int            `db:"version"`
	Action   Action         `db:"action"`
	Changed  pq.StringArray `db:"changed"`
	User     id.User        `db:"user_id"`
	Token    id.Token       `db:"token_id"`
	At       time.Time      `db:"occurred_at"`
	Settled  bool           `db:"settled"` // no transaction that is still running can come before it
}
