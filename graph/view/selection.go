package view

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// Selection is what a client selected on an object, fragments and skipped fields resolved.
type Selection struct {
	op    *graphql.OperationContext
	set   ast.SelectionSet
	types []string // the object's type and its interfaces, which fragments may name
}

// Selected is the selection on the field being resolved, whose type has these names.
func Selected(ctx context.Context, types ...string) Selection {
	return Selection{graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections, types}
}

// As is the same selection seen by another type.
func (s Selection) As(types ...string) Selection {
	s.types = types
	return s
}

// Fields gives each selection of a field of that name, under whichever alias.
func (s Selection) Fields(name string) []graphql.CollectedField {
	var out []graphql.CollectedField
	for _, f := range graphql.CollectFields(s.op, s.set, s.types) {
		if f.Name == name {
			out = append(out, f)
		}
	}
	return out
}

// Has tells whether the field is selected.
func (s Selection) Has(name string) bool { return len(s.Fields(name)) > 0 }

// Under is what is selected on the objects behind the field, which have these type names.
func (s Selection) Under(name string, types ...string) Selection {
	out := Selection{op: s.op, types: types}
	for _, f := range s.Fields(name) {
		out.set = append(out.set, f.Selections...)
	}
	return out
}

// nodes is what is selected on the entries of a connection, by nodes and by edges.
func (s Selection) nodes(edge string, types ...string) Selection {
	out := s.Under("nodes", types...)
	out.set = append(out.set, s.Under("edges", edge).Under("node", types...).set...)
	return out
}

// arguments gives the arguments of each selection of a field.
func (s Selection) arguments(name string) []map[string]any {
	var out []map[string]any
	for _, f := range s.Fields(name) {
		out = append(out, f.ArgumentMap(s.op.Variables))
	}
	return out
}
