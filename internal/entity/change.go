package entity

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// ChangeSet is what a write sets, by the API's field names. A missing key leaves the field as it is; a nil value clears
// it.
type ChangeSet map[string]any

// Setter applies one member of a change set to a row. W is what the owning package knows while it writes.
type Setter[T, W any] struct {
	key string
	set func(w W, row *T, v any) *errs.Error
}

// SetBy is a setter of a kind of its own.
func SetBy[T, W any](key string, set func(w W, row *T, v any) *errs.Error) Setter[T, W] {
	return Setter[T, W]{key, set}
}

// Apply makes the changes to the row, in the setters' order, and collects all that is wrong with them.
func Apply[T, W any](setters []Setter[T, W], w W, row *T, set ChangeSet) error {
	var bad errs.List
	left := maps.Clone(set)
	for _, s := range setters {
		v, given := set[s.key]
		delete(left, s.key)
		if !given {
			continue
		}
		if e := s.set(w, row, v); e != nil {
			bad = append(bad, e.At(s.key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		bad.Add(errs.BadInput, key, "There is no member %s that can be set.", key)
	}
	return bad.Err()
}

// SetName sets a text that must not be empty, without spaces around it, of at most so many characters.
func SetName[T, W any](key string, most int, field func(*T) *string) Setter[T, W] {
	return Setter[T, W]{key, func(_ W, row *T, v any) *errs.Error {
		s, _ := v.(string)
		s = strings.TrimSpace(s)
		if s == "" || utf8.RuneCountInString(s) > most || strings.ContainsRune(s, 0) {
			return errs.New(errs.BadInput, "Give the %s as 1 to %d characters.", key, most)
		}
		*field(row) = s
		return nil
	}}
}

// SetText sets a text that may be unknown, of at most so many characters; null and nothing but spaces clear it.
func SetText[T, W any](key string, most int, field func(*T) **string) Setter[T, W] {
	return Setter[T, W]{key, func(_ W, row *T, v any) *errs.Error {
		s, _ := v.(string)
		s = strings.TrimSpace(s)
		switch {
		case utf8.RuneCountInString(s) > most || strings.ContainsRune(s, 0):
			return errs.New(errs.BadInput, "Give the %s as at most %d characters.", key, most)
		case s == "":
			*field(row) = nil
		default:
			*field(row) = &s
		}
		return nil
	}}
}

// SetCount sets a whole number that may be unknown and is not negative; null clears it.
func SetCount[T, W any](key string, field func(*T) **int64) Setter[T, W] {
	return Setter[T, W]{key, func(_ W, row *T, v any) *errs.Error {
		if v == nil {
			*field(row) = nil
			return nil
		}
		n, bad := parseInt(v, &Field{name: key})
		if bad != nil {
			return bad
		}
		i := n.(int64)
		if i < 0 {
			return errs.New(errs.BadInput, "%s is not negative.", key)
		}
		*field(row) = &i
		return nil
	}}
}

// SetRef sets a reference to an object of that kind by its global id; null clears it. That the object exists is for
// the foreign key to say.
func SetRef[T, W any](key string, kind id.Kind, field func(*T) *id.UUID) Setter[T, W] {
	return Setter[T, W]{key, func(_ W, row *T, v any) *errs.Error {
		if v == nil {
			*field(row) = id.UUID{}
			return nil
		}
		s, _ := v.(string)
		u, ok := id.ParseKind(kind, s)
		if !ok {
			return errs.New(errs.BadInput, "This is not the id of a %s.", kind)
		}
		*field(row) = u
		return nil
	}}
}

// SetMoney sets an amount that may be unknown and is not negative, and with it the row's currency; null clears the
// amount. An amount in another currency than the row's others is refused: others gives those that are known.
func SetMoney[T, W any](key string, minor func(*T) **int64, currency func(*T) *money.Currency, others func(*T) []*int64) Setter[T, W] {
	return Setter[T, W]{key, func(_ W, row *T, v any) *errs.Error {
		if v == nil {
			*minor(row) = nil
			return nil
		}
		in, ok := v.(money.Input)
		if !ok {
			return errs.New(errs.BadInput, "Give an amount and its currency.")
		}
		m, bad := in.Money()
		if bad != nil {
			return bad
		}
		if m.Minor < 0 {
			return errs.New(errs.BadInput, "%s is not negative.", key)
		}
		known := slices.ContainsFunc(others(row), func(o *int64) bool { return o != nil })
		if known && m.Currency != *currency(row) {
			return errs.New(errs.BadInput, "The other amount is in %s. Clear it first, and give both in one currency.", *currency(row))
		}
		*currency(row), *minor(row) = m.Currency, &m.Minor
		return nil
	}}
}

// ExpectVersion refuses a change that is based on another version than the current one; nil does not check.
// Errors: CONFLICT.
func ExpectVersion(what string, expected *int, current int) error {
	if expected == nil || *expected == current {
		return nil
	}
	return errs.New(errs.Conflict, "Somebody changed this %s since you read it: you have version %d, it is at version %d. Look at what it is now and try again with that version.",
		what, *expected, current).At("expectedVersion").With("expectedVersion", *expected).With("currentVersion", current)
}

var emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// Email reads an e-mail address into lower case.
func Email(v any) (*string, *errs.Error) {
	s, _ := v.(string)
	s = strings.ToLower(strings.TrimSpace(s))
	if !emailForm.MatchString(s) || len(s) > 254 {
		return nil, errs.New(errs.BadInput, "%.60q is not an e-mail address. Write it as name@example.com.", s)
	}
	return &s, nil
}
