// Package page is the paging of lists: arguments checked, cursors tied to the list they came from.
package page

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"

	"github.com/ententehq/entente/internal/errs"
)

// Default and Max are the sizes of a page.
const (
	Default = 25
	Max     = 100
)

// CountCap is where a total count stops.
const CountCap = 10_000

// Args are the paging arguments as a client gave them.
type Args struct {
	First  *int
	After  *string
	Last   *int
	Before *string
}

// Page is a checked request for one page.
type Page struct {
	Size     int
	Backward bool   // the last Size before Cursor, rather than the first Size after it
	Cursor   string // "" at the list's edge
}

// Parse checks the arguments. Errors: BAD_INPUT, LIMIT_EXCEEDED.
func (a Args) Parse() (Page, error) {
	if a.First != nil && a.Last != nil {
		return Page{}, errs.New(errs.BadInput, "Give first or last, not both.").At("last")
	}
	if a.After != nil && a.Before != nil || a.First != nil && a.Before != nil || a.Last != nil && a.After != nil {
		return Page{}, errs.New(errs.BadInput, "Page forward with first and after, or backward with last and before.").At("before")
	}
	p := Page{Size: Default}
	size, name := a.First, "first"
	if a.Last != nil || a.Before != nil {
		size, name, p.Backward = a.Last, "last", true
	}
	if size != nil {
		p.Size = *size
	}
	switch {
	case p.Size < 1:
		return Page{}, errs.New(errs.BadInput, "A page has at least 1 entry; give %s from 1 to %d.", name, Max).At(name)
	case p.Size > Max:
		return Page{}, errs.New(errs.LimitExceeded, "A page has at most %d entries. Give %s from 1 to %d and follow pageInfo's cursors for more.", Max, name, Max).At(name)
	}
	if p.Backward && a.Before != nil {
		p.Cursor = *a.Before
	}
	if !p.Backward && a.After != nil {
		p.Cursor = *a.After
	}
	return p, nil
}

// Cursor encodes the sort values of a row together with the list they are of.
func Cursor(list string, values []string) string {
	tag := sha256.Sum256([]byte(list))
	b, _ := json.Marshal(values) // strings always marshal
	return base64.RawURLEncoding.EncodeToString(append(tag[:6:6], b...))
}

// ParseCursor gives the sort values back. A cursor of another list, order or filter moment is BAD_CURSOR.
func ParseCursor(list, cursor string, n int) ([]string, error) {
	bad := errs.New(errs.BadCursor, "This cursor is not of this list in this order. Start again without it, with the same orderBy on every page.")
	b, err := base64.RawURLEncoding.DecodeString(cursor)
	tag := sha256.Sum256([]byte(list))
	if err != nil || len(b) < 6 || string(b[:6]) != string(tag[:6]) {
		return nil, bad
	}
	var values []string
	if err := json.Unmarshal(b[6:], &values); err != nil || len(values) != n {
		return nil, bad
	}
	return values, nil
}
