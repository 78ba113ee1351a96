package org

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Service is what can be done with orgs and their people.
type Service struct {
	pool      *pg.Pool
	clock     clock.Clock
	directory *pg.Cached[*Directory]

	succession Succession // nil where nothing is owned yet
}

// NewService makes the service.
func NewService(pool *pg.Pool, c clock.Clock) *Service {
	return &Service{pool: pool, clock: c, directory: pg.NewCached(loadDirectory)}
}

// Directory is the org's people as the transaction sees them.
func (s *Service) Directory(ctx context.Context, db pg.Versioned, org id.Org) (*Directory, error) {
	return s.directory.Get(ctx, db, org.UUID)
}

// Remembered is the directory that was read last; nil where none was.
func (s *Service) Remembered(org id.Org) *Directory {
	d, _, _ := s.directory.Peek(org.UUID)
	return d
}

// Create makes an org with the built-in access policy. It is for operators, who hold the database's address.
// Errors: BAD_INPUT, also for a key that is taken.
func (s *Service) Create(ctx context.Context, params CreateParams) (id.Org, error) {
	org := id.Org{UUID: id.New()}
	err := s.pool.Write(ctx, pg.Session{Org: org.UUID}, func(tx *pg.Tx) error {
		return s.CreateIn(ctx, tx, org, s.clock.Now(), params)
	})
	if err != nil {
		return id.Org{}, err
	}
	return org, nil
}

// CreateIn is Create within a transaction, whose session must be of the new org: for an org that is made together with
// its data, under an id and as of a moment that the caller knows. Errors: BAD_INPUT, also for a key that is taken.
func (s *Service) CreateIn(ctx context.Context, tx *pg.Tx, org id.Org, at time.Time, params CreateParams) error {
	if err := params.Validate(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into org (id, key, name, currency, time_zone, fiscal_year_start_month, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`,
		org, params.Key, params.Name, params.Currency, params.TimeZone, params.FiscalMonth, at)
	if err == nil {
		_, err = tx.Exec(ctx, `insert into org_lookup (key, org_id) values ($1, $2)`, params.Key, org)
	}
	switch pg.Violates(err) {
	case "org_key_unique", "org_lookup_pkey":
		return errs.New(errs.BadInput, "There is an org with the key %q already. Choose another key.", params.Key).At("key")
	}
	if err != nil {
		return fmt.Errorf("insert org: %w", err)
	}
	if err := access.Seed(ctx, tx, org); err != nil {
		return err
	}
	return event.Record(ctx, tx, org, event.Actor{}, event.Entry{
		Kind: event.Kind(event.Created), Entity: id.OrgKind, ID: org.UUID, At: at, Fields: []event.Field{
			{Name: "key", After: params.Key}, {Name: "name", After: params.Name}, {Name: "currency", After: params.Currency},
			{Name: "timeZone", After: params.TimeZone}, {Name: "fiscalYearStartMonth", After: params.FiscalMonth},
		},
	})
}

// Find gives the org with the key. Errors: NOT_FOUND.
func (s *Service) Find(ctx context.Context, key string) (id.Org, error) {
	h := s.pool.Read(pg.Session{})
	defer h.Close()
	var org id.Org
	err := h.Get(ctx, &org, `select org_id from org_lookup where key = $1`, key)
	if errors.Is(err, sql.ErrNoRows) {
		return id.Org{}, errs.New(errs.NotFound, "There is no org with the key %q. Make one with: entente org create --key %s", key, key)
	}
	if err != nil {
		return id.Org{}, fmt.Errorf("find org %s: %w", key, err)
	}
	return org, nil
}

// Batch is people and what belongs to them, with ids already given, for imports and generated data.
type Batch struct {
	Users       []User
	Teams       []Team // parents before children
	Territories []Territory
	Lines       []Line
	Assignments []Assignment
	Grants      []access.RoleGrant
	ExternalIDs []ExternalID
}

// Load writes a batch within the transaction. Permission: import create. Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) Load(ctx context.Context, tx *pg.Tx, by *access.Principal, b Batch) error {
	if err := by.Require("import", "create"); err != nil {
		return err
	}
	err := errors.Join(
		pg.InsertRows(ctx, tx, by.Org.UUID, "app_user", b.Users),
		pg.InsertRows(ctx, tx, by.Org.UUID, "team", b.Teams),
		pg.InsertRows(ctx, tx, by.Org.UUID, "territory", b.Territories),
	)
	if err == nil {
		err = errors.Join(
			pg.InsertRows(ctx, tx, by.Org.UUID, "reporting_line", b.Lines),
			pg.InsertRows(ctx, tx, by.Org.UUID, "territory_assignment", b.Assignments),
			pg.InsertRows(ctx, tx, by.Org.UUID, "external_id", b.ExternalIDs),
		)
	}
	if err == nil && len(b.Grants) > 0 {
		err = access.GrantRoles(ctx, tx, by, s.clock.Now(), b.Grants)
	}
	return explainLoad(err)
}

func explainLoad(err error) error {
	switch pg.Violates(err) {
	case "app_user_email_unique":
		return errs.New(errs.BadInput, "Two people have the same e-mail address. Each person needs one of their own.")
	case "app_user_email_form":
		return errs.New(errs.BadInput, "An e-mail address is not one. Correct it or leave it out.")
	case "team_name_unique":
		return errs.New(errs.BadInput, "Two teams below the same parent have the same name. Rename one.")
	case "reporting_line_one_at_a_time":
		return errs.New(errs.BadInput, "Somebody is in two teams at the same time. End one reporting line before the next begins.")
	case "territory_assignment_once_at_a_time":
		return errs.New(errs.BadInput, "Somebody is assigned to the same territory twice at the same time.")
	}
	return err
}
