package pg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jmoiron/sqlx/reflectx"

	"github.com/ententehq/entente/internal/id"
)

// rowsPerStatement bounds the rows of one insert, and with them the size of its argument.
const rowsPerStatement = 5_000

var rowMapper = reflectx.NewMapperFunc("db", strings.ToLower)

// InsertRows inserts an org's rows from structs by their `db` tags, some thousands a statement. A tag `db:"name,read"` is read but not
// written (generated columns, joined ones). COPY is refused under row level security; this passes its policies.
func InsertRows[T any](ctx context.Context, tx *Tx, org id.UUID, table string, rows []T) error {
	return InsertRowsBeside(ctx, tx, org, table, rows, Beside{})
}

// Beside is what a statement writes besides its own rows: common table expressions that write, in which $2 is the org
// and Args begin at $3. It saves the round trip of a statement of its own.
type Beside struct {
	With  string
	Args  []any
	After string // names one of them that must have run before the rows are inserted, and that gives one row
}

// Arg adds an argument and gives its placeholder.
func (b *Beside) Arg(v any) string {
	b.Args = append(b.Args, v)
	return "$" + strconv.Itoa(2+len(b.Args))
}

// InsertRowsBeside is InsertRows that writes something else in its first statement.
func InsertRowsBeside[T any](ctx context.Context, tx *Tx, org id.UUID, table string, rows []T, beside Beside) error {
	if len(rows) == 0 {
		return nil
	}
	columns := writtenColumns(reflect.TypeFor[T]())
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	list := strings.Join(names, ", ")
	query := fmt.Sprintf("insert into %s (org_id, %s)\nselect $2::uuid, %s\n  from json_populate_recordset(null::%s, $1)", table, list, list, table)
	for start := 0; start < len(rows); start += rowsPerStatement {
		doc, err := encodeRows(rows[start:min(start+rowsPerStatement, len(rows))], columns)
		if err != nil {
			return fmt.Errorf("encode rows of %s: %w", table, err)
		}
		statement, args := query, []any{string(doc), org}
		if start == 0 && beside.With != "" {
			statement, args = "with "+beside.With+"\n"+query, append(args, beside.Args...)
			if beside.After != "" {
				statement += ", " + beside.After
			}
		}
		if _, err := tx.Exec(ctx, statement, args...); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

// UpdateRow writes all of a row's columns but its id and created_at, by the struct's `db` tags. It tells false where the
// org has no row of that id.
func UpdateRow[T any](ctx context.Context, tx *Tx, org id.UUID, table string, row *T) (bool, error) {
	v := reflect.ValueOf(row).Elem()
	var sets []string
	args := []any{org, nil}
	for _, c := range writtenColumns(v.Type()) {
		value := v.FieldByIndex(c.index).Interface()
		switch c.name {
		case "id":
			args[1] = value
		case "created_at":
		default:
			args = append(args, value)
			sets = append(sets, fmt.Sprintf("%s = $%d", c.name, len(args)))
		}
	}
	n, err := tx.Exec(ctx, fmt.Sprintf("update %s\n   set %s\n where org_id = $1\n   and id = $2", table, strings.Join(sets, ", ")), args...)
	if err != nil {
		return false, fmt.Errorf("update %s: %w", table, err)
	}
	return n == 1, nil
}

// column is a field that is written, with what leads its values in JSON.
type column struct {
	name   string
	lead   []byte
	index  []int
	append func(b []byte, v reflect.Value) ([]byte, error)
}

func writtenColumns(t reflect.Type) []column {
	var out []column
	for _, f := range rowMapper.TypeMap(t).Index {
		_, tagged := f.Field.Tag.Lookup("db")
		_, readOnly := f.Options["read"]
		if tagged && !readOnly && !f.Embedded && f.Name != "-" && !strings.Contains(f.Path, ".") {
			out = append(out, column{f.Name, []byte(strconv.Quote(f.Name) + ":"), f.Index, appenderOf(f.Zero.Type())})
		}
	}
	return out
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
)

// appenderOf chooses once a type how its values are written: encoding/json finds it out anew for each value, which is
// most of its cost.
func appenderOf(t reflect.Type) func([]byte, reflect.Value) ([]byte, error) {
	switch {
	case t.Kind() == reflect.Pointer:
		inner := appenderOf(t.Elem())
		return func(b []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return inner(b, v.Elem())
		}
	case t == timeType:
		return func(b []byte, v reflect.Value) ([]byte, error) {
			at := v.Interface().(time.Time)
			return append(at.UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
		}
	case t.Implements(marshalerType):
		return func(b []byte, v reflect.Value) ([]byte, error) {
			text, err := v.Interface().(json.Marshaler).MarshalJSON()
			return append(b, text...), err
		}
	}
	switch t.Kind() {
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	}
	return func(b []byte, v reflect.Value) ([]byte, error) {
		text, err := json.Marshal(v.Interface())
		return append(b, text...), err
	}
}

// encodeRows writes rows as JSON objects. Null is left out: PostgreSQL takes what is missing for null, faster.
func encodeRows[T any](rows []T, columns []column) ([]byte, error) {
	b := []byte{'['}
	for i := range rows {
		b = append(b, '{')
		row := reflect.ValueOf(&rows[i]).Elem()
		for _, c := range columns {
			start := len(b)
			b = append(b, c.lead...)
			value := len(b)
			var err error
			if b, err = c.append(b, row.FieldByIndex(c.index)); err != nil {
				return nil, fmt.Errorf("column %s: %w", c.name, err)
			}
			if string(b[value:]) == "null" {
				b = b[:start]
				continue
			}
			b = append(b, ',')
		}
		b = append(bytes.TrimSuffix(b, []byte{','}), "},"...)
		if i == 0 {
			b = slices.Grow(b, len(b)*len(rows)) // the others are about as long
		}
	}
	return append(bytes.TrimSuffix(b, []byte{','}), ']'), nil
}
