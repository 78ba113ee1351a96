package org

import (
	"context"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
)

// What events and the audit log tell of people and teams.
var (
	userFacts = []event.Fact[User]{
		{Name: "name", Of: func(u *User) any { return u.Name }, Personal: true},
		{Name: "email", Of: func(u *User) any { return event.Text(u.Email) }, Personal: true},
		{Name: "title", Of: func(u *User) any { return event.Text(u.Title) }},
		{Name: "active", Of: func(u *User) any { return u.Active }},
	}
	teamFacts = []event.Fact[Team]{
		{Name: "name", Of: func(t *Team) any { return t.Name }},
		{Name: "parent", Of: func(t *Team) any { return event.Ref(id.TeamKind, t.ParentID.UUID) }},
		{Name: "manager", Of: func(t *Team) any { return event.Ref(id.UserKind, t.ManagerID.UUID) }},
	}
)

// tellUser writes the event and the audit row of a change of a person, with where they move; before is nil for a new
// one.
func (c *change) tellUser(ctx context.Context, before *User, p *person) error {
	e := event.Change{Entity: id.UserKind, ID: p.ID.UUID, Version: 1, Action: event.Created, At: c.now}
	if before != nil {
		e.Version, e.Action = before.Version+1, event.Updated
	}
	e.Fields = append(event.Differences(userFacts, before, &p.User), c.moveFields(p)...)
	return event.Write(ctx, c.tx, c.by.Org, c.by.Actor(), e)
}

// moveFields are where the person moves from and to, as it was before the change.
func (c *change) moveFields(p *person) []event.Field {
	var out []event.Field
	add := func(name string, before, after any) {
		out = append(out, event.Field{Name: name, Before: before, After: after})
	}
	var line Line
	if l := c.dir.LineAt(p.ID, p.move.from); l != nil {
		line = *l
	}
	if p.move.team != nil {
		add("team", event.Ref(id.TeamKind, line.TeamID.UUID), event.Ref(id.TeamKind, p.move.team.UUID))
	}
	if p.move.manager != nil {
		add("manager", event.Ref(id.UserKind, line.ManagerID.UUID), event.Ref(id.UserKind, p.move.manager.UUID))
	}
	if p.move.territories != nil {
		var before []id.Territory
		for _, t := range c.dir.TerritoriesAt(p.ID, p.move.from) {
			before = append(before, t.ID)
		}
		add("territories", globals(before), globals(*p.move.territories))
	}
	if len(out) > 0 {
		add("validFrom", nil, p.move.from.UTC().Format(time.RFC3339Nano))
	}
	return out
}

func globals(list []id.Territory) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = id.Global(id.TerritoryKind, t.UUID)
	}
	slices.Sort(out)
	return out
}

// tellTeam writes the event and the audit row of a change of a team; before is nil for a new one.
func (c *change) tellTeam(ctx context.Context, before, t *Team) error {
	e := event.Change{Entity: id.TeamKind, ID: t.ID.UUID, Version: t.Version, Action: event.Updated, At: c.now}
	if before == nil {
		e.Action = event.Created
	}
	e.Fields = event.Differences(teamFacts, before, t)
	return event.Write(ctx, c.tx, c.by.Org, c.by.Actor(), e)
}
