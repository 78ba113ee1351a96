package graph

import (
	"reflect"
	"strings"
	"time"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/page"
)

// listArgs are the arguments that every list has.
type listArgs struct {
	page    page.Args
	where   map[string]any
	orderBy []map[string]any
	asOf    *time.Time
}

// query turns a list's arguments into what an entity answers. Errors: BAD_INPUT, LIMIT_EXCEEDED.
func (a listArgs) query() (entity.Query, error) {
	p, err := a.page.Parse()
	if err != nil {
		return entity.Query{}, err
	}
	q := entity.Query{Page: p, AsOf: a.asOf}
	q.Where, _ = plain(a.where).(map[string]any)
	for _, o := range a.orderBy {
		field, _ := o["field"].(string)
		q.Order = append(q.Order, entity.Order{Field: camel(field), Desc: o["direction"] == "DESC"})
	}
	return q, nil
}

// camel turns an enum's CLOSE_DATE into the field's closeDate.
func camel(s string) string {
	parts := strings.Split(strings.ToLower(s), "_")
	for i, p := range parts[1:] {
		parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
	}
	return strings.Join(parts, "")
}

// plain takes the pointers out of an input that gqlgen read into a map: a null is nil, lists are []any.
func plain(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case map[string]any:
		if v == nil {
			return nil
		}
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[k] = plain(item)
		}
		return out
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Pointer:
		if rv.IsNil() {
			return nil
		}
		return plain(rv.Elem().Interface())
	case reflect.Slice:
		if rv.IsNil() {
			return nil
		}
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = plain(rv.Index(i).Interface())
		}
		return out
	}
	return v
}

// oneOf checks that exactly one of an id and another system's id was given.
func oneOf(id *string, external *model.ExternalIDInput) error {
	if (id == nil) == (external == nil) {
		return errs.New(errs.BadInput, "Give either id or externalId.").At("id")
	}
	return nil
}

// takeRoles takes the roles to be given out of a change set.
func takeRoles(set entity.ChangeSet) []access.Role {
	list, _ := take(set, "roles").([]any)
	out := make([]access.Role, len(list))
	for i, r := range list {
		out[i] = access.Role(text(r))
	}
	return out
}

// text is a member of a change set as text, "" where it is none.
func text(v any) string {
	s, _ := v.(string)
	return s
}
