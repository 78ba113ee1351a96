package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Service imports files.
type Service struct {
	pool  *pg.Pool
	clock clock.Clock
	orgs  *org.Service
	crm   *crm.Service
}

// NewService makes the service.
func NewService(pool *pg.Pool, c clock.Clock, orgs *org.Service, deals *crm.Service) *Service {
	return &Service{pool: pool, clock: c, orgs: orgs, crm: deals}
}

// Params describe an import.
type Params struct {
	Mapping    *Mapping
	Paths      []string // files, or folders in which the mapping's files lie
	DateFormat string   // of every file; "" takes the mapping's, or has it proven from the files
	History    bool     // rows bring their own dates, are exempt from gates and fire no events
	DryRun     bool     // do everything and keep nothing

	// Progress, when set, is called as rows are written, from the importing goroutine. Done starts again from zero when
	// the database makes the transaction run again.
	Progress func(done, total int)
}

// Validate collects what is wrong with the parameters.
func (p Params) Validate() error {
	var bad errs.List
	if p.Mapping == nil {
		bad.Add(errs.BadInput, "mapping", "Name a mapping with --mapping; examples/mappings has some to start from.")
	}
	if len(p.Paths) == 0 {
		bad.Add(errs.BadInput, "paths", "Name the files to import, or the folder they are in.")
	}
	if p.DateFormat != "" {
		if _, err := parseDateFormat(p.DateFormat); err != nil {
			bad.Add(errs.BadInput, "dateFormat", "%s", err.Message)
		}
	}
	return bad.Err()
}

// statementTimeout bounds one statement of an import, which writes thousands of rows.
const statementTimeout = time.Minute

var errDryRun = errors.New("dry run")

// Import reads the files and writes what is new, all of it in one transaction. Rows that are wrong are left out and
// listed in the summary. Permission: import create; granting roles to new people needs role grant too, and is left out
// with a note without it. Errors: FORBIDDEN, BAD_INPUT for a wrong mapping, file or set of files, CONFLICT.
func (s *Service) Import(ctx context.Context, by *access.Principal, params Params) (Summary, error) {
	if err := by.Require("import", "create"); err != nil {
		return Summary{}, err
	}
	if err := params.Validate(); err != nil {
		return Summary{}, err
	}
	p, err := readPlan(params.Mapping, params.Paths, params.DateFormat)
	if err != nil {
		return Summary{}, err
	}
	if len(p.deals) > 0 && !params.History {
		return Summary{}, errs.New(errs.BadInput, "These files hold deals, and deals are imported as history. Import again with --history: each deal then keeps its own dates, passes no gates and fires no events.")
	}
	p.sum.History, p.sum.DryRun = params.History, params.DryRun
	var done Summary
	session := by.Session()
	session.Timeout = statementTimeout
	err = s.pool.Write(ctx, session, func(tx *pg.Tx) error {
		r := &run{Service: s, tx: tx, by: by, plan: p, params: params, sum: p.sum.clone(), now: s.clock.Now()}
		if err := r.all(ctx); err != nil {
			return err
		}
		r.sum.finish()
		done = r.sum
		if params.DryRun {
			return errDryRun
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Summary{}, fmt.Errorf("import: %w", pg.Explain(err))
	}
	return done, nil
}

// run is one try of an import's transaction.
type run struct {
	*Service
	tx     *pg.Tx
	by     *access.Principal
	plan   *plan
	params Params
	sum    Summary

	now   time.Time
	zone  *time.Location
	since time.Time // from when people, teams and territories are valid
	done  int       // rows

	directory *org.Directory // with what this import adds
	users     *refs
	accounts  *refs
	pipeline  id.Pipeline
	stages    map[string]*crm.Stage // by key
}

func (r *run) all(ctx context.Context) error {
	var err error
	// Asked for before anything is written: the cache must not keep what may be rolled back.
	if r.directory, err = r.orgs.Directory(ctx, r.tx, r.by.Org); err != nil {
		return err
	}
	r.zone = r.directory.Org.Location()
	r.settleSince()
	for _, step := range []func(context.Context) error{r.loadPipeline, r.loadPeople, r.loadAccounts, r.loadDeals} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	r.progress(r.plan.total - r.done)
	return nil
}

// settleSince makes people valid from the start of the earliest day of any deal in the files, and from now where no
// deal is dated.
func (r *run) settleSince() {
	r.since = r.now
	for _, d := range r.plan.deals {
		if len(d.versions) > 0 {
			if t := d.versions[0].day.Start(r.zone); t.Before(r.since) {
				r.since = t
			}
		}
	}
}

func (r *run) progress(rows int) {
	r.done += rows
	if r.params.Progress != nil && rows > 0 {
		r.params.Progress(r.done, r.plan.total)
	}
}

// reject leaves a row out for a reason that only the database could tell.
func (r *run) reject(p place, field, reason string) {
	r.sum.count(countedAs(p.mapped.Entity)).Rejected++
	column := firstOf(p.mapped.Fields[field].Column, field)
	r.sum.Rejected = append(r.sum.Rejected, Reject{p.file, p.line, column, reason})
}

// existing finds the records that the system's ids stand for already.
func (r *run) existing(ctx context.Context, entity string, externalIDs []string) (map[string]id.UUID, error) {
	if len(externalIDs) == 0 {
		return map[string]id.UUID{}, nil
	}
	return org.FindExternal(ctx, r.tx, r.by.Org, entity, r.plan.m.System, externalIDs)
}

func (r *run) externalID(entity string, u id.UUID, external string) org.ExternalID {
	return org.ExternalID{Entity: entity, EntityID: u, System: r.plan.m.System, ExternalID: external}
}
