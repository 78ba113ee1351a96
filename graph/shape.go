package graph

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ententehq/entente/internal/errs"
)

// What a document may hold. All are counted before it is validated, since validation takes time that grows with the
// square of some of them; docs/api.md tells them to clients.
const (
	maxDocument           = 16 << 10 // bytes
	maxTokens             = 2_000
	maxSelections         = 1_000 // with every fragment filled in wherever it is spread
	maxInSet              = 200   // fields of one object, fragments filled in
	maxDepth              = 12    // fields within fields
	maxIntrospectionDepth = 16    // the same below __schema and __type: the standard query needs 15
	maxAliases            = 30
	maxRootFields         = 20
	maxDirectives         = 20
	maxOperations         = 20
	maxFragments          = 50
	maxVariables          = 50
	maxName               = 100      // bytes of a name or an alias: an alias comes back with every entry of a list
	maxListInput          = 250      // entries of a list among the arguments or the variables
	maxVariableDepth      = 20       // lists and objects of variables within one another
	maxVariableText       = 64 << 10 // bytes of one text among them
)

// shape is what selecting a set amounts to once fragments are filled in.
type shape struct {
	fields     int // of the set itself
	selections int
	aliases    int
	depth      int
	meta       int // the depth of what lies below __schema and __type
}

// enough stops sums of fragments within fragments before they overflow; it lies above every limit.
const enough = 1 << 20

func (s *shape) add(o shape) {
	s.fields = min(s.fields+o.fields, enough)
	s.selections = min(s.selections+o.selections, enough)
	s.aliases = min(s.aliases+o.aliases, enough)
	s.depth, s.meta = max(s.depth, o.depth), max(s.meta, o.meta)
}

// surveyor measures a document that has been parsed and not validated: names may mean nothing and fragments may go in
// circles. Each selection is looked at once, whatever fragments are spread where.
type surveyor struct {
	doc        *ast.QueryDocument
	fragments  map[string]shape
	open       map[string]bool // fragments being measured
	directives int
}

// survey refuses a document that is larger than allowed or whose fragments contain themselves.
// Errors: LIMIT_EXCEEDED, BAD_INPUT.
func survey(doc *ast.QueryDocument) *errs.Error {
	s := &surveyor{doc: doc, fragments: map[string]shape{}, open: map[string]bool{}}
	variables := 0
	for _, op := range doc.Operations {
		variables += len(op.VariableDefinitions)
	}
	for _, c := range []struct {
		n, max int
		what   string
	}{
		{len(doc.Operations), maxOperations, "operations"}, {len(doc.Fragments), maxFragments, "fragments"}, {variables, maxVariables, "variables"},
	} {
		if c.n > c.max {
			return tooMany(c.what, c.max)
		}
	}
	for _, op := range doc.Operations {
		if err := s.operation(op); err != nil {
			return err
		}
	}
	for _, f := range doc.Fragments { // also those that no operation uses
		if _, err := s.fragment(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *surveyor) operation(op *ast.OperationDefinition) *errs.Error {
	if err := s.named(op.Name, op.Directives); err != nil {
		return err
	}
	for _, v := range op.VariableDefinitions {
		if err := s.named(v.Variable, v.Directives); err != nil {
			return err
		}
		if err := literal(v.DefaultValue); err != nil {
			return err
		}
	}
	all, err := s.set(op.SelectionSet)
	switch {
	case err != nil:
		return err
	case all.fields > maxRootFields:
		return errs.New(errs.LimitExceeded, "The operation has more than %d root fields. Send it as several operations.", maxRootFields).
			With("limit", "rootFields").With("max", maxRootFields)
	}
	return all.check()
}

func (s shape) check() *errs.Error {
	switch {
	case s.selections > maxSelections:
		return errs.New(errs.LimitExceeded, "The document selects more than %d fields, each fragment counted wherever it is spread. Select less, or send several requests.", maxSelections).
			With("limit", "selections").With("max", maxSelections)
	case s.aliases > maxAliases:
		return tooMany("aliases", maxAliases)
	case s.depth > maxDepth:
		return tooDeep(maxDepth)
	case s.meta > maxIntrospectionDepth:
		return tooDeep(maxIntrospectionDepth)
	}
	return nil
}

func tooMany(what string, most int) *errs.Error {
	return errs.New(errs.LimitExceeded, "The document has more than %d %s. Send what it asks for as several requests.", most, what).
		With("limit", what).With("max", most)
}

func tooDeep(most int) *errs.Error {
	return errs.New(errs.LimitExceeded, "The document nests fields more than %d deep. Ask for the inner objects by their ids, with node or nodes.", most).
		With("limit", "depth").With("max", most)
}

// set measures a selection set. What is too large is refused on the way, so that no set is looked at in vain.
func (s *surveyor) set(set ast.SelectionSet) (shape, *errs.Error) {
	var all shape
	for _, selection := range set {
		one, err := s.selection(selection)
		if err != nil {
			return all, err
		}
		all.add(one)
	}
	if all.fields > maxInSet {
		return all, errs.New(errs.LimitExceeded, "The document selects more than %d fields of one object. Select each field once.", maxInSet).
			With("limit", "fields").With("max", maxInSet)
	}
	return all, nil
}

func (s *surveyor) selection(selection ast.Selection) (shape, *errs.Error) {
	switch x := selection.(type) {
	case *ast.Field:
		return s.field(x)
	case *ast.InlineFragment:
		if err := s.named("", x.Directives); err != nil {
			return shape{}, err
		}
		return s.within(s.set(x.SelectionSet))
	case *ast.FragmentSpread:
		if err := s.named("", x.Directives); err != nil {
			return shape{}, err
		}
		if f := s.doc.Fragments.ForName(x.Name); f != nil { // what is missing is for validation to say
			return s.within(s.fragment(f))
		}
	}
	return shape{selections: 1}, nil
}

// within is what a spread or an inline fragment adds to the set that it stands in.
func (*surveyor) within(inner shape, err *errs.Error) (shape, *errs.Error) {
	inner.add(shape{selections: 1})
	return inner, err
}

func (s *surveyor) field(f *ast.Field) (shape, *errs.Error) {
	if err := s.named(f.Alias, f.Directives); err != nil {
		return shape{}, err
	}
	for _, a := range f.Arguments {
		if err := literal(a.Value); err != nil {
			return shape{}, err
		}
	}
	inner, err := s.set(f.SelectionSet)
	one := shape{fields: 1, selections: min(inner.selections+1, enough), aliases: inner.aliases, depth: inner.depth + 1}
	if inner.meta > 0 {
		one.meta = inner.meta + 1
	}
	if f.Name == "__schema" || f.Name == "__type" {
		one.depth, one.meta = 1, inner.depth+1
	}
	if f.Alias != f.Name {
		one.aliases++
	}
	return one, err
}

func (s *surveyor) fragment(f *ast.FragmentDefinition) (shape, *errs.Error) {
	if known, ok := s.fragments[f.Name]; ok {
		return known, nil
	}
	if s.open[f.Name] {
		return shape{}, errs.New(errs.BadInput, "A fragment contains itself. Take the spread out of it.")
	}
	s.open[f.Name] = true
	defer delete(s.open, f.Name)
	if err := s.named(f.Name, f.Directives); err != nil {
		return shape{}, err
	}
	all, err := s.set(f.SelectionSet)
	if err == nil && strings.HasPrefix(f.TypeCondition, "__") { // it can be spread below __schema and __type only
		err = shape{selections: all.selections, aliases: all.aliases, meta: all.depth}.check()
	} else if err == nil {
		err = all.check()
	}
	s.fragments[f.Name] = all
	return all, err
}

// named checks what a part of a document is called, and counts its directives.
func (s *surveyor) named(name string, directives ast.DirectiveList) *errs.Error {
	if len(name) > maxName {
		return errs.New(errs.LimitExceeded, "A name in the document is longer than %d characters. Choose a shorter one.", maxName).
			With("limit", "name").With("max", maxName)
	}
	if s.directives += len(directives); s.directives > maxDirectives {
		return tooMany("directives", maxDirectives)
	}
	for _, d := range directives {
		for _, a := range d.Arguments {
			if err := literal(a.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

func longList() *errs.Error {
	return errs.New(errs.LimitExceeded, "A list in the arguments has more than %d entries. Send it in several requests.", maxListInput).
		With("limit", "list").With("max", maxListInput)
}

// literal checks the lists that are written into the document. The parser bounds how deep they nest.
func literal(v *ast.Value) *errs.Error {
	if v == nil {
		return nil
	}
	if v.Kind == ast.ListValue && len(v.Children) > maxListInput {
		return longList()
	}
	for _, c := range v.Children {
		if err := literal(c.Value); err != nil {
			return err
		}
	}
	return nil
}

// variable checks a value among the variables before it is compared with its type.
func variable(v any, depth int) *errs.Error {
	if depth > maxVariableDepth {
		return errs.New(errs.LimitExceeded, "The variables nest more than %d deep. Flatten them.", maxVariableDepth).
			With("limit", "variableDepth").With("max", maxVariableDepth)
	}
	switch v := v.(type) {
	case string:
		if len(v) > maxVariableText {
			return errs.New(errs.LimitExceeded, "A text among the variables is longer than %d bytes. Send a shorter one.", maxVariableText).
				With("limit", "text").With("max", maxVariableText)
		}
	case []any:
		if len(v) > maxListInput {
			return longList()
		}
		for _, item := range v {
			if err := variable(item, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := variable(item, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
