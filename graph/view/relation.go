package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
)

// View is how the rows R of an entity are shown as V: what a row is wrapped into, and what is attached to it when it is
// selected. Lists, nodes and payloads get their objects from a view only, each loaded through the asker's scope.
type View[R, V any] struct {
	of        *entity.Entity[R]
	types     []string // the object's GraphQL type and its interfaces
	edge      string   // the type of its edges
	wrap      func(*Env, *R) *V
	key       func(*V) id.UUID
	relations []relation[V]
}

// relation is a field that needs loading: when it is selected, load attaches it to all views of a page at once.
type relation[V any] struct {
	field string
	load  func(ctx context.Context, p *pageOf[V]) error
}

// pageOf is the views of one page, with what is selected on them.
type pageOf[V any] struct {
	env   *Env
	views []*V
	ids   []id.UUID // of the views, in their order
	sel   Selection
	asOf  *time.Time // nil: now
}

// newView describes the view of an entity whose GraphQL type has that name.
func newView[R, V any](of *entity.Entity[R], typ string, wrap func(*Env, *R) *V, key func(*V) id.UUID, relations ...relation[V]) *View[R, V] {
	return &View[R, V]{of: of, types: []string{typ, "Node"}, edge: typ + "Edge", wrap: wrap, key: key, relations: relations}
}

// toOne attaches another entity's object by its id, with one statement for the page. The view is given by a function,
// since entities refer to one another and to themselves.
func toOne[V, R2, V2 any](field string, of func() *View[R2, V2], ref func(*V) id.UUID, set func(*V, *V2)) relation[V] {
	return relation[V]{field, func(ctx context.Context, p *pageOf[V]) error {
		var ids []id.UUID
		for _, v := range p.views {
			if u := ref(v); !u.IsZero() {
				ids = append(ids, u)
			}
		}
		target := of()
		found, err := target.byIDs(ctx, p.env, ids, p.sel.Under(field, target.types...), nil)
		if err != nil {
			return err
		}
		for _, v := range p.views {
			if o := found[ref(v)]; o != nil {
				set(v, o)
			}
		}
		return nil
	}}
}

// attached is a relation that loads in a way of its own.
func attached[V any](field string, load func(ctx context.Context, p *pageOf[V]) error) relation[V] {
	return relation[V]{field, load}
}

// list gives one page of what the asker may read, counting them all only when the total is selected.
func (v *View[R, V]) list(ctx context.Context, e *Env, q entity.Query, sel Selection) (*entity.List[R], []*V, error) {
	q.Count = sel.Has("totalCount") || sel.Has("totalCountCapped")
	l, err := v.of.List(ctx, e.DB, e.Principal.Scope(v.of.Name(), "read"), q)
	if err != nil {
		return nil, nil, err
	}
	views, err := v.attach(ctx, e, l.Rows, sel.nodes(v.edge, v.types...), q.AsOf)
	return l, views, err
}

// byIDs gives those of the objects that the asker may read.
func (v *View[R, V]) byIDs(ctx context.Context, e *Env, ids []id.UUID, sel Selection, asOf *time.Time) (map[id.UUID]*V, error) {
	rows, err := v.of.ByIDs(ctx, e.DB, e.Principal.Scope(v.of.Name(), "read"), ids, asOf)
	if err != nil {
		return nil, err
	}
	views, err := v.attach(ctx, e, rows, sel, asOf)
	if err != nil {
		return nil, err
	}
	out := make(map[id.UUID]*V, len(views))
	for _, x := range views {
		out[v.key(x)] = x
	}
	return out, nil
}

// attach wraps rows and attaches to them what is selected.
func (v *View[R, V]) attach(ctx context.Context, e *Env, rows []*R, sel Selection, asOf *time.Time) ([]*V, error) {
	p := &pageOf[V]{env: e, views: make([]*V, len(rows)), ids: make([]id.UUID, len(rows)), sel: sel, asOf: asOf}
	for i, r := range rows {
		p.views[i] = v.wrap(e, r)
		p.ids[i] = v.key(p.views[i])
	}
	if len(rows) == 0 {
		return p.views, nil
	}
	for _, r := range v.relations {
		if !sel.Has(r.field) {
			continue
		}
		if err := r.load(ctx, p); err != nil {
			return nil, err
		}
	}
	return p.views, nil
}

// loader is the view's way to load nodes by their ids.
func loader[R any, V any](of func() *View[R, V], node func(*V) Node) func(context.Context, *Env, []id.UUID, Selection) (map[id.UUID]Node, error) {
	return func(ctx context.Context, e *Env, ids []id.UUID, sel Selection) (map[id.UUID]Node, error) {
		found, err := of().byIDs(ctx, e, ids, sel, nil)
		out := make(map[id.UUID]Node, len(found))
		for u, v := range found {
			out[u] = node(v)
		}
		return out, err
	}
}
