package crm

import (
	"context"
	"errors"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Batch is accounts, pipelines and whole histories of deals, with ids already given, for imports and generated data.
type Batch struct {
	Pipelines   []Pipeline
	Stages      []Stage
	Accounts    []Account // parents before children
	Histories   []History
	ExternalIDs []org.ExternalID
}

// History is all versions of one deal, oldest first, without gaps: each ends when the next begins, and the last is
// still valid. It is written as it stands: exempt from gates, firing no events.
type History []DealVersion

// Load writes a batch within the transaction. Permission: import create. Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) Load(ctx context.Context, tx *pg.Tx, by *access.Principal, b Batch) error {
	if err := by.Require("import", "create"); err != nil {
		return err
	}
	var deals []Deal
	var versions []DealVersion
	var visits []Visit
	for _, h := range b.Histories {
		if err := h.check(); err != nil {
			return err
		}
		deals = append(deals, h[len(h)-1].Deal)
		versions = append(versions, h...)
		visits = append(visits, VisitsOf(h)...)
	}
	o := by.Org.UUID
	for _, insert := range []func() error{
		func() error { return pg.InsertRows(ctx, tx, o, "pipeline", b.Pipelines) },
		func() error { return pg.InsertRows(ctx, tx, o, "stage", b.Stages) },
		func() error { return pg.InsertRows(ctx, tx, o, "account", b.Accounts) },
		func() error { return pg.InsertRows(ctx, tx, o, "deal", deals) },
		func() error { return pg.InsertRows(ctx, tx, o, "deal_version", versions) },
		func() error { return pg.InsertRows(ctx, tx, o, "stage_visit", visits) },
		func() error { return org.InsertExternal(ctx, tx, by, b.ExternalIDs) },
	} {
		if err := insert(); err != nil {
			return err
		}
	}
	return nil
}

func (h History) check() error {
	if len(h) == 0 {
		return errors.New("a deal without a version")
	}
	for i, v := range h {
		last := i == len(h)-1
		if v.Version != i+1 || v.ID != h[0].ID || last != v.ValidTo.At.IsZero() || !last && !v.ValidTo.At.Equal(h[i+1].ValidFrom) {
			return errs.New(errs.BadInput, "The versions of the deal %q do not follow one another.", v.Name)
		}
	}
	return nil
}
