package entity

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
)

// Field is one field that a list can be filtered or sorted by.
type Field struct {
	name string
	expr string // what filters compare, null where unknown
	sort string // a plain column that is never null, or "" where the field does not sort
	kind kind
	of   string // the kind of object that must be readable to filter or sort by it; "" for none but the entity
}

// kind is how a field's values look: in SQL, in a filter, in a cursor.
type kind struct {
	cast  string                                   // the SQL type
	parse func(v any, f *Field) (any, *errs.Error) // from a filter's value to the statement's argument
	like  bool                                     // contains and startsWith make sense
}

// The kinds of fields. expr is a column of the entity's row.

// Text is filtered as text, exactly as written; contains and startsWith ignore case.
func Text(name, expr string) *Field { return &Field{name: name, expr: expr, kind: textKind} }

// Ref is another entity's id, of one of the types that the prefix names.
func Ref(name, expr string, k id.Kind) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "uuid", parse: parseRef(k)}}
}

// Enum is one of a closed set of names.
func Enum(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "text", parse: parseText}}
}

// Int is a whole number.
func Int(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "bigint", parse: parseInt}}
}

// Bool is true or false.
func Bool(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "bool", parse: parseBool}}
}

// Money is an amount in minor units beside its currency. A filter's value names its currency and matches amounts of
// that currency only.
func Money(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "bigint", parse: parseMoney}}
}

// Day is a date.
func Day(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "date", parse: parseDay}}
}

// Instant is a moment.
func Instant(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "timestamptz", parse: parseInstant}}
}

// Of says that the field tells of another kind of object: who may not read that may not filter or sort by it either, or
// the answer would tell what is masked.
func (f *Field) Of(object string) *Field {
	f.of = object
	return f
}

// readable refuses a field that the asker sees masked. Errors: FORBIDDEN.
func (f *Field) readable(sc Scope) *errs.Error {
	if f.of == "" || sc.MayRead(f.of) {
		return nil
	}
	return errs.New(errs.Forbidden, "Your roles do not grant read on %s, so lists cannot be filtered or ordered by %s.", f.of, f.name).
		With("permission", f.of+":read")
}

// Sort makes the field sortable by a column that is never null and that an index holds after org_id and before id.
func (f *Field) Sort(column string) *Field {
	f.sort = column
	return f
}

// Sortable tells whether lists can be ordered by the field.
func (f *Field) Sortable() bool { return f.sort != "" }

var textKind = kind{cast: "text", parse: parseText, like: true}

func wrong(f *Field, what string, v any) *errs.Error {
	s := fmt.Sprint(v)
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return errs.New(errs.BadInput, "%q is not %s, which %s is compared with.", s, what, f.name)
}

func parseText(v any, f *Field) (any, *errs.Error) {
	s, ok := v.(string)
	if !ok {
		return nil, wrong(f, "text", v)
	}
	if strings.ContainsRune(s, 0) {
		return nil, errs.New(errs.BadInput, "Text cannot contain the character with the code 0.")
	}
	return s, nil
}

func parseRef(k id.Kind) func(v any, f *Field) (any, *errs.Error) {
	return func(v any, f *Field) (any, *errs.Error) {
		s, _ := v.(string)
		u, ok := id.ParseKind(k, s)
		if !ok {
			return nil, wrong(f, "the id of a "+string(k), v)
		}
		return u.String(), nil
	}
}

func parseInt(v any, f *Field) (any, *errs.Error) {
	switch n := v.(type) {
	case int:
		return int64(n), nil
	case int64:
		return n, nil
	case json.Number:
		if i, err := n.Int64(); err == nil {
			return i, nil
		}
	case string: // a cursor's
		if i, err := strconv.ParseInt(n, 10, 64); err == nil {
			return i, nil
		}
	}
	return nil, wrong(f, "a whole number", v)
}

func parseBool(v any, f *Field) (any, *errs.Error) {
	switch b := v.(type) {
	case bool:
		return b, nil
	case string:
		if p, err := strconv.ParseBool(b); err == nil {
			return p, nil
		}
	}
	return nil, wrong(f, "true or false", v)
}

func parseMoney(v any, f *Field) (any, *errs.Error) {
	switch m := v.(type) {
	case money.Input:
		amount, bad := m.Money()
		return amount.Minor, bad
	default:
		return parseInt(v, f) // a cursor's
	}
}

func parseDay(v any, f *Field) (any, *errs.Error) {
	if d, ok := v.(period.Day); ok {
		return string(d), nil
	}
	s, _ := v.(string)
	if s == "infinity" {
		return s, nil // a cursor's: the key of an unknown day
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return nil, wrong(f, "a day such as 2026-03-31", v)
	}
	return s, nil
}

func parseInstant(v any, f *Field) (any, *errs.Error) {
	switch t := v.(type) {
	case time.Time:
		return t.UTC(), nil
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999-07"} {
			if p, err := time.Parse(layout, t); err == nil {
				return p.UTC(), nil
			}
		}
	}
	return nil, wrong(f, "a moment such as 2026-03-31T09:00:00Z", v)
}

// names lists field names for a message.
func names(fields map[string]*Field, keep func(*Field) bool) string {
	var out []string
	for n, f := range fields {
		if keep(f) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
