// Package entity describes an entity once: which row it is read from, which of its fields can be filtered and sorted
// and how, and who reaches which rows. Lists, cursors, permissions as SQL and loading by id are read off the
// description, so that no entity has its own.
package entity

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/jmoiron/sqlx/reflectx"
)

// Entity describes the rows behind T. T's `db` tags are the columns; T embeds [Row].
type Entity[T any] struct {
	name    string // as messages call it: "deal"
	table   string
	alias   string
	history string // the table of versions, or "" where none are kept
	columns string
	reach   Reach[T]
	sql     Predicates // of reach
	fields  map[string]*Field
	order   []Order // where the client gives none
}

// Row is what every described row carries besides its own columns.
type Row struct {
	Keyset     Keyset `db:"keyset,read"`     // the sort values in text form, selected by lists only
	Changeable bool   `db:"changeable,read"` // whether the asker may change it, selected by Lock only
}

// New describes an entity read from "table alias".
func New[T any](name, from string, reach Reach[T], fields ...*Field) *Entity[T] {
	table, alias, ok := strings.Cut(from, " ")
	if !ok {
		panic("entity " + name + ": from must be \"table alias\"")
	}
	e := &Entity[T]{name: name, table: table, alias: alias, reach: reach, sql: reach.predicates(), fields: map[string]*Field{}}
	e.columns = columnsOf(reflect.TypeFor[T](), alias)
	for _, f := range fields {
		if _, twice := e.fields[f.name]; twice {
			panic(fmt.Sprintf("entity %s: field %s is described twice", name, f.name))
		}
		e.fields[f.name] = f
	}
	return e
}

// AsOf names the table that holds the entity's versions: the same columns, with valid_from and valid_to.
func (e *Entity[T]) AsOf(table string) *Entity[T] {
	e.history = table
	return e
}

// DefaultOrder is used where a client gives no order.
func (e *Entity[T]) DefaultOrder(o ...Order) *Entity[T] {
	e.order = o
	return e
}

// Name is what messages call the entity.
func (e *Entity[T]) Name() string { return e.name }

// Fields are the described fields by name, for the tests that hold the schema and the indexes to them.
func (e *Entity[T]) Fields() map[string]*Field { return e.fields }

// Describes tells whether the entity says which rows a reach of the policy covers.
func (e *Entity[T]) Describes(reach string) bool {
	_, ok := e.reach[reach]
	return ok
}

// columnsOf composes the select list from the type's db tags, in their order; a tag under an embedded [Row] is not a
// column of the table.
func columnsOf(t reflect.Type, alias string) string {
	var cols []string
	for _, f := range reflectx.NewMapperFunc("db", strings.ToLower).TypeMap(t).Index {
		_, readOnly := f.Options["read"]
		if f.Name == "" || f.Embedded || readOnly || strings.Contains(f.Path, ".") {
			continue
		}
		if _, tagged := f.Field.Tag.Lookup("db"); !tagged {
			continue
		}
		cols = append(cols, alias+"."+f.Name)
	}
	return strings.Join(cols, ", ")
}
