package entity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/money"
)

// MaxDepth is how deep and, or and not may nest in a filter; MaxList how many values an in or notIn may hold.
const (
	MaxDepth = 5
	MaxList  = 250
)

// Args collects a statement's arguments.
type Args struct {
	values []any
	scope  Scope // whose filter it is, for lists
}

// Add gives the placeholder of one more argument.
func (a *Args) Add(v any) string {
	a.values = append(a.values, v)
	return "$" + strconv.Itoa(len(a.values))
}

// Values are the arguments in the order of their placeholders.
func (a *Args) Values() []any { return a.values }

// Filter is a `where` as it came: the schema has checked its keys, the description gives them meaning.
type Filter = map[string]any

// where renders a filter, or "" for one that asks nothing. Keys are taken in order, so that equal filters give equal
// statements.
func (e *Entity[T]) where(f Filter, a *Args, depth int, path []string) (string, error) {
	if depth > MaxDepth {
		return "", errs.New(errs.LimitExceeded, "A filter nests at most %d deep. Say the same with fewer and, or, not.", MaxDepth).At(path...)
	}
	keys := make([]string, 0, len(f))
	for k := range f {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var parts []string
	for _, k := range keys {
		part, err := e.member(k, f[k], a, depth, append(path[:len(path):len(path)], k))
		if err != nil {
			return "", err
		}
		if part != "" {
			parts = append(parts, part)
		}
	}
	return join(parts, " and "), nil
}

func (e *Entity[T]) member(key string, v any, a *Args, depth int, path []string) (string, error) {
	switch key {
	case "and", "or":
		var parts []string
		for i, sub := range filters(v) {
			part, err := e.where(sub, a, depth+1, append(path[:len(path):len(path)], strconv.Itoa(i)))
			if err != nil {
				return "", err
			}
			if part == "" && key == "or" { // an empty alternative is always met
				part = "true"
			}
			if part != "" {
				parts = append(parts, part)
			}
		}
		if key == "or" && v != nil && len(parts) == 0 {
			return "false", nil // none of no alternatives holds
		}
		return join(parts, " "+key+" "), nil
	case "not":
		sub, _ := v.(Filter)
		part, err := e.where(sub, a, depth+1, path)
		if err != nil || part == "" {
			return "", err
		}
		return "(" + part + ") is not true", nil
	}
	f := e.fields[key]
	if f == nil {
		return "", fmt.Errorf("the schema filters %s by %s, which is not described", e.name, key)
	}
	if bad := f.readable(a.scope); bad != nil {
		return "", bad.At(path...)
	}
	cmp, _ := v.(map[string]any)
	return f.compare(cmp, a, e.alias, path)
}

// compare renders one field's comparators, all of which must hold. A comparison with an unknown value does not hold,
// and neither does its negation: ask for unknown ones by isNull.
func (f *Field) compare(cmp map[string]any, a *Args, alias string, path []string) (string, error) {
	ops := make([]string, 0, len(cmp))
	for op := range cmp {
		ops = append(ops, op)
	}
	slices.Sort(ops)
	var parts []string
	for _, op := range ops {
		at := append(path[:len(path):len(path)], op)
		v := cmp[op]
		if v == nil {
			return "", errs.New(errs.BadInput, "%s of %s has no value. To ask for what is not known use {isNull: true}.", op, f.name).At(at...)
		}
		part, bad := f.compareOne(op, v, a, alias)
		if bad != nil {
			return "", bad.At(at...)
		}
		parts = append(parts, part)
	}
	return join(parts, " and "), nil
}

var operators = map[string]string{"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}

func (f *Field) compareOne(op string, v any, a *Args, alias string) (string, *errs.Error) {
	switch op {
	case "isNull":
		if v == true {
			return f.expr + " is null", nil
		}
		return f.expr + " is not null", nil
	case "in", "notIn":
		return f.compareList(op, v, a)
	case "contains", "startsWith":
		s, bad := f.kind.parse(v, f)
		if bad != nil {
			return "", bad
		}
		pattern := likeEscape.Replace(s.(string)) + "%"
		if op == "contains" {
			pattern = "%" + pattern
		}
		return f.expr + " ilike " + a.Add(pattern), nil
	}
	arg, bad := f.kind.parse(v, f)
	if bad != nil {
		return "", bad
	}
	part := f.expr + " " + operators[op] + " " + a.Add(arg) + "::" + f.kind.cast
	if m, ok := v.(money.Input); ok {
		part += " and " + alias + ".currency = " + a.Add(string(m.Currency))
	}
	return part, nil
}

var likeEscape = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

func (f *Field) compareList(op string, v any, a *Args) (string, *errs.Error) {
	list, ok := v.([]any)
	if !ok {
		return "", wrong(f, "a list", v)
	}
	if len(list) > MaxList {
		return "", errs.New(errs.LimitExceeded, "A list in a filter holds at most %d values; this one has %d.", MaxList, len(list))
	}
	texts := make([]string, len(list))
	for i, item := range list {
		arg, bad := f.kind.parse(item, f)
		if bad != nil {
			return "", bad
		}
		texts[i] = textOf(arg)
	}
	array := a.Add(texts) + "::" + f.kind.cast + "[]"
	if op == "in" {
		return f.expr + " = any(" + array + ")", nil
	}
	return f.expr + " <> all(" + array + ")", nil
}

// textOf is an argument as an element of a text array that is cast to the field's type.
func textOf(arg any) string {
	if t, ok := arg.(time.Time); ok {
		return t.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(arg)
}

// filters reads a list of filters; GraphQL takes a single one for a list of one.
func filters(v any) []Filter {
	switch l := v.(type) {
	case []Filter:
		return l
	case []any:
		out := make([]Filter, 0, len(l))
		for _, item := range l {
			if m, ok := item.(Filter); ok {
				out = append(out, m)
			}
		}
		return out
	case Filter:
		return []Filter{l}
	}
	return nil
}

func join(parts []string, with string) string {
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, with) + ")"
}
