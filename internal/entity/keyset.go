package entity

import (
	"fmt"
	"strings"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
)

// maxOrder is how many terms an orderBy may have.
const maxOrder = 3

var badCursor = errs.New(errs.BadCursor, "This cursor is not of this list. Start again without it.")

// term is one term of a list's order; the id follows the last in its direction.
type term struct {
	field *Field
	desc  bool
}

func (e *Entity[T]) terms(order []Order, sc Scope) ([]term, error) {
	if len(order) == 0 {
		order = e.order
	}
	if len(order) > maxOrder {
		return nil, errs.New(errs.LimitExceeded, "orderBy takes at most %d fields.", maxOrder).At("orderBy")
	}
	terms := make([]term, len(order))
	for i, o := range order {
		f := e.fields[o.Field]
		if f == nil || f.sort == "" {
			return nil, errs.New(errs.BadInput, "A list of %ss cannot be ordered by %s. Use one of: %s.",
				e.name, o.Field, names(e.fields, (*Field).Sortable)).At("orderBy")
		}
		if bad := f.readable(sc); bad != nil {
			return nil, bad.At("orderBy")
		}
		terms[i] = term{f, o.Desc}
	}
	return terms, nil
}

// keysetOf renders the row's sort values in text form, from which its cursor is made.
func keysetOf(terms []term, alias string) string {
	parts := make([]string, 0, len(terms)+1)
	for _, t := range terms {
		parts = append(parts, t.field.sort+"::text")
	}
	return "array[" + strings.Join(append(parts, alias+".id::text"), ", ") + "]"
}

func orderBy(terms []term, alias string, backward bool) string {
	parts := make([]string, 0, len(terms)+1)
	desc := false
	for _, t := range terms {
		desc = t.desc != backward
		parts = append(parts, t.field.sort+direction(desc))
	}
	if len(terms) == 0 {
		desc = backward
	}
	return strings.Join(append(parts, alias+".id"+direction(desc)), ", ")
}

func direction(desc bool) string {
	if desc {
		return " desc"
	}
	return ""
}

// bound renders the condition that rows come after the cursor (before it, going backward). One direction is a row
// comparison, which an index answers at any depth; mixed directions take a leading bound plus an OR.
func (e *Entity[T]) bound(terms []term, p page.Page, list string, a *Args) (string, error) {
	if p.Cursor == "" {
		return "", nil
	}
	values, err := page.ParseCursor(list, p.Cursor, len(terms)+1)
	if err != nil {
		return "", err
	}
	lefts := make([]string, len(terms)+1)
	rights := make([]string, len(terms)+1)
	descs := make([]bool, len(terms)+1)
	for i, t := range terms {
		arg, bad := t.field.kind.parse(values[i], t.field)
		if bad != nil {
			return "", badCursor
		}
		lefts[i], rights[i], descs[i] = t.field.sort, a.Add(arg)+"::"+t.field.kind.cast, t.desc != p.Backward
		descs[len(terms)] = descs[i]
	}
	if len(terms) == 0 {
		descs[0] = p.Backward
	}
	last := len(terms)
	key, err := id.ParseUUID(values[last])
	if err != nil {
		return "", badCursor
	}
	lefts[last], rights[last] = e.alias+".id", a.Add(key)+"::uuid"
	return "\n   and " + after(lefts, rights, descs), nil
}

func after(lefts, rights []string, descs []bool) string {
	same := true
	for _, d := range descs {
		same = same && d == descs[0]
	}
	if same {
		return fmt.Sprintf("(%s) %s (%s)", strings.Join(lefts, ", "), past(descs[0]), strings.Join(rights, ", "))
	}
	var alternatives []string
	for i := range lefts {
		var eq []string
		for j := range i {
			eq = append(eq, lefts[j]+" = "+rights[j])
		}
		eq = append(eq, lefts[i]+" "+past(descs[i])+" "+rights[i])
		alternatives = append(alternatives, "("+strings.Join(eq, " and ")+")")
	}
	return fmt.Sprintf("%s %s= %s and (%s)", lefts[0], past(descs[0]), rights[0], strings.Join(alternatives, " or "))
}

func past(desc bool) string {
	if desc {
		return "<"
	}
	return ">"
}
