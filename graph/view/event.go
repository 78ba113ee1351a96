package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
)

// DealEvent is a change of a deal with the deal as it is now.
type DealEvent struct {
	Deal *Deal

	event *event.Event
	env   *Env
}

// EventID names the event, for going on after it.
func (d *DealEvent) EventID() string { return id.Global(id.EventKind, d.event.ID) }

// ChangedFields are the fields that changed.
func (d *DealEvent) ChangedFields() []string { return d.event.Changed }

// Action is what became of the deal.
func (d *DealEvent) Action() string { return string(d.event.Action) }

// OccurredAt is when it was changed.
func (d *DealEvent) OccurredAt() time.Time { return d.event.At }

// By is who changed it.
func (d *DealEvent) By() *User { return d.env.User(d.event.User) }

// DealEvents gives the events of deals that the asker may read and that match the filter, with the deals as they are
// now: one statement for all of them, and those of what is selected on a deal.
func (e *Env) DealEvents(ctx context.Context, events []*event.Event, where entity.Filter, sel Selection) ([]*DealEvent, error) {
	var ids []id.UUID
	seen := map[id.UUID]bool{}
	for _, ev := range events {
		if ev.Entity == string(id.DealKind) && !seen[ev.EntityID] {
			seen[ev.EntityID] = true
			ids = append(ids, ev.EntityID)
		}
	}
	byID, err := deals.among(ctx, e, ids, where, sel.Under("deal", deals.types...))
	if err != nil {
		return nil, err
	}
	var out []*DealEvent
	for _, ev := range events {
		if d := byID[ev.EntityID]; d != nil && ev.Entity == string(id.DealKind) {
			out = append(out, &DealEvent{d, ev, e})
		}
	}
	return out, nil
}

// AuditEntry is a row of the audit log.
type AuditEntry struct {
	*event.Audit
	Changes []*AuditChange

	env *Env
}

// ID names the entry.
func (a *AuditEntry) ID() string { return id.Global(id.AuditKind, a.Audit.ID) }

// Kind is what it is about.
func (a *AuditEntry) Kind() string { return string(a.Audit.Kind) }

// EntityID is the record's id, nil where it is about none.
func (a *AuditEntry) EntityID() *string {
	if a.Entity == nil || a.Audit.EntityID.IsZero() {
		return nil
	}
	g := id.Global(id.Kind(*a.Entity), a.Audit.EntityID)
	return &g
}

// By is who did it.
func (a *AuditEntry) By() *User { return a.env.User(a.User) }

// TokenID is the token it was done with.
func (a *AuditEntry) TokenID() *string {
	if a.Token.IsZero() {
		return nil
	}
	g := id.Global(id.TokenKind, a.Token.UUID)
	return &g
}

// OccurredAt is when it was done.
func (a *AuditEntry) OccurredAt() time.Time { return a.At }

// AuditChange is one field of an entry, its values as JSON.
type AuditChange struct {
	Field  string
	Before *string
	After  *string
}

var audits = newView(event.AuditLog, "AuditEntry",
	func(e *Env, r *event.Audit) *AuditEntry { return &AuditEntry{Audit: r, env: e} },
	func(a *AuditEntry) id.UUID { return a.Audit.ID },
	attached("changes", loadChanges),
)

func loadChanges(ctx context.Context, p *pageOf[AuditEntry]) error {
	rows := make([]*event.Audit, len(p.views))
	for i, v := range p.views {
		rows[i] = v.Audit
	}
	diffs, err := event.Diffs(ctx, p.env.DB, p.env.Principal.Org, rows)
	for _, v := range p.views {
		v.Changes = []*AuditChange{}
		for _, d := range diffs[v.Audit.ID] {
			v.Changes = append(v.Changes, &AuditChange{d.Field, d.Before, d.After})
		}
	}
	return err
}

// AuditLog gives one page of the audit log.
func (e *Env) AuditLog(ctx context.Context, q entity.Query, sel Selection) (*AuditEntryConnection, error) {
	l, nodes, err := audits.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &AuditEntryConnection{newConnection(l, nodes, sel, func(x edge[AuditEntry]) *AuditEntryEdge { return &AuditEntryEdge{x} })}, nil
}
