package event

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Kind says what an audit row is about. Changes of records have their action as kind.
type Kind string

// The kinds besides the actions.
const (
	Imported      Kind = "IMPORTED"
	Exported      Kind = "EXPORTED"
	SignedIn      Kind = "SIGNED_IN"      // by an address that was not seen before
	TokenUsed     Kind = "TOKEN_USED"     // by an address that was not seen before
	PolicyChanged Kind = "POLICY_CHANGED" // who may do what: the policy, a role given or taken
	Denied        Kind = "DENIED"
)

// Audit is one row of the audit log.
type Audit struct {
	entity.Row
	ID        id.UUID   `db:"id"`
	Kind      Kind      `db:"kind"`
	Entity    *string   `db:"entity"`
	EntityID  id.UUID   `db:"entity_id"`
	Version   *int      `db:"version"`
	User      id.User   `db:"user_id"`
	Token     id.Token  `db:"token_id"`
	Client    *string   `db:"client"`
	RequestID *string   `db:"request_id"`
	Detail    *string   `db:"detail"`
	Before    *string   `db:"before"` // JSON: values by field, digests in place of personal ones
	After     *string   `db:"after"`
	At        time.Time `db:"occurred_at"`
}

// AuditLog describes the audit log. Whoever may read it reads all of their org's.
var AuditLog = entity.New[Audit]("audit", "audit_log a",
	entity.Reach[Audit]{},
	entity.Enum("kind", "a.kind"),
	entity.Text("entity", "a.entity"),
	entity.AnyRef("entityId", "a.entity_id"),
	entity.Ref("by", "a.user_id", id.UserKind),
	entity.Ref("token", "a.token_id", id.TokenKind),
	entity.Text("client", "a.client"),
	entity.Text("requestId", "a.request_id"),
	entity.Instant("occurredAt", "a.occurred_at").Sort("a.occurred_at"),
).DefaultOrder(entity.Order{Field: "occurredAt", Desc: true})

// Diff is one field of an audit row: what was and what is, as JSON; nil is unknown.
type Diff struct {
	Field  string
	Before *string
	After  *string
}

// Diffs gives the changed fields of audit rows by row, with the personal values that were not erased; of an erased one
// the digest is left. It costs one statement for all rows.
func Diffs(ctx context.Context, db pg.DB, org id.Org, rows []*Audit) (map[id.UUID][]Diff, error) {
	ids := make([]id.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var personal []struct {
		ID     id.UUID `db:"id"`
		Before string  `db:"before"`
		After  string  `db:"after"`
	}
	err := db.Select(ctx, &personal, `
		select id, before, after
		  from audit_personal
		 where org_id = $1
		   and id = any($2::uuid[])`, org, id.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("load personal values of audit rows: %w", err)
	}
	known := map[id.UUID][2]string{}
	for _, p := range personal {
		known[p.ID] = [2]string{p.Before, p.After}
	}
	out := make(map[id.UUID][]Diff, len(rows))
	for _, r := range rows {
		if out[r.ID], err = diffsOf(r, known[r.ID]); err != nil {
			return nil, fmt.Errorf("read audit row %s: %w", r.ID, err)
		}
	}
	return out, nil
}

func diffsOf(r *Audit, personal [2]string) ([]Diff, error) {
	var sides [2]map[string]json.RawMessage
	for i, text := range []*string{r.Before, r.After} {
		sides[i] = map[string]json.RawMessage{}
		if text == nil {
			continue
		}
		if err := json.Unmarshal([]byte(*text), &sides[i]); err != nil {
			return nil, err
		}
		if personal[i] == "" {
			continue
		}
		var values map[string]string
		if err := json.Unmarshal([]byte(personal[i]), &values); err != nil {
			return nil, err
		}
		for name, v := range values {
			sides[i][name] = json.RawMessage(v)
		}
	}
	out := []Diff{}
	for _, name := range sorted(sides[0], sides[1]) {
		out = append(out, Diff{name, textOf(sides[0][name]), textOf(sides[1][name])})
	}
	return out, nil
}

func textOf(v json.RawMessage) *string {
	if len(v) == 0 || string(v) == "null" {
		return nil
	}
	s := string(v)
	return &s
}
