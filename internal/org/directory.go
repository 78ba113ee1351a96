package org

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Directory is an org's people, teams and territories in memory: what nearly every answer names.
type Directory struct {
	Org         Org
	users       map[id.User]*User
	teams       map[id.Team]*Team
	territories map[id.Territory]*Territory
	lines       map[id.User][]Line // oldest first
	assignments map[id.User][]Assignment
}

func loadDirectory(ctx context.Context, db pg.DB, orgID id.UUID) (*Directory, error) {
	d := &Directory{
		users: map[id.User]*User{}, teams: map[id.Team]*Team{}, territories: map[id.Territory]*Territory{},
		lines: map[id.User][]Line{}, assignments: map[id.User][]Assignment{},
	}
	err := db.Get(ctx, &d.Org, `
		select id, key, name, currency, time_zone, fiscal_year_start_month, created_at
		  from org
		 where id = $1`, orgID)
	if err != nil {
		return nil, fmt.Errorf("load org: %w", err)
	}
	var users []*User
	var teams []*Team
	var territories []*Territory
	var lines []Line
	var assignments []Assignment
	// The whole of each small table, dated rows from the past included.
	for _, q := range []struct {
		dest  any
		query string
	}{
		{&users, `select ` + Users.Columns() + ` from app_user u where u.org_id = $1`},
		{&teams, `select ` + Teams.Columns() + ` from team t where t.org_id = $1`},
		{&territories, `select ` + Territories.Columns() + ` from territory r where r.org_id = $1`},
		{&lines, `
			select user_id, team_id, manager_id, valid_from, valid_to
			  from reporting_line
			 where org_id = $1
			 order by valid_from`},
		{&assignments, `
			select territory_id, user_id, valid_from, valid_to
			  from territory_assignment
			 where org_id = $1
			 order by valid_from, territory_id`},
	} {
		if err := db.Select(ctx, q.dest, q.query, orgID); err != nil {
			return nil, fmt.Errorf("load directory: %w", err)
		}
	}
	for _, u := range users {
		d.users[u.ID] = u
	}
	for _, t := range teams {
		d.teams[t.ID] = t
	}
	for _, t := range territories {
		d.territories[t.ID] = t
	}
	for _, l := range lines {
		d.lines[l.UserID] = append(d.lines[l.UserID], l)
	}
	for _, a := range assignments {
		d.assignments[a.UserID] = append(d.assignments[a.UserID], a)
	}
	return d, nil
}

// User gives the person, or nil.
func (d *Directory) User(u id.User) *User { return d.users[u] }

// Team gives the team, or nil.
func (d *Directory) Team(t id.Team) *Team { return d.teams[t] }

// Territory gives the territory, or nil.
func (d *Directory) Territory(t id.Territory) *Territory { return d.territories[t] }

// Users are all people, in no order.
func (d *Directory) Users() []*User { return slices.Collect(maps.Values(d.users)) }

// Teams are all teams, in no order.
func (d *Directory) Teams() []*Team { return slices.Collect(maps.Values(d.teams)) }

// Territories are all territories, in no order.
func (d *Directory) Territories() []*Territory { return slices.Collect(maps.Values(d.territories)) }

// With is the directory as it will be once the batch is written, for who writes it and needs placements before the
// commit. A transaction's own writes are never in the Directory that the service gives.
func (d *Directory) With(b Batch) *Directory {
	c := &Directory{
		Org: d.Org, users: maps.Clone(d.users), teams: maps.Clone(d.teams), territories: maps.Clone(d.territories),
		lines: maps.Clone(d.lines), assignments: maps.Clone(d.assignments),
	}
	for i := range b.Users {
		c.users[b.Users[i].ID] = &b.Users[i]
	}
	for i := range b.Teams {
		c.teams[b.Teams[i].ID] = &b.Teams[i]
	}
	for i := range b.Territories {
		c.territories[b.Territories[i].ID] = &b.Territories[i]
	}
	for _, l := range b.Lines {
		c.lines[l.UserID] = append(slices.Clip(c.lines[l.UserID]), l)
		slices.SortStableFunc(c.lines[l.UserID], func(a, b Line) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	for _, a := range b.Assignments {
		c.assignments[a.UserID] = append(slices.Clip(c.assignments[a.UserID]), a)
		slices.SortStableFunc(c.assignments[a.UserID], func(a, b Assignment) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	return c
}

// Lines are the person's reporting lines, oldest first.
func (d *Directory) Lines(u id.User) []Line { return d.lines[u] }

// LineAt is the person's reporting line at the moment, or nil.
func (d *Directory) LineAt(u id.User, at time.Time) *Line {
	for i := range d.lines[u] {
		if l := &d.lines[u][i]; !at.Before(l.ValidFrom) && l.ValidTo.Covers(at) {
			return l
		}
	}
	return nil
}

// TerritoriesAt are the territories that the person covers at the moment, the longest held first.
func (d *Directory) TerritoriesAt(u id.User, at time.Time) []*Territory {
	var out []*Territory
	for _, a := range d.assignments[u] {
		if !at.Before(a.ValidFrom) && a.ValidTo.Covers(at) {
			out = append(out, d.territories[a.TerritoryID])
		}
	}
	return out
}

// Members are the people in the team at the moment, by name.
func (d *Directory) Members(t id.Team, at time.Time) []*User {
	var out []*User
	for u := range d.lines {
		if l := d.LineAt(u, at); l != nil && l.TeamID == t {
			out = append(out, d.users[u])
		}
	}
	slices.SortFunc(out, func(a, b *User) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	return out
}

// Placement is where a deal belongs by its owner.
type Placement struct {
	Team      id.Team
	Territory id.Territory
}

// PlacementOf is the person's team and territory at the moment: of several territories the longest held.
func (d *Directory) PlacementOf(u id.User, at time.Time) Placement {
	var p Placement
	if l := d.LineAt(u, at); l != nil {
		p.Team = l.TeamID
	}
	if t := d.TerritoriesAt(u, at); len(t) > 0 {
		p.Territory = t[0].ID
	}
	return p
}

// FindExternal gives the records that a system's ids stand for; unknown ones are not in the answer.
func FindExternal(ctx context.Context, db pg.DB, org id.Org, entity, system string, externalIDs []string) (map[string]id.UUID, error) {
	var rows []ExternalID
	err := db.Select(ctx, &rows, `
		select entity, entity_id, system, external_id
		  from external_id
		 where org_id = $1
		   and entity = $2
		   and system = $3
		   and external_id = any($4::text[])`, org, entity, system, externalIDs)
	if err != nil {
		return nil, fmt.Errorf("find external ids: %w", err)
	}
	found := make(map[string]id.UUID, len(rows))
	for _, r := range rows {
		found[r.ExternalID] = r.EntityID
	}
	return found, nil
}

// ExternalIDsOf gives the ids that other systems gave to the records, by record.
func ExternalIDsOf(ctx context.Context, db pg.DB, org id.Org, entity string, ids []id.UUID) (map[id.UUID][]ExternalID, error) {
	var rows []ExternalID
	err := db.Select(ctx, &rows, `
		select entity, entity_id, system, external_id
		  from external_id
		 where org_id = $1
		   and entity = $2
		   and entity_id = any($3::uuid[])
		 order by system, external_id`, org, entity, id.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("load external ids: %w", err)
	}
	out := map[id.UUID][]ExternalID{}
	for _, r := range rows {
		out[r.EntityID] = append(out[r.EntityID], r)
	}
	return out, nil
}

// InsertExternal records ids of other systems, for the package that owns the entity. Permission: import create.
// Errors: FORBIDDEN, BAD_INPUT.
func InsertExternal(ctx context.Context, tx *pg.Tx, by *access.Principal, ids []ExternalID) error {
	if err := by.Require("import", "create"); err != nil {
		return err
	}
	err := pg.InsertRows(ctx, tx, by.Org.UUID, "external_id", ids)
	if pg.Violates(err) == "external_id_pkey" {
		return errs.New(errs.BadInput, "An external id stands for another record already. Correct the id.")
	}
	return err
}
