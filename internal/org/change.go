package org

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// change is a write of people or teams under way. It holds the org's turn, so that the directory it decides by stays
// true until it commits.
type change struct {
	tx    *pg.Tx
	guard *access.Guard
	by    *access.Principal // as the org stands now
	dir   *Directory
	now   time.Time
}

// write runs fn, which makes or changes what has the id, with the org's turn taken, and gives the id. Errors: FORBIDDEN.
func (s *Service) write(ctx context.Context, by *access.Principal, object, action string, made id.UUID, fn func(c *change) error) (id.UUID, error) {
	if err := by.Require(object, action); err != nil {
		return id.UUID{}, err
	}
	now := s.clock.Now()
	return access.Write(ctx, s.pool, by, now, func(tx *pg.Tx) (id.UUID, error) {
		guard, err := access.Lock(ctx, tx, by, now, object, action)
		if err != nil {
			return made, err
		}
		dir, err := loadDirectory(ctx, tx, by.Org.UUID)
		if err != nil {
			return made, err
		}
		return made, fn(&change{tx: tx, guard: guard, by: guard.By(), dir: dir, now: now})
	})
}

// stale is the conflict of a write that was based on another version than the current one, nil where it was not.
func stale(what string, expected *int, current int) error {
	if expected == nil || *expected == current {
		return nil
	}
	return errs.New(errs.Conflict, "Somebody changed this %s since you read it: you have version %d, it is at version %d. Look at what it is now and try again with that version.",
		what, *expected, current).At("expectedVersion").With("expectedVersion", *expected).With("currentVersion", current)
}

var emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

// email reads an e-mail address into lower case.
func email(v any) (*string, *errs.Error) {
	s, _ := v.(string)
	s = strings.ToLower(strings.TrimSpace(s))
	if !emailForm.MatchString(s) || len(s) > 254 {
		return nil, errs.New(errs.BadInput, "%.60q is not an e-mail address. Write it as name@example.com.", s)
	}
	return &s, nil
}

// user reads the id of an active person; what says whom they are to be.
func (c *change) user(v any, what string) (id.User, *errs.Error) {
	s, _ := v.(string)
	u, ok := id.ParseKind(id.UserKind, s)
	row := c.dir.User(id.User{UUID: u})
	switch {
	case !ok || row == nil:
		return id.User{}, errs.New(errs.BadInput, "Give the id of a user of your org as the %s.", what)
	case !row.Active:
		return id.User{}, errs.New(errs.BadInput, "%s is no longer active. Choose another %s.", row.Name, what)
	}
	return row.ID, nil
}

// team reads the id of a team.
func (c *change) team(v any) (id.Team, *errs.Error) {
	s, _ := v.(string)
	u, ok := id.ParseKind(id.TeamKind, s)
	if !ok || c.dir.Team(id.Team{UUID: u}) == nil {
		return id.Team{}, errs.New(errs.BadInput, "Give the id of a team of your org.")
	}
	return id.Team{UUID: u}, nil
}

// covered tells whether the asker's action reaches a person or a team as the transaction has it.
func (c *change) covered(ctx context.Context, object, action string, u id.UUID) (bool, error) {
	of := Users.Covered
	if object == "team" {
		of = Teams.Covered
	}
	found, err := of(ctx, c.tx, c.by.Scope(object, action), []id.UUID{u})
	if err != nil {
		return false, fmt.Errorf("check reach: %w", err)
	}
	return found[u], nil
}
