package org

import (
	"context"
	"fmt"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// SetTeamParams describe a team to be made or changed.
type SetTeamParams struct {
	ID       id.Team // zero: a new one
	Expected *int    // the version that was read; nil does not check
	Set      entity.ChangeSet
}

// SetTeam makes a team or changes one. With its manager the lines of those who report to that manager change: they are
// closed now and opened anew. Permission: team update, within its reach, which a new parent must be in too.
// Errors: FORBIDDEN, NOT_FOUND; BAD_INPUT, also for a parent that lies below the team; CONFLICT when the team is not of
// the expected version.
func (s *Service) SetTeam(ctx context.Context, by *access.Principal, params SetTeamParams) (id.Team, error) {
	team := params.ID
	if team.IsZero() {
		team = id.Team{UUID: id.New()}
	}
	made, err := s.write(ctx, by, "team", "update", team.UUID, func(c *change) error {
		t := &Team{ID: team, CreatedAt: c.now}
		if !params.ID.IsZero() {
			before := c.dir.Team(params.ID)
			if before == nil {
				return errs.New(errs.NotFound, "There is no such team, or none that you may see.").At("teamId")
			}
			if err := c.mayHold(ctx, before.ID); err != nil {
				return err
			}
			if err := entity.ExpectVersion("team", params.Expected, before.Version); err != nil {
				return err
			}
			row := *before
			t = &row
		}
		if params.ID.IsZero() {
			if _, given := params.Set["name"]; !given {
				return errs.New(errs.BadInput, "Give the team a name.").At("name")
			}
		}
		if err := entity.Apply(teamSetters, c, t, params.Set); err != nil {
			return err
		}
		return c.writeTeam(ctx, c.dir.Team(params.ID), t)
	})
	if err != nil {
		return params.ID, err
	}
	return id.Team{UUID: made}, nil
}

// mayHold proves that the asker's reach covers a team. Errors: FORBIDDEN.
func (c *change) mayHold(ctx context.Context, team id.Team) error {
	if ok, err := c.covered(ctx, "team", "update", team.UUID); ok || err != nil {
		return err
	}
	return errs.New(errs.Forbidden, "Your roles let you change only the teams within your reach.").With("permission", "team:update")
}

// teamSetters apply one member of a change set each.
var teamSetters = []entity.Setter[Team, *change]{
	entity.SetName[Team, *change]("name", 200, func(t *Team) *string { return &t.Name }),
	entity.SetBy("parentId", func(c *change, t *Team, v any) (bad *errs.Error) {
		if t.ParentID = (id.Team{}); v == nil {
			return nil
		}
		if t.ParentID, bad = c.team(v); bad == nil && c.dir.below(t.ParentID, t.ID) {
			bad = errs.New(errs.BadInput, "A team cannot lie below itself: the parent given is the team or lies below it.")
		}
		return bad
	}),
	entity.SetBy("managerId", func(c *change, t *Team, v any) (bad *errs.Error) {
		if t.ManagerID = (id.User{}); v != nil {
			t.ManagerID, bad = c.user(v, "manager")
		}
		return bad
	}),
}

// below tells whether a team is the other or lies below it.
func (d *Directory) below(team, other id.Team) bool {
	for range len(d.teams) + 1 {
		if team.IsZero() || team == other {
			return !team.IsZero()
		}
		team = d.teams[team].ParentID
	}
	return true // a circle already: not to be made larger
}

// writeTeam writes a team; before is nil for a new one.
func (c *change) writeTeam(ctx context.Context, before *Team, t *Team) error {
	if before != nil && before.Name == t.Name && before.ParentID == t.ParentID && before.ManagerID == t.ManagerID {
		return nil
	}
	if before == nil || before.ParentID != t.ParentID {
		if err := c.mayBePut(ctx, t.ParentID); err != nil {
			return err
		}
	}
	t.Version++
	t.UpdatedAt = c.now
	var err error
	if before == nil {
		err = pg.InsertRows(ctx, c.tx, c.by.Org.UUID, "team", []Team{*t})
	} else {
		_, err = c.tx.Exec(ctx, `
			update team
			   set name = $3, parent_id = $4, manager_id = $5, version = $6, updated_at = $7
			 where org_id = $1
			   and id = $2`, c.by.Org, t.ID, t.Name, t.ParentID, t.ManagerID, t.Version, t.UpdatedAt)
	}
	if pg.Violates(err) == "team_name_unique" {
		return errs.New(errs.BadInput, "There is a team with this name below the same parent already. Choose another name.").At("name")
	}
	if err != nil {
		return fmt.Errorf("write team: %w", err)
	}
	if err := c.tellTeam(ctx, before, t); err != nil {
		return err
	}
	if before == nil || before.ManagerID == t.ManagerID {
		return nil
	}
	return c.changeManager(ctx, before.ManagerID, t)
}

// mayBePut proves that the asker may put a team below the parent; at the top, that they may change all teams.
func (c *change) mayBePut(ctx context.Context, parent id.Team) error {
	if !parent.IsZero() {
		return c.mayHold(ctx, parent)
	}
	if c.by.Scope("team", "update").CoversAll() {
		return nil
	}
	return errs.New(errs.Forbidden, "Your roles let you put teams only below those within your reach. Choose a parent.").With("permission", "team:update")
}

// changeManager lets the team's members report to its new manager, and with them the managers of the teams right below
// it who reported to the one before.
func (c *change) changeManager(ctx context.Context, old id.User, t *Team) error {
	c.dir.teams[t.ID] = t
	var lines []Line
	instead := map[id.User]id.User{}
	for u := range c.dir.lines {
		l := c.dir.LineAt(u, c.now)
		if l == nil {
			continue
		}
		of := c.dir.teams[l.TeamID]
		leads := of.ParentID == t.ID && of.ManagerID == u && l.ManagerID == old
		if l.TeamID != t.ID && !leads {
			continue
		}
		next := Line{UserID: u, TeamID: l.TeamID, ManagerID: c.dir.managerIn(l.TeamID, u), ValidFrom: c.now}
		instead[u] = next.ManagerID
		lines = append(lines, next)
	}
	var moved []id.User
	for _, l := range lines {
		if c.dir.reportsTo(l.ManagerID, l.UserID, c.now, instead) {
			return errs.New(errs.BadInput, "%s reports to %s, directly or through others, who would then report to them. Change that line first.",
				c.dir.User(l.ManagerID).Name, c.dir.User(l.UserID).Name).At("managerId")
		}
		changed, err := c.moveLine(ctx, l)
		if err != nil {
			return err
		}
		if changed {
			moved = append(moved, l.UserID)
		}
	}
	_, err := c.tx.Exec(ctx, `
		update app_user
		   set version = version + 1, updated_at = $3
		 where org_id = $1
		   and id = any($2::uuid[])`, c.by.Org, id.Array(moved), c.now)
	if err != nil {
		return fmt.Errorf("count the members' versions: %w", err)
	}
	return nil
}
