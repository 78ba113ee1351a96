package org

import (
	"context"
	"fmt"
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
