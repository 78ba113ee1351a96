package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
)

// Org is the asker's org.
type Org struct{ *org.Org }

// FiscalYearStartMonth is the month in which the fiscal year starts.
func (o *Org) FiscalYearStartMonth() int { return o.FiscalMonth }

// Viewer is who asks.
type Viewer struct{ Env *Env }

// User is the person, nil for a service token.
func (v *Viewer) User() *User { return v.Env.User(v.Env.Principal.User) }

// Org is the asker's org.
func (v *Viewer) Org() *Org { return &Org{&v.Env.Directory.Org} }

// Roles are the roles that the asker holds.
func (v *Viewer) Roles() []string { return roleNames(v.Env.Principal.Roles) }

// Can tells whether the asker may do the action on at least some objects of the kind.
func (v *Viewer) Can(object, action string) bool { return v.Env.Principal.Can(object, action) }

// Permission is something that the asker may do.
type Permission struct{ grant access.Grant }

// Permissions are all that the asker may do.
func (v *Viewer) Permissions() []*Permission {
	return permissionsOf(v.Env.Principal.Grants())
}

// Object is the kind of object.
func (p *Permission) Object() string { return p.grant.Object }

// Action is the action on it.
func (p *Permission) Action() string { return p.grant.Action }

// Reaches say which objects it covers.
func (p *Permission) Reaches() []string { return reachNames(p.grant.Reaches) }

// User is a person with what hangs on them. All of it is held in memory.
type User struct {
	*org.User
	env *Env
}

// IsNode marks a type that can be asked for by id.
func (*User) IsNode() {}

// Team is the team the person is in now.
func (u *User) Team() *Team {
	if l := u.env.Directory.LineAt(u.ID, u.env.Now); l != nil {
		return u.env.Team(l.TeamID)
	}
	return nil
}

// Manager is whom the person reports to now.
func (u *User) Manager() *User {
	if l := u.env.Directory.LineAt(u.ID, u.env.Now); l != nil {
		return u.env.User(l.ManagerID)
	}
	return nil
}

// Territories are those the person covers now.
func (u *User) Territories() []*Territory {
	if !u.env.may("territory") {
		return nil
	}
	out := []*Territory{}
	for _, t := range u.env.Directory.TerritoriesAt(u.ID, u.env.Now) {
		out = append(out, &Territory{t, u.env})
	}
	return out
}

// Roles are the roles that the person holds, nil where the asker may not read them.
func (u *User) Roles() []string {
	roles := u.env.Principal.RolesOf(u.ID)
	if roles == nil {
		return nil
	}
	return roleNames(roles)
}

// ReportingLines are the person's lines, oldest first.
func (u *User) ReportingLines() []*ReportingLine {
	lines := u.env.Directory.Lines(u.ID)
	out := make([]*ReportingLine, len(lines))
	for i := range lines {
		out[i] = &ReportingLine{&lines[i], u.env}
	}
	return out
}

// ReportingLine is which team a person was in and whom they reported to.
type ReportingLine struct {
	line *org.Line
	env  *Env
}

// Team is the team.
func (l *ReportingLine) Team() *Team { return l.env.Team(l.line.TeamID) }

// Manager is whom the person reported to.
func (l *ReportingLine) Manager() *User { return l.env.User(l.line.ManagerID) }

// ValidFrom is the first moment.
func (l *ReportingLine) ValidFrom() time.Time { return l.line.ValidFrom }

// ValidTo is the end, nil while it lasts.
func (l *ReportingLine) ValidTo() *time.Time { return l.line.ValidTo.Ptr() }

// Team is a team with what hangs on it. All of it is held in memory.
type Team struct {
	*org.Team
	env *Env
}

// IsNode marks a type that can be asked for by id.
func (*Team) IsNode() {}

// Parent is the team above.
func (t *Team) Parent() *Team { return t.env.Team(t.ParentID) }

// Manager is who manages the team now.
func (t *Team) Manager() *User { return t.env.User(t.ManagerID) }

// Members are the people in the team now.
func (t *Team) Members() []*User {
	if !t.env.may("user") {
		return nil
	}
	out := []*User{}
	for _, u := range t.env.Directory.Members(t.ID, t.env.Now) {
		out = append(out, &User{u, t.env})
	}
	return out
}

// Territory is a territory with the one above it.
type Territory struct {
	*org.Territory
	env *Env
}

// IsNode marks a type that can be asked for by id.
func (*Territory) IsNode() {}

// Parent is the territory above.
func (t *Territory) Parent() *Territory { return t.env.Territory(t.ParentID) }

var (
	users = newView(org.Users, "User",
		func(e *Env, r *org.User) *User { return &User{r, e} }, func(u *User) id.UUID { return u.ID.UUID })
	teams = newView(org.Teams, "Team",
		func(e *Env, r *org.Team) *Team { return &Team{r, e} }, func(t *Team) id.UUID { return t.ID.UUID })
	territories = newView(org.Territories, "Territory",
		func(e *Env, r *org.Territory) *Territory { return &Territory{r, e} }, func(t *Territory) id.UUID { return t.ID.UUID })
)

// Users gives one page of people.
func (e *Env) Users(ctx context.Context, q entity.Query, sel Selection) (*UserConnection, error) {
	l, nodes, err := users.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &UserConnection{newConnection(l, nodes, sel, func(x edge[User]) *UserEdge { return &UserEdge{x} })}, nil
}

// Teams gives one page of teams.
func (e *Env) Teams(ctx context.Context, q entity.Query, sel Selection) (*TeamConnection, error) {
	l, nodes, err := teams.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &TeamConnection{newConnection(l, nodes, sel, func(x edge[Team]) *TeamEdge { return &TeamEdge{x} })}, nil
}

// Territories gives one page of territories.
func (e *Env) Territories(ctx context.Context, q entity.Query, sel Selection) (*TerritoryConnection, error) {
	l, nodes, err := territories.list(ctx, e, q, sel)
	if err != nil {
		return nil, err
	}
	return &TerritoryConnection{newConnection(l, nodes, sel, func(x edge[Territory]) *TerritoryEdge { return &TerritoryEdge{x} })}, nil
}
