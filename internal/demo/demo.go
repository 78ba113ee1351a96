package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Size says how much data the demo org has.
type Size string

// The sizes. Small is the zero value's meaning.
const (
	Small Size = "small" // 400 accounts, 3,000 deals
	Large Size = "large" // 5,000 accounts, 50,000 deals
)

// ParseSize reads what was given on a command line. Errors: BAD_INPUT.
func ParseSize(s string) (Size, error) {
	switch size := Size(s); size {
	case Small, Large:
		return size, nil
	}
	return "", errs.New(errs.BadInput, "%.20q is not a size. Use small or large.", s)
}

func (s Size) accounts() int {
	if s == Large {
		return 5_000
	}
	return 400
}

func (s Size) deals() int {
	if s == Large {
		return 50_000
	}
	return 3_000
}

// dealsAtOnce bounds the histories in memory.
const dealsAtOnce = 1_000

// loadTimeout bounds a statement of the load.
const loadTimeout = time.Minute

// Deps are the services that the demo org is made through.
type Deps struct {
	Pool   *pg.Pool
	Access *access.Service // in demo mode, which is where demo tokens are made and accepted
	Orgs   *org.Service
	CRM    *crm.Service
}

// Params say which demo org to make.
type Params struct {
	Seed     uint64
	Today    time.Time // now; everything in the org happened before this day
	Size     Size
	Progress func(step string, done, total int) // nil: nobody watches
}

func (p Params) progress(step string, done, total int) {
	if p.Progress != nil {
		p.Progress(step, done, total)
	}
}

// Result is the demo org and the ways in.
type Result struct {
	Org       id.Org
	Key, Name string
	People    []Login
	Questions []Question
}

// Ensure gives the demo org, and makes it first unless it is there. An org that is there is reused whatever seed and
// day it was made with; created tells which it was. Several may run at once: one makes the org, the others wait for it.
// Errors: BAD_INPUT when an org that was not made here bears the name, or a small one is there and a large one was
// asked for.
func Ensure(ctx context.Context, deps Deps, p Params) (result *Result, created bool, err error) {
	for {
		o, err := find(ctx, deps, p.Size)
		if err == nil {
			result, err = describe(ctx, deps, o, p.Today)
			return result, created, err
		}
		if !errors.Is(err, errAbsent) {
			return nil, false, err
		}
		switch err := build(ctx, deps, p); {
		case err == nil:
			created = true
		case errors.Is(err, errBusy):
			if err := pause(ctx); err != nil {
				return nil, false, err
			}
		default:
			return nil, false, fmt.Errorf("make the demo org: %w", err)
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}

// build plans the org and writes it in one transaction.
func build(ctx context.Context, deps Deps, p Params) error {
	p.progress("plan", 0, 1)
	w, err := newWorld(p.Seed, p.Today, p.Size)
	if err != nil {
		return err
	}
	p.progress("plan", 1, 1)
	return deps.Pool.Write(ctx, pg.Session{Org: w.org.UUID, Timeout: loadTimeout}, func(tx *pg.Tx) error {
		if err := takeTurn(ctx, tx); err != nil {
			return err
		}
		if err := deps.Orgs.CreateIn(ctx, tx, w.org, w.founded.UTC(), orgParams); err != nil {
			return err
		}
		return w.load(ctx, tx, deps, p)
	})
}

// load writes the org's rows, each domain's through its own service.
func (w *world) load(ctx context.Context, tx *pg.Tx, deps Deps, p Params) error {
	by := access.Operator(w.org)
	if err := deps.Orgs.Load(ctx, tx, by, w.peopleBatch()); err != nil {
		return err
	}
	if err := w.makeTokens(ctx, tx, deps, by); err != nil {
		return err
	}
	p.progress("people", len(w.people), len(w.people))
	if err := deps.CRM.Load(ctx, tx, by, w.crmBatch()); err != nil {
		return err
	}
	p.progress("accounts", len(w.accounts), len(w.accounts))
	total := len(w.deals)
	for from := 0; from < total; from += dealsAtOnce {
		to := min(from+dealsAtOnce, total)
		if err := deps.CRM.Load(ctx, tx, by, crm.Batch{Histories: w.histories(from, to)}); err != nil {
			return err
		}
		p.progress("deals", to, total)
	}
	return nil
}
