package pg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/jmoiron/sqlx/reflectx"

	"github.com/ententehq/entente/internal/id"
)

// rowsPerStatement bounds the rows of one insert, and with them the size of its argument.
const rowsPerStatement = 5_000

var rowMapper = reflectx.NewMapperFunc("db", strings.ToLower)

// InsertRows inserts an org's rows from structs by their `db` tags, some thousands a statement. A tag `db:"name,read"` is read but not
// written (generated columns, joined ones). COPY is refused under row level security; this passes its policies.
func InsertRows[T any](ctx context.Context, tx *Tx, org id.UUID, table string, rows []T) error {
	if len(rows) == 0 {
		return nil
	}
	fields := writtenFields(reflect.TypeFor[T]())
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	columns := strings.Join(names, ", ")
	query := fmt.Sprintf("insert into %s (org_id, %s)\nselect $2::uuid, %s\n  from json_populate_recordset(null::%s, $1)", table, columns, columns, table)
	for start := 0; start < len(rows); start += rowsPerStatement {
		doc, err := encodeRows(rows[start:min(start+rowsPerStatement, len(rows))], fields)
		if err != nil {
			return fmt.Errorf("encode rows of %s: %w", table, err)
		}
		if _, err := tx.Exec(ctx, query, string(doc), org); err != nil {
			return fmt.Errorf("insert into %s: %w", table, err)
		}
	}
	return nil
}

func writtenFields(t reflect.Type) []*reflectx.FieldInfo {
	var out []*reflectx.FieldInfo
	for _, f := range rowMapper.TypeMap(t).Index {
		_, tagged := f.Field.Tag.Lookup("db")
		_, readOnly := f.Options["read"]
		if tagged && !readOnly && !f.Embedded && f.Name != "-" && !strings.Contains(f.Path, ".") {
			out = append(out, f)
		}
	}
	return out
}

func encodeRows[T any](rows []T, fields []*reflectx.FieldInfo) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('[')
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		v := reflect.ValueOf(&rows[i]).Elem()
		for j, f := range fields {
			if j > 0 {
				b.WriteByte(',')
			}
			value, err := json.Marshal(reflectx.FieldByIndexesReadOnly(v, f.Index).Interface())
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&b, "%q:%s", f.Name, value)
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return b.Bytes(), nil
}
