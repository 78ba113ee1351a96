package event

import "github.com/ententehq/entente/internal/id"

// Fact is something that events and the audit log tell of a record of type T, by the API's field name. Values are
// comparable, ids in the API's form, and nil where unknown.
type Fact[T any] struct {
	Name     string
	Of       func(*T) any
	Personal bool
}

// Differences are the facts in which two states of a record differ; of a new record (nil before) all that is known.
func Differences[T any](facts []Fact[T], before, after *T) []Field {
	if before == nil {
		before = new(T)
	}
	var out []Field
	for _, f := range facts {
		if was, is := f.Of(before), f.Of(after); was != is {
			out = append(out, Field{Name: f.Name, Before: was, After: is, Personal: f.Personal})
		}
	}
	return out
}

// Text is a fact's value where the text may be unknown.
func Text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// Ref is a fact's value where it refers to another record, which may be none.
func Ref(k id.Kind, u id.UUID) any {
	if u.IsZero() {
		return nil
	}
	return id.Global(k, u)
}
