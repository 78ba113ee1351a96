package crm

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// record is what creating and changing accounts, contacts and products have in common. What a deal needs beyond it
// (versions, visits, who may change it when) is in deal_write.go.
type record[T any] struct {
	of      *entity.Entity[T]
	table   string
	setters []entity.Setter[T, *write]
	head    func(*T) header
	explain func(error) error // names the input member behind a broken constraint
	making  string            // the action that making one needs
	kind    id.Kind
	facts   []event.Fact[T]
}

// header points at what every record has.
type header struct {
	row                  *entity.Row
	id                   *id.UUID
	version              *int
	createdAt, updatedAt *time.Time
}

// create makes a record out of a change set, within the reach of the action that making one needs.
func (r record[T]) create(ctx context.Context, s *Service, by *access.Principal, begin func(*write, *T), set entity.ChangeSet) (id.UUID, error) {
	if err := by.Require(r.of.Name(), r.making); err != nil {
		return id.UUID{}, err
	}
	made := id.New()
	return access.Write(ctx, s.pool, by, s.clock.Now(), func(tx *pg.Tx) (id.UUID, error) {
		w, err := s.newWrite(ctx, tx, by)
		if err != nil {
			return made, err
		}
		var row T
		h := r.head(&row)
		*h.id, *h.version, *h.createdAt, *h.updatedAt = made, 1, w.now, w.now
		begin(w, &row)
		if err := entity.Apply(r.setters, w, &row, set); err != nil {
			return made, err
		}
		if err := pg.InsertRows(ctx, tx, by.Org.UUID, r.table, []T{row}); err != nil {
			return made, r.explain(err)
		}
		if err := r.withinReach(ctx, w, made); err != nil {
			return made, err
		}
		return made, r.tell(ctx, w, nil, &row)
	})
}

// withinReach proves that the asker may create the record as it has become.
func (r record[T]) withinReach(ctx context.Context, w *write, made id.UUID) error {
	covered, err := r.of.Covered(ctx, w.tx, w.by.Scope(r.of.Name(), r.making), []id.UUID{made})
	if err != nil || covered[made] {
		return err
	}
	return errs.New(errs.Forbidden, "Your roles let you create this only within your reach: your own, your team's or your customers'. Choose an owner or account within it.").
		With("permission", r.of.Name()+":"+r.making)
}

// update changes a record; a change that changes nothing makes no version. Permission: update on the kind of object, within its reach. Errors: NOT_FOUND, FORBIDDEN,
// BAD_INPUT, CONFLICT.
func (r record[T]) update(ctx context.Context, s *Service, by *access.Principal, record id.UUID, expected *int, set entity.ChangeSet) error {
	object := r.of.Name()
	if err := by.Require(object, "update"); err != nil {
		return err
	}
	_, err := access.Write(ctx, s.pool, by, s.clock.Now(), func(tx *pg.Tx) (id.UUID, error) {
		w, err := s.newWrite(ctx, tx, by)
		if err != nil {
			return record, err
		}
		row, err := r.of.Lock(ctx, tx, by.Scope(object, "read"), func(a *entity.Args) string {
			return r.of.Condition(by.Scope(object, "update"), a)
		}, record)
		if err != nil {
			return record, err
		}
		return record, r.change(ctx, w, row, expected, set)
	})
	return err
}

func (r record[T]) change(ctx context.Context, w *write, row *T, expected *int, set entity.ChangeSet) error {
	h := r.head(row)
	if !h.row.Changeable {
		object := r.of.Name()
		return errs.New(errs.Forbidden, "You may read this %s but not change it. Ask its owner or their manager.", object).With("permission", object+":update")
	}
	if err := entity.ExpectVersion(r.of.Name(), expected, *h.version); err != nil {
		return err
	}
	before := *row
	if err := entity.Apply(r.setters, w, row, set); err != nil {
		return err
	}
	if len(event.Differences(r.facts, &before, row)) == 0 {
		return nil
	}
	*h.version++
	*h.updatedAt = later(w.now, *h.updatedAt)
	if _, err := pg.UpdateRow(ctx, w.tx, w.by.Org.UUID, r.table, row); err != nil {
		return r.explain(err)
	}
	return r.tell(ctx, w, &before, row)
}

// tell writes the event and the audit row of a change; before is nil for a new record.
func (r record[T]) tell(ctx context.Context, w *write, before, row *T) error {
	h := r.head(row)
	c := event.Change{Entity: r.kind, ID: *h.id, Version: *h.version, Action: event.Updated, At: *h.updatedAt}
	if before == nil {
		c.Action = event.Created
	}
	c.Fields = event.Differences(r.facts, before, row)
	return event.Write(ctx, w.tx, w.by.Org, w.by.Actor(), c)
}

// person sets a reference to an active user of the org; null clears it.
func person[T any](key string, field func(*T) *id.User) entity.Setter[T, *write] {
	return entity.SetBy(key, func(w *write, row *T, v any) *errs.Error {
		if v == nil {
			*field(row) = id.User{}
			return nil
		}
		u, ok := id.ParseKind(id.UserKind, text(v))
		user := w.dir.User(id.User{UUID: u})
		switch {
		case !ok || user == nil:
			return errs.New(errs.BadInput, "This is not the id of a user of your org.")
		case !user.Active:
			return errs.New(errs.BadInput, "%s is no longer active. Choose somebody else.", user.Name)
		}
		*field(row) = user.ID
		return nil
	})
}
