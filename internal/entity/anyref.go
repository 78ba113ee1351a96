package entity

import (
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
)

// AnyRef is the id of an entity of whatever type.
func AnyRef(name, expr string) *Field {
	return &Field{name: name, expr: expr, kind: kind{cast: "uuid", parse: func(v any, f *Field) (any, *errs.Error) {
		s, _ := v.(string)
		_, u, ok := id.Parse(s)
		if !ok {
			return nil, wrong(f, "an id", v)
		}
		return u.String(), nil
	}}}
}
