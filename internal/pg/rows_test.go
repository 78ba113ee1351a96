package pg

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/id"
)

type rowKind string

type rowBase struct {
	ID   id.Deal `db:"id"`
	Kind rowKind `db:"kind"`
}

type rowSample struct {
	rowBase
	Text    *string    `db:"text"`
	Count   int        `db:"count"`
	Amount  *int64     `db:"amount"`
	At      time.Time  `db:"at"`
	Ended   *time.Time `db:"ended"`
	Until   Until      `db:"until"`
	Yes     bool       `db:"yes"`
	Key     string     `db:"key,read"`
	Related []string   `db:"-"`
	Untag   string
	List    []string `db:"list"`
}

func TestEncodeRows(t *testing.T) {
	t.Parallel()
	text, amount := "\"quoted\"\\ \n\u2028 ü \x01", int64(-5)
	at := time.Date(2026, 8, 19, 17, 4, 5, 123_456_000, time.FixedZone("", 7200))
	rows := []rowSample{
		{rowBase: rowBase{ID: id.Deal{UUID: id.Derived(at, "a")}, Kind: "NEW"}, Text: &text, Count: 3, Amount: &amount, At: at, Ended: &at, Until: Until{At: at}, Yes: true, List: []string{"a", "b"}},
		{},
	}
	doc, err := encodeRows(rows, writtenColumns(reflect.TypeFor[rowSample]()))
	require.NoError(t, err)
	var got []map[string]any
	require.NoError(t, json.Unmarshal(doc, &got), string(doc))
	assert.Equal(t, []map[string]any{
		{
			"id": rows[0].ID.String(), "kind": "NEW", "text": text, "count": 3.0, "amount": -5.0, "at": "2026-08-19T15:04:05.123456Z",
			"ended": "2026-08-19T15:04:05.123456Z", "until": "2026-08-19T17:04:05.123456+02:00", "yes": true, "list": []any{"a", "b"},
		},
		{"kind": "", "count": 0.0, "at": "0001-01-01T00:00:00Z", "until": "infinity", "yes": false},
	}, got)
}

type unwritable struct{}

func (unwritable) MarshalJSON() ([]byte, error) { return nil, errors.New("broken") }

func TestEncodeRowsNamesTheColumn(t *testing.T) {
	t.Parallel()
	type row struct {
		Bad unwritable `db:"bad"`
	}
	_, err := encodeRows([]row{{}}, writtenColumns(reflect.TypeFor[row]()))
	assert.ErrorContains(t, err, "column bad: broken")
}
