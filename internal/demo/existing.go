package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

var (
	errAbsent = errors.New("there is no demo org")
	errBusy   = errors.New("another process makes the demo org, or just did")
)

// find gives the demo org that is there, or errAbsent.
func find(ctx context.Context, deps Deps, size Size) (id.Org, error) {
	o, err := deps.Orgs.Find(ctx, Key)
	var known *errs.Error
	if errors.As(err, &known) && known.Code == errs.NotFound {
		return id.Org{}, errAbsent
	}
	if err != nil {
		return id.Org{}, err
	}
	signedIn, err := deps.Access.Identify(ctx, fixtures[0].token)
	if err != nil && !(errors.As(err, &known) && known.Code == errs.Unauthenticated) {
		return id.Org{}, err
	}
	if err != nil || signedIn.Org != o {
		return id.Org{}, errs.New(errs.BadInput, "There is an org with the key %q that is not the demo org. Use another database or data folder for the demo.", Key)
	}
	if size != Large {
		return o, nil
	}
	h := deps.Pool.Read(pg.Session{Org: o.UUID})
	defer h.Close()
	var large bool
	// Whether there are as many accounts as the large one is made with.
	err = h.Get(ctx, &large, `select exists (select from account where org_id = $1 offset $2)`, o, Large.accounts()-1)
	if err != nil {
		return id.Org{}, fmt.Errorf("measure the demo org: %w", err)
	}
	if !large {
		return id.Org{}, errs.New(errs.BadInput, "The demo org is there already, in the small size. Use another data folder for the large one, or remove this one's.")
	}
	return o, nil
}

// takeTurn lets one transaction at a time make the demo org: errBusy to the others, who look again later, and to one
// whose turn comes when the org has been made since it looked.
func takeTurn(ctx context.Context, tx *pg.Tx) error {
	var mine, made bool
	if err := tx.Get(ctx, &mine, `select pg_try_advisory_xact_lock(hashtext($1))`, "entente demo org"); err != nil {
		return fmt.Errorf("wait for the turn: %w", err)
	}
	if !mine {
		return errBusy
	}
	// A statement of its own: only one that begins under the lock sees what its last holder committed.
	if err := tx.Get(ctx, &made, `select exists (select from org_lookup where key = $1)`, Key); err != nil {
		return fmt.Errorf("look for the demo org: %w", err)
	}
	if made {
		return errBusy
	}
	return nil
}

// describe tells the ways into an org that is there.
func describe(ctx context.Context, deps Deps, o id.Org, today time.Time) (*Result, error) {
	h := deps.Pool.Read(pg.Session{Org: o.UUID})
	defer h.Close()
	var people []struct {
		ID    id.User `db:"id"`
		Email string  `db:"email"`
	}
	// The people of the roster: their ids depend on the seed and the day that the org was made with.
	err := h.Select(ctx, &people, `select id, email from app_user where org_id = $1 and email like '%@northwind.example'`, o)
	if err != nil {
		return nil, fmt.Errorf("read the demo org's people: %w", err)
	}
	ids := make(map[string]id.User, len(people))
	for _, p := range people {
		ids[p.Email] = p.ID
	}
	return &Result{Org: o, Key: Key, Name: Name, People: logins(), Questions: questions(ids, today)}, nil
}
