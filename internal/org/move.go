package org

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// move is a change of where a person belongs, from a moment on. A nil member stays as it is; a zero one is none.
type move struct {
	from        time.Time
	team        *id.Team
	manager     *id.User // nil with a team: the team's manager
	territories *[]id.Territory
}

func (m *move) asked() bool { return m.team != nil || m.manager != nil || m.territories != nil }

// place writes a person's move and tells whether it changed anything. What has ended stays as it was: the row that
// holds at the move's moment is closed there and the next one opened, which lasts as long as the old one would have.
// Errors: BAD_INPUT.
func (c *change) place(ctx context.Context, p *person) (bool, error) {
	line, moved := false, false
	var err error
	if p.move.team != nil || p.move.manager != nil {
		if line, err = c.placeInTeam(ctx, p); err != nil {
			return false, err
		}
	}
	if p.move.territories != nil {
		moved, err = c.placeInTerritories(ctx, p.ID, *p.move.territories, p.move.from)
	}
	return line || moved, err
}

func (c *change) placeInTeam(ctx context.Context, p *person) (bool, error) {
	next := Line{UserID: p.ID, ValidFrom: p.move.from}
	if old := c.dir.LineAt(p.ID, p.move.from); old != nil {
		next.TeamID, next.ManagerID = old.TeamID, old.ManagerID
	}
	if p.move.team != nil && *p.move.team != next.TeamID {
		next.TeamID = *p.move.team
		next.ManagerID = c.dir.managerIn(next.TeamID, p.ID)
	}
	if p.move.manager != nil {
		if next.TeamID.IsZero() && !p.move.manager.IsZero() {
			return false, errs.New(errs.BadInput, "Whom a person reports to goes with a team: give teamId too.").At("managerId")
		}
		next.ManagerID = *p.move.manager
	}
	if c.dir.reportsTo(next.ManagerID, p.ID, p.move.from, nil) {
		return false, errs.New(errs.BadInput, "%s reports to %s already, directly or through others. Choose another manager.",
			c.dir.User(next.ManagerID).Name, p.Name).At("managerId")
	}
	return c.moveLine(ctx, next)
}

// managerIn is whom a person in the team reports to: its manager, or the nearest one above who is somebody else.
func (d *Directory) managerIn(team id.Team, person id.User) id.User {
	for t := d.teams[team]; t != nil; t = d.teams[t.ParentID] {
		if m := d.users[t.ManagerID]; m != nil && m.Active && m.ID != person {
			return m.ID
		}
	}
	return id.User{}
}

// reportsTo tells whether a person reports to the boss at the moment, directly or through others; instead holds
// managers that are about to replace those of the directory.
func (d *Directory) reportsTo(person, boss id.User, at time.Time, instead map[id.User]id.User) bool {
	for range len(d.users) + 1 {
		if person.IsZero() || person == boss {
			return !person.IsZero()
		}
		next, changed := instead[person]
		if l := d.LineAt(person, at); !changed && l != nil {
			next = l.ManagerID
		}
		person = next
	}
	return true // a circle that does not hold the boss: not to be made larger
}

// notRewritten refuses a move to before the last change that has taken place.
func notRewritten(from, now time.Time, changes ...time.Time) error {
	last := time.Time{}
	for _, at := range changes {
		if at.Before(now) && at.After(last) {
			last = at
		}
	}
	if from.Before(now) && !from.After(last) {
		return errs.New(errs.BadInput, "What holds now began at %s, and the past is not rewritten: give a later moment.",
			last.UTC().Format(time.RFC3339)).At("validFrom")
	}
	return nil
}

// moveLine ends the line that holds when next begins, and opens next unless it names no team.
func (c *change) moveLine(ctx context.Context, next Line) (bool, error) {
	var began []time.Time
	for _, l := range c.dir.Lines(next.UserID) {
		began = append(began, l.ValidFrom, l.ValidTo.At)
		if l.ValidFrom.After(next.ValidFrom) && next.ValidTo.Covers(l.ValidFrom) {
			next.ValidTo = pg.Until{At: l.ValidFrom} // a move that is planned stays planned
		}
	}
	if err := notRewritten(next.ValidFrom, c.now, began...); err != nil {
		return false, err
	}
	old := c.dir.LineAt(next.UserID, next.ValidFrom)
	switch {
	case old == nil && next.TeamID.IsZero():
		return false, nil
	case old != nil && old.TeamID == next.TeamID && old.ManagerID == next.ManagerID:
		return false, nil
	}
	if old != nil {
		next.ValidTo = old.ValidTo
		if err := c.endLine(ctx, old, next.ValidFrom); err != nil {
			return false, err
		}
	}
	if next.TeamID.IsZero() {
		return true, nil
	}
	return true, pg.InsertRows(ctx, c.tx, c.by.Org.UUID, "reporting_line", []Line{next})
}

// endLine closes a line, or takes it away where it would not have begun yet.
func (c *change) endLine(ctx context.Context, l *Line, at time.Time) error {
	query := `
		update reporting_line
		   set valid_to = $4
		 where org_id = $1
		   and user_id = $2
		   and valid_from = $3`
	if l.ValidFrom.Equal(at) {
		query = `
		delete from reporting_line
		 where org_id = $1
		   and user_id = $2
		   and valid_from = $3
		   and valid_from = $4`
	}
	if _, err := c.tx.Exec(ctx, query, c.by.Org, l.UserID, l.ValidFrom, at); err != nil {
		return fmt.Errorf("end reporting line: %w", err)
	}
	return nil
}

// placeInTerritories makes a person cover exactly these territories at the moment and after it. Assignments that are
// planned to begin later stay.
func (c *change) placeInTerritories(ctx context.Context, u id.User, want []id.Territory, from time.Time) (bool, error) {
	var ended, opened []Assignment
	var began []time.Time
	held := map[id.Territory]bool{}
	for _, a := range c.dir.assignments[u] {
		began = append(began, a.ValidFrom, a.ValidTo.At)
		if from.Before(a.ValidFrom) || !a.ValidTo.Covers(from) {
			continue
		}
		held[a.TerritoryID] = true
		if !slices.Contains(want, a.TerritoryID) {
			ended = append(ended, a)
		}
	}
	for _, t := range want {
		if held[t] {
			continue
		}
		a := Assignment{TerritoryID: t, UserID: u, ValidFrom: from}
		for _, later := range c.dir.assignments[u] {
			if later.TerritoryID == t && later.ValidFrom.After(from) && a.ValidTo.Covers(later.ValidFrom) {
				a.ValidTo = pg.Until{At: later.ValidFrom}
			}
		}
		opened = append(opened, a)
	}
	if err := notRewritten(from, c.now, began...); err != nil {
		return false, err
	}
	if len(ended)+len(opened) == 0 {
		return false, nil
	}
	var failed error
	for _, a := range ended {
		failed = errors.Join(failed, c.endAssignment(ctx, a, from))
	}
	if failed != nil {
		return false, failed
	}
	return true, pg.InsertRows(ctx, c.tx, c.by.Org.UUID, "territory_assignment", opened)
}

// endAssignment closes an assignment, or takes it away where it would not have begun yet.
func (c *change) endAssignment(ctx context.Context, a Assignment, at time.Time) error {
	query := `
		update territory_assignment
		   set valid_to = $5
		 where org_id = $1
		   and territory_id = $2
		   and user_id = $3
		   and valid_from = $4`
	if a.ValidFrom.Equal(at) {
		query = `
		delete from territory_assignment
		 where org_id = $1
		   and territory_id = $2
		   and user_id = $3
		   and valid_from = $4
		   and valid_from = $5`
	}
	if _, err := c.tx.Exec(ctx, query, c.by.Org, a.TerritoryID, a.UserID, a.ValidFrom, at); err != nil {
		return fmt.Errorf("end territory assignment: %w", err)
	}
	return nil
}
