package graph

import (
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ententehq/entente/internal/access"
)

// coordinate names a field of a type.
type coordinate struct{ typ, field string }

// need is a permission that a field asks for: any of the actions on the object.
type need struct {
	object  string
	actions []string
}

func (n need) metBy(p *access.Principal) bool {
	for _, a := range n.actions {
		if p.Can(n.object, a) {
			return true
		}
	}
	return false
}

// permits is what the schema's @can asks for, by coordinate: a field's own, or that of the type it gives.
type permits map[coordinate]need

func newPermits(schema *ast.Schema) permits {
	out := permits{}
	for _, def := range schema.Types {
		if def.Kind != ast.Object || def.BuiltIn {
			continue
		}
		for _, f := range def.Fields {
			d := f.Directives.ForName("can")
			if target := schema.Types[f.Type.Name()]; d == nil && target != nil {
				d = target.Directives.ForName("can")
			}
			if d != nil {
				out[coordinate{def.Name, f.Name}] = needOf(d)
			}
		}
	}
	return out
}

func needOf(d *ast.Directive) need {
	n := need{actions: []string{"read"}}
	for _, a := range d.Arguments {
		switch v, _ := a.Value.Value(nil); v := v.(type) {
		case string:
			if a.Name == "object" {
				n.object = v
			} else {
				n.actions = []string{v}
			}
		case []any:
			n.actions = nil
			for _, item := range v {
				n.actions = append(n.actions, item.(string))
			}
		}
	}
	return n
}

// denial is a selected field that the asker may not have, with the path of its first selection and how often the
// document selects it. Entries of lists have no place in the path: it holds for all of them.
type denial struct {
	need  need
	path  ast.Path
	count int
}

// denied walks what an operation selects, each coordinate and each fragment once, and gives the fields below the root
// that the asker may not have. Their values are null: a view loads related rows through the asker's scope. Root fields
// are refused by env.
func (p permits) denied(who *access.Principal, op *graphql.OperationContext) []denial {
	w := &walk{permits: p, who: who, doc: op.Doc, fragments: map[string]bool{}, seen: map[coordinate]int{}}
	w.set(op.Operation.SelectionSet, nil, true)
	return w.found
}

type walk struct {
	permits   permits
	who       *access.Principal
	doc       *ast.QueryDocument
	fragments map[string]bool
	seen      map[coordinate]int // where it stands in found, from 1
	found     []denial
}

func (w *walk) set(set ast.SelectionSet, path ast.Path, root bool) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			w.field(s, path, root)
		case *ast.InlineFragment:
			w.set(s.SelectionSet, path, root)
		case *ast.FragmentSpread:
			if f := w.doc.Fragments.ForName(s.Name); f != nil && !w.fragments[s.Name] {
				w.fragments[s.Name] = true
				w.set(f.SelectionSet, path, root)
			}
		}
	}
}

func (w *walk) field(f *ast.Field, path ast.Path, root bool) {
	at := append(path[:len(path):len(path)], ast.PathName(f.Alias))
	c := coordinate{f.ObjectDefinition.Name, f.Name}
	if n, ok := w.permits[c]; ok && !n.metBy(w.who) {
		switch i := w.seen[c]; {
		case root:
		case i > 0:
			w.found[i-1].count++
		default:
			w.found = append(w.found, denial{n, at, 1})
			w.seen[c] = len(w.found)
		}
		return
	}
	w.set(f.SelectionSet, at, false)
}
