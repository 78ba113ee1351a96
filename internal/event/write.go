package event

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Entry is an audit row for what changes no record, or more than one: an import, an export, a sign-in, a refusal.
type Entry struct {
	Kind   Kind
	Entity id.Kind // "" for none
	ID     id.UUID
	Detail string
	Fields []Field
	At     time.Time
}

// Write writes the changes to the outbox and the audit log, in the transaction that makes them, and wakes the
// subscribers once it has committed. Beside saves its statement where the domain has one to write in.
func Write(ctx context.Context, tx *pg.Tx, org id.Org, by Actor, changes ...Change) error {
	rows := make([]row, len(changes))
	for i, c := range changes {
		rows[i] = rowOf(by, c)
	}
	return insert(ctx, tx, org, rows, true)
}

// Record writes audit rows in the transaction of what they tell of.
func Record(ctx context.Context, tx *pg.Tx, org id.Org, by Actor, entries ...Entry) error {
	rows := make([]row, len(entries))
	for i, e := range entries {
		rows[i] = newRow(by, e.At, e.Fields)
		rows[i].Kind, rows[i].Entity, rows[i].EntityID, rows[i].Detail = string(e.Kind), string(e.Entity), e.ID, e.Detail
	}
	return insert(ctx, tx, org, rows, false)
}

// Beside is Write as a part of the domain's own statement.
func Beside(tx *pg.Tx, org id.Org, by Actor, changes ...Change) (pg.Beside, error) {
	rows := make([]row, len(changes))
	for i, c := range changes {
		rows[i] = rowOf(by, c)
	}
	return beside(tx, org, rows, true)
}

// rowsPerInsert bounds the rows of one statement.
const rowsPerInsert = 5_000

func insert(ctx context.Context, tx *pg.Tx, org id.Org, rows []row, emit bool) error {
	for len(rows) > 0 {
		n := min(len(rows), rowsPerInsert)
		b, err := beside(tx, org, rows[:n], emit)
		if err != nil {
			return err
		}
		query := "with " + b.With + "\nselect $1::text, $2::uuid"
		if _, err := tx.Exec(ctx, query, append([]any{"", org}, b.Args...)...); err != nil {
			return fmt.Errorf("write events and audit: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// The inserts, as parts of a statement in which $2 is the org and $3 the rows as JSON. One document feeds all of them.
const (
	emitting = `emitted as (
	  insert into event (org_id, id, entity, entity_id, version, action, changed, before, after, user_id, token_id, client, request_id, occurred_at)
	  select $2::uuid, id, entity, entity_id, version, action, changed, before, after, user_id, token_id, client, request_id, occurred_at
	    from json_populate_recordset(null::event, $3)
	), `
	recording = `recorded as (
	  insert into audit_log (org_id, id, kind, entity, entity_id, version, user_id, token_id, client, request_id, detail, before, after, occurred_at)
	  select $2::uuid, id, kind, entity, entity_id, version, user_id, token_id, client, request_id, detail, before, after, occurred_at
	    from json_populate_recordset(null::audit_log, $%d)
	)`
	keeping = `, kept as (
	  insert into audit_personal (org_id, id, salt, before, after)
	  select $2::uuid, id, salt, before, after
	    from json_populate_recordset(null::audit_personal, $%d)
	)`
)

func beside(tx *pg.Tx, org id.Org, rows []row, emit bool) (pg.Beside, error) {
	tx.Notify(Channel, org.String())
	var b pg.Beside
	plain, err := json.Marshal(rows)
	if err != nil {
		return b, fmt.Errorf("encode events: %w", err)
	}
	audited, personal := digested(rows)
	if emit {
		b.With, b.Args = emitting, append(b.Args, string(plain))
	}
	if len(personal) > 0 || !emit { // without personal values both take the same document
		doc, err := json.Marshal(audited)
		if err != nil {
			return b, fmt.Errorf("encode audit rows: %w", err)
		}
		b.Args = append(b.Args, string(doc))
	}
	b.With += fmt.Sprintf(recording, 2+len(b.Args))
	if len(personal) > 0 {
		doc, err := json.Marshal(personal)
		if err != nil {
			return b, fmt.Errorf("encode personal values: %w", err)
		}
		b.Args = append(b.Args, string(doc))
		b.With += fmt.Sprintf(keeping, 2+len(b.Args))
	}
	return b, nil
}

// row is what the outbox and the audit log take of a change.
type row struct {
	ID        id.UUID        `json:"id"`
	Kind      string         `json:"kind"`
	Action    string         `json:"action"`
	Entity    string         `json:"entity,omitempty"`
	EntityID  id.UUID        `json:"entity_id"`
	Version   int            `json:"version,omitempty"`
	Changed   []string       `json:"changed"`
	Before    map[string]any `json:"before,omitempty"`
	After     map[string]any `json:"after,omitempty"`
	User      id.UUID        `json:"user_id"`
	Token     id.UUID        `json:"token_id"`
	Client    string         `json:"client,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Detail    string         `json:"detail,omitempty"`
	At        time.Time      `json:"occurred_at"`

	personal map[string]bool
}

func rowOf(by Actor, c Change) row {
	r := newRow(by, c.At, c.Fields)
	r.Kind, r.Action, r.Entity, r.EntityID = string(c.Action), string(c.Action), string(c.Entity), c.ID
	r.Version, r.Detail = c.Version, c.Reason
	if c.Action == Created {
		r.Before = nil
	}
	return r
}

func newRow(by Actor, at time.Time, fields []Field) row {
	r := row{
		ID: id.New(), Changed: make([]string, len(fields)), User: by.User.UUID, Token: by.Token.UUID,
		Client: by.Client, RequestID: by.RequestID, At: at.UTC(), personal: map[string]bool{},
	}
	if len(fields) > 0 {
		r.Before, r.After = map[string]any{}, map[string]any{}
	}
	for i, f := range fields {
		r.Changed[i] = f.Name
		r.Before[f.Name], r.After[f.Name] = f.Before, f.After
		if f.Personal {
			r.personal[f.Name] = true
		}
	}
	return r
}

// personalRow is what stands in place of the digests until it is erased: each value as the text of its JSON, since the
// digest is over exactly that.
type personalRow struct {
	ID     id.UUID           `json:"id"`
	Salt   string            `json:"salt"`
	Before map[string]string `json:"before"`
	After  map[string]string `json:"after"`
}

// digested gives the rows with digests in place of personal values, and those values apart.
func digested(rows []row) ([]row, []personalRow) {
	out := make([]row, len(rows))
	var personal []personalRow
	for i, r := range rows {
		if len(r.personal) > 0 {
			var salt [16]byte
			_, _ = rand.Read(salt[:]) // never fails
			p := personalRow{ID: r.ID, Salt: `\x` + hex.EncodeToString(salt[:])}
			r.Before, p.Before = split(r.Before, r.personal, salt[:])
			r.After, p.After = split(r.After, r.personal, salt[:])
			personal = append(personal, p)
		}
		out[i] = r
	}
	return out, personal
}

func split(values map[string]any, personal map[string]bool, salt []byte) (map[string]any, map[string]string) {
	if values == nil {
		return nil, map[string]string{}
	}
	kept, apart := make(map[string]any, len(values)), map[string]string{}
	for name, v := range values {
		if !personal[name] || v == nil {
			kept[name] = v
			continue
		}
		text, err := json.Marshal(v)
		if err != nil {
			text = []byte(`"?"`) // the plain document holds the same value and fails before this one is written
		}
		kept[name] = map[string]string{"digest": digest(salt, name, string(text))}
		apart[name] = string(text)
	}
	return kept, apart
}

// digest stands for a personal value: whoever has the value and the salt can prove it, and nobody can guess it back.
func digest(salt []byte, name, text string) string {
	h := sha256.New()
	h.Write(salt)
	fmt.Fprintf(h, "%d:%s", len(name), name)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}
