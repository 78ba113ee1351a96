package entity

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/page"
	"github.com/ententehq/entente/internal/pg"
)

// Keyset is a row's sort values in text form, the id last.
type Keyset = pq.StringArray

// Keyed is a row that carries its sort values; every described row does, by embedding [Row].
type Keyed interface{ Cursor(list string) string }

// Cursor is the row's place in the list of that name and order.
func (r Row) Cursor(list string) string { return page.Cursor(list, r.Keyset) }

// Scope is what the asker may do with rows of one kind: it renders the reaches granted. A nil Scope covers no row.
type Scope interface {
	Org() id.UUID
	// Predicate renders the granted reaches as one condition over the row: "true" for all rows, "false" for none.
	Predicate(p Predicates, a *Args) string
	// MayRead tells whether the asker may read at least some objects of the kind.
	MayRead(object string) bool
	// Reaches are the reaches granted, "all" among them where everything is.
	Reaches() []string
}

// Order is one term of an orderBy.
type Order struct {
	Field string
	Desc  bool
}

// Query is one page asked of an entity.
type Query struct {
	Where Filter
	Order []Order
	Page  page.Page
	AsOf  *time.Time // nil: now
	Count bool       // whether the total is wanted
}

// List is one page.
type List[T any] struct {
	Rows            []*T
	Name            string // what cursors of this list are tied to
	HasNext         bool
	HasPrevious     bool
	Total           int // up to page.CountCap
	TotalCapped     bool
	TotalWasCounted bool
}

// List gives one page of the rows that the scope covers, in one statement, or two with the total.
// Errors: BAD_INPUT, BAD_CURSOR, LIMIT_EXCEEDED.
func (e *Entity[T]) List(ctx context.Context, db pg.DB, sc Scope, q Query) (*List[T], error) {
	a := &Args{scope: sc}
	source, err := e.source(sc, q.AsOf, a)
	if err != nil {
		return nil, err
	}
	where, err := e.where(q.Where, a, 1, []string{"where"})
	if err != nil {
		return nil, err
	}
	if where != "" {
		source += "\n   and " + where
	}
	out := &List[T]{}
	if q.Count {
		if err := e.count(ctx, db, source, a, out); err != nil {
			return nil, err
		}
	}
	terms, err := e.terms(q.Order, sc)
	if err != nil {
		return nil, err
	}
	out.Name = e.listName(terms)
	bound, err := e.bound(terms, q.Page, out.Name, a)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf("select %s, %s as keyset\n  from %s%s\n order by %s\n limit %d",
		e.columns, keysetOf(terms, e.alias), source, bound, orderBy(terms, e.alias, q.Page.Backward), q.Page.Size+1)
	var rows []*T
	if err := db.Select(ctx, &rows, query, a.Values()...); err != nil {
		return nil, fmt.Errorf("list %ss: %w", e.name, err)
	}
	more := len(rows) > q.Page.Size
	if more {
		rows = rows[:q.Page.Size]
	}
	out.HasNext, out.HasPrevious = more, q.Page.Cursor != ""
	if q.Page.Backward {
		slices.Reverse(rows)
		out.HasNext, out.HasPrevious = out.HasPrevious, out.HasNext
	}
	out.Rows = rows
	return out, nil
}

func (e *Entity[T]) count(ctx context.Context, db pg.DB, source string, a *Args, out *List[T]) error {
	query := fmt.Sprintf("select count(*)\n  from (select 1 from %s limit %d) counted", source, page.CountCap+1)
	if err := db.Get(ctx, &out.Total, query, a.Values()...); err != nil {
		return fmt.Errorf("count %ss: %w", e.name, err)
	}
	out.TotalWasCounted = true
	if out.Total > page.CountCap {
		out.Total, out.TotalCapped = page.CountCap, true
	}
	return nil
}

// ByIDs loads the rows with these ids that the scope covers; the others are simply not there.
func (e *Entity[T]) ByIDs(ctx context.Context, db pg.DB, sc Scope, ids []id.UUID, asOf *time.Time) ([]*T, error) {
	return e.load(ctx, db, sc, ids, asOf, nil)
}

// Among is ByIDs of those rows that match the filter. Without ids it only checks the filter.
// Errors: BAD_INPUT, LIMIT_EXCEEDED.
func (e *Entity[T]) Among(ctx context.Context, db pg.DB, sc Scope, ids []id.UUID, f Filter) ([]*T, error) {
	return e.load(ctx, db, sc, ids, nil, f)
}

func (e *Entity[T]) load(ctx context.Context, db pg.DB, sc Scope, ids []id.UUID, asOf *time.Time, f Filter) ([]*T, error) {
	if len(ids) == 0 && f == nil {
		return nil, nil
	}
	a := &Args{scope: sc}
	source, err := e.source(sc, asOf, a)
	if err != nil {
		return nil, err
	}
	where, err := e.where(f, a, 1, []string{"where"})
	if err != nil || len(ids) == 0 || e.Condition(sc, &Args{}) == "false" {
		return nil, err
	}
	if where != "" {
		where = "\n   and " + where
	}
	query := fmt.Sprintf("select %s\n  from %s%s\n   and %s.id = any(%s::uuid[])", e.columns, source, where, e.alias, a.Add(id.Array(ids)))
	var rows []*T
	if err := db.Select(ctx, &rows, query, a.Values()...); err != nil {
		return nil, fmt.Errorf("load %ss: %w", e.name, err)
	}
	return rows, nil
}

// Covered tells which of the ids the scope covers at present. It answers "may I?" for a page of any size at once.
func (e *Entity[T]) Covered(ctx context.Context, db pg.DB, sc Scope, ids []id.UUID) (map[id.UUID]bool, error) {
	a := &Args{}
	source, err := e.source(sc, nil, a)
	if err != nil {
		return nil, err
	}
	var found []id.UUID
	query := fmt.Sprintf("select %s.id\n  from %s\n   and %s.id = any(%s::uuid[])", e.alias, source, e.alias, a.Add(id.Array(ids)))
	if err := db.Select(ctx, &found, query, a.Values()...); err != nil {
		return nil, fmt.Errorf("check reach of %ss: %w", e.name, err)
	}
	covered := make(map[id.UUID]bool, len(found))
	for _, u := range found {
		covered[u] = true
	}
	return covered, nil
}

// Lock reads and locks the row for a change, and asks in the same statement whether the asker may change it:
// Row.Changeable. A row that the asker may not even read is NOT_FOUND. Changeable is a condition over the row, such as
// that of a Scope (see Condition).
func (e *Entity[T]) Lock(ctx context.Context, db pg.DB, read Scope, changeable func(*Args) string, row id.UUID) (*T, error) {
	a := &Args{}
	source, err := e.source(read, nil, a)
	if err != nil {
		return nil, err
	}
	query := fmt.Sprintf("select %s, (%s) as changeable\n  from %s\n   and %s.id = %s::uuid\n   for update of %s",
		e.columns, changeable(a), source, e.alias, a.Add(row), e.alias)
	var out T
	err = db.Get(ctx, &out, query, a.Values()...)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errs.New(errs.NotFound, "There is no such %s, or none that you may see.", e.name)
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s %s: %w", e.name, row, err)
	}
	return &out, nil
}

// Condition renders the scope over the entity's row, for statements of the owning package that lock or count.
func (e *Entity[T]) Condition(sc Scope, a *Args) string {
	if sc == nil {
		return "false"
	}
	return sc.Predicate(e.sql, a)
}

// Columns is the select list of the entity's row, under its alias.
func (e *Entity[T]) Columns() string { return e.columns }

// source renders "table alias where …": the org, the moment and the scope. Statements name the org although row level
// security adds it too: the planner uses it, and one of the two may fail.
func (e *Entity[T]) source(sc Scope, asOf *time.Time, a *Args) (string, error) {
	if sc == nil {
		return "", errors.New("a list without a scope")
	}
	table, moment := e.table, ""
	if asOf != nil {
		if e.history == "" {
			return "", errs.New(errs.BadInput, "No versions are kept of a %s, so it cannot be asked for as of a moment.", e.name).At("asOf")
		}
		table = e.history
		at := a.Add(asOf.UTC())
		moment = fmt.Sprintf("\n   and %[1]s.valid_from <= %[2]s and %[1]s.valid_to > %[2]s", e.alias, at)
	}
	out := fmt.Sprintf("%s %s\n where %s.org_id = %s%s", table, e.alias, e.alias, a.Add(sc.Org()), moment)
	if p := sc.Predicate(e.sql, a); p != "true" {
		out += "\n   and (" + p + ")"
	}
	return out, nil
}

func (e *Entity[T]) listName(terms []term) string {
	var b strings.Builder
	b.WriteString(e.name)
	for _, t := range terms {
		fmt.Fprintf(&b, ",%s %t", t.field.name, t.desc)
	}
	return b.String()
}
