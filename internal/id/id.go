// Package id makes and reads identifiers: UUIDv7 in the database, and in the API an opaque global id whose prefix names
// the type (`deal_06bq…`), so that node(id) needs no table to look the type up in.
//
// Every entity has an id type of its own, so that a deal's id cannot be passed where an account's is meant.
package id

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// UUID is an identifier as the database keeps it. The zero value means "none" and is stored as NULL.
type UUID [16]byte

// alphabet is Crockford's base 32 in lower case, in the order of its values, so that ids sort as they were made.
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New makes a fresh UUIDv7.
func New() UUID { return UUID(uuid.Must(uuid.NewV7())) }

// Derived makes the UUIDv7 that belongs to a moment and a name: the same for the same, for generated data.
func Derived(at time.Time, name string) UUID {
	var u UUID
	ms := at.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	sum := sha256.Sum256([]byte(name))
	copy(u[6:], sum[:10])
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}

// ParseUUID reads the database's form.
func ParseUUID(s string) (UUID, error) {
	u, err := uuid.Parse(s)
	if err != nil {
		return UUID{}, fmt.Errorf("read uuid: %w", err)
	}
	return UUID(u), nil
}

// IsZero tells whether this is no id at all.
func (u UUID) IsZero() bool { return u == UUID{} }

// String is the database's form.
func (u UUID) String() string { return uuid.UUID(u).String() }

// Value gives the id to the database; the zero id is NULL.
func (u UUID) Value() (driver.Value, error) {
	if u.IsZero() {
		return nil, nil
	}
	return u.String(), nil
}

// Scan takes the id from the database; NULL is the zero id.
func (u *UUID) Scan(src any) error {
	if src == nil {
		*u = UUID{}
		return nil
	}
	var p uuid.UUID
	var err error
	if text, ok := src.([]byte); ok {
		p, err = uuid.ParseBytes(text) // what lib/pq sends; Scan would make a string of it first
	} else {
		err = p.Scan(src)
	}
	if err != nil {
		return fmt.Errorf("scan id: %w", err)
	}
	*u = UUID(p)
	return nil
}

// Kind is the prefix of a global id: the type it names.
type Kind string

// Global is the API's form of an id.
func Global(k Kind, u UUID) string {
	return string(k) + "_" + alphabet.EncodeToString(u[:])
}

// Parse reads a global id of whatever type. It tells false for anything that is not one.
func Parse(s string) (Kind, UUID, bool) {
	i := strings.LastIndexByte(s, '_')
	if i <= 0 || len(s)-i-1 != 26 {
		return "", UUID{}, false
	}
	var u UUID
	b, err := alphabet.DecodeString(s[i+1:])
	if err != nil || len(b) != len(u) {
		return "", UUID{}, false
	}
	copy(u[:], b)
	if Global(Kind(s[:i]), u) != s { // trailing bits set: another spelling of the same id
		return "", UUID{}, false
	}
	return Kind(s[:i]), u, true
}

// ParseKind reads a global id of one type. It tells false for an id of another type too.
func ParseKind(k Kind, s string) (UUID, bool) {
	got, u, ok := Parse(s)
	return u, ok && got == k
}

// Array renders ids as the text of a PostgreSQL array, for `= any($1::uuid[])`.
func Array[T interface{ String() string }](ids []T) string {
	var b strings.Builder
	b.Grow(2 + 37*len(ids))
	b.WriteByte('{')
	for i, u := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(u.String())
	}
	b.WriteByte('}')
	return b.String()
}

// MarshalJSON writes the database's form, and null for the zero id: rows are sent to PostgreSQL as JSON.
func (u UUID) MarshalJSON() ([]byte, error) {
	if u.IsZero() {
		return []byte("null"), nil
	}
	return []byte(`"` + u.String() + `"`), nil
}
