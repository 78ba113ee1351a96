package graph

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ententehq/entente/internal/page"
)

const (
	maxCost     = 10_000 // of an operation
	boundedList = 10     // entries taken for granted in a list without pages
	countCost   = 10     // of totalCount, which counts rows that are not in the page

	// introspected is how many objects of the schema cost as much as one of the data.
	introspected = 5
)

// schemaLists are how many entries introspection's lists are taken to have. They do not grow with the schema, so that
// the queries that tools send cost the same for as long as it lives: about half of what an operation may.
var schemaLists = map[coordinate]int{
	{"__Schema", "types"}: 100, {"__Schema", "directives"}: 5, {"__Directive", "args"}: 2,
	{"__Type", "fields"}: 5, {"__Type", "inputFields"}: 3, {"__Type", "enumValues"}: 2,
	{"__Type", "interfaces"}: 1, {"__Type", "possibleTypes"}: 1, {"__Field", "args"}: 2,
}

// price is what a selection set costs: once, and for each entry of the page when the set is a connection's.
type price struct{ once, each int }

// dear stops products of pages within pages before they overflow.
const dear = 1 << 30

func plus(a, b int) int  { return min(a+b, dear) }
func times(a, b int) int { return min(a*b, dear) } // both are below dear, so the product fits

// costOf is the cost of an operation whose variables have been coerced: an object 1, a value 0, a list 1 and its entries as
// many times as the page is long. It is at least 1. Each fragment is looked at once.
func costOf(schema *ast.Schema, op *graphql.OperationContext) int {
	b := &bill{schema: schema, doc: op.Doc, vars: op.Variables, fragments: map[string]price{}}
	return max(b.set(op.Operation.SelectionSet).once, 1)
}

type bill struct {
	schema    *ast.Schema
	doc       *ast.QueryDocument
	vars      map[string]any
	fragments map[string]price
}

func (b *bill) set(set ast.SelectionSet) price {
	var sum price
	for _, s := range set {
		var one price
		switch s := s.(type) {
		case *ast.Field:
			if b.selected(s.Directives) {
				one = b.field(s)
			}
		case *ast.InlineFragment:
			if b.selected(s.Directives) {
				one = b.set(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if b.selected(s.Directives) {
				one = b.fragment(s.Name)
			}
		}
		sum.once, sum.each = plus(sum.once, one.once), plus(sum.each, one.each)
	}
	return sum
}

func (b *bill) fragment(name string) price {
	known, ok := b.fragments[name]
	if f := b.doc.Fragments.ForName(name); !ok && f != nil {
		known = b.set(f.SelectionSet)
		b.fragments[name] = known
	}
	return known
}

func (b *bill) field(f *ast.Field) price {
	if f.Definition == nil || f.ObjectDefinition == nil {
		return price{}
	}
	t := b.schema.Types[f.Definition.Type.Name()]
	if t == nil || t.IsLeafType() {
		if f.Name == "totalCount" {
			return price{once: countCost}
		}
		return price{}
	}
	inner := b.set(f.SelectionSet)
	switch child := plus(inner.once, 1); {
	case f.Name == "__schema" || f.Name == "__type":
		return price{once: child/introspected + 1}
	case isConnection(t):
		return price{once: plus(child, times(b.page(f), inner.each))}
	case f.Definition.Type.Elem == nil:
		return price{once: child}
	case isConnection(f.ObjectDefinition):
		return price{once: 1, each: child}
	default:
		return price{once: plus(1, times(b.length(f), child))}
	}
}

func isConnection(t *ast.Definition) bool { return strings.HasSuffix(t.Name, "Connection") }

// page is how many entries a connection may give.
func (b *bill) page(f *ast.Field) int {
	for _, name := range []string{"first", "last"} {
		if n, ok := whole(b.argument(f, name)); ok {
			return min(max(n, 0), page.Max)
		}
	}
	return page.Default
}

// length is how many entries a list without pages is taken to have: as many as ids are given, or asked for, or a few.
func (b *bill) length(f *ast.Field) int {
	if n, ok := schemaLists[coordinate{f.ObjectDefinition.Name, f.Name}]; ok {
		return n
	}
	if ids := reflect.ValueOf(b.argument(f, "ids")); ids.Kind() == reflect.Slice {
		return ids.Len()
	}
	for _, name := range []string{"first", "last"} {
		if n, ok := whole(b.argument(f, name)); ok {
			return min(max(n, 0), page.Max)
		}
	}
	return boundedList
}

// argument is an argument's value, nil where it was not given or cannot be read: its resolver says so.
func (b *bill) argument(f *ast.Field, name string) any {
	a := f.Arguments.ForName(name)
	if a == nil {
		return nil
	}
	v, err := a.Value.Value(b.vars)
	if err != nil {
		return nil
	}
	return v
}

// selected follows @skip and @include.
func (b *bill) selected(directives ast.DirectiveList) bool {
	for _, d := range directives {
		a := d.Arguments.ForName("if")
		if a == nil || d.Name != "skip" && d.Name != "include" {
			continue
		}
		v, err := a.Value.Value(b.vars)
		if yes, ok := v.(bool); err == nil && ok && yes == (d.Name == "skip") {
			return false
		}
	}
	return true
}

// whole reads a number as a document or JSON gives it.
func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case int:
		return v, true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}
