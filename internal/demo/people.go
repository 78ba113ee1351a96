package demo

import (
	"slices"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

type team struct {
	id      id.Team
	key     string
	name    string
	parent  *team
	manager *person
}

type territory struct {
	id        id.Territory
	key       string
	name      string
	parent    *territory
	accounts  int // of 100
	countries []string
}

// person is somebody of the roster with their time in the org.
type person struct {
	entry
	id     id.User
	hired  time.Time
	left   time.Time // zero: still here
	stints []stint   // oldest first, without gaps
}

// stint is a person's time in one team and territory.
type stint struct {
	from      time.Time
	to        time.Time // zero: still there
	team      *team
	territory *territory // nil: none
}

func (w *world) planPeople() {
	for _, t := range teamTree {
		w.teams = append(w.teams, &team{
			id: id.Team{UUID: w.id(w.founded, "team/"+t.key)}, key: t.key, name: t.name, parent: w.team(t.parent),
		})
	}
	for _, t := range territoryTree {
		w.territories = append(w.territories, &territory{
			id: id.Territory{UUID: w.id(w.founded, "territory/"+t.key)}, key: t.key, name: t.name, parent: w.territory(t.parent),
			accounts: t.accounts, countries: t.countries,
		})
	}
	for i, e := range roster {
		r := w.rand("person", i)
		p := &person{entry: e, hired: w.monthsAgo(between(r, months+2, 38))}
		if manages(e.name) { // before those who report to them
			p.hired = w.monthsAgo(between(r, 40, 56))
		}
		if ago, ok := joined[e.name]; ok {
			p.hired = w.monthsAgo(ago)
		}
		if ago, ok := left[e.name]; ok {
			p.left = w.monthsAgo(ago)
		}
		p.id = id.User{UUID: w.id(p.hired, "person/"+e.name)}
		last := stint{from: p.hired, to: p.left, team: w.team(e.team), territory: w.territory(e.territory)}
		if m, ok := moved[e.name]; ok {
			at := w.monthsAgo(m.monthsAgo)
			p.stints = append(p.stints, stint{from: p.hired, to: at, team: w.team(m.team), territory: w.territory(m.territory)})
			last.from = at
		}
		p.stints = append(p.stints, last)
		w.people = append(w.people, p)
	}
	for i, t := range teamTree {
		w.teams[i].manager = w.person(t.manager)
	}
}

func manages(name string) bool {
	for _, t := range teamTree {
		if t.manager == name {
			return true
		}
	}
	return false
}

func (w *world) team(key string) *team {
	for _, t := range w.teams {
		if t.key == key {
			return t
		}
	}
	return nil
}

func (w *world) territory(key string) *territory {
	for _, t := range w.territories {
		if t.key == key {
			return t
		}
	}
	return nil
}

func (w *world) person(name string) *person {
	for _, p := range w.people {
		if p.name == name {
			return p
		}
	}
	return nil
}

func (w *world) withRole(role access.Role) []*person {
	var out []*person
	for _, p := range w.people {
		if slices.Contains(p.roles, role) {
			out = append(out, p)
		}
	}
	return out
}

// at is the person's stint at the moment, nil when they are not in the org then.
func (p *person) at(t time.Time) *stint {
	for i := range p.stints {
		if s := &p.stints[i]; !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to)) {
			return s
		}
	}
	return nil
}

// managerAt is whom the person reports to at the moment, nil at the top.
func (p *person) managerAt(t time.Time) *person {
	s := p.at(t)
	if s == nil {
		return nil
	}
	for up := s.team; up != nil; up = up.parent {
		if up.manager != p {
			return up.manager
		}
	}
	return nil
}

func (e entry) email() string {
	fold := strings.NewReplacer("é", "e", "ö", "o")
	first, last, _ := strings.Cut(fold.Replace(strings.ToLower(e.name)), " ")
	return first + "." + strings.ReplaceAll(last, " ", "") + "@northwind.example"
}

// peopleBatch is everybody with their teams, territories, reporting lines and roles.
func (w *world) peopleBatch() org.Batch {
	var b org.Batch
	for _, p := range w.people {
		email, title := p.email(), p.title
		u := org.User{ID: p.id, Name: p.name, Email: &email, Title: &title, Active: p.left.IsZero(), Version: 1, CreatedAt: p.hired, UpdatedAt: p.hired}
		if !p.left.IsZero() {
			u.Version, u.UpdatedAt = 2, p.left
		}
		b.Users = append(b.Users, u)
		b.Grants = append(b.Grants, access.RoleGrant{User: p.id, Roles: p.roles})
		b.Lines = append(b.Lines, p.lines()...)
		b.Assignments = append(b.Assignments, p.assignments()...)
	}
	at := w.founded.UTC()
	for _, t := range w.teams {
		row := org.Team{ID: t.id, Name: t.name, ManagerID: t.manager.id, Version: 1, CreatedAt: at, UpdatedAt: at}
		if t.parent != nil {
			row.ParentID = t.parent.id
		}
		b.Teams = append(b.Teams, row)
	}
	for _, t := range w.territories {
		row := org.Territory{ID: t.id, Key: t.key, Name: t.name, Version: 1, CreatedAt: at, UpdatedAt: at}
		if t.parent != nil {
			row.ParentID = t.parent.id
		}
		b.Territories = append(b.Territories, row)
	}
	return b
}

func (p *person) lines() []org.Line {
	var out []org.Line
	for _, s := range p.stints {
		l := org.Line{UserID: p.id, TeamID: s.team.id, ValidFrom: s.from, ValidTo: pg.Until{At: s.to}}
		if m := p.managerAt(s.from); m != nil {
			l.ManagerID = m.id
		}
		out = append(out, l)
	}
	return out
}

// assignments are the territories the person covered; a move between teams that keeps the territory is none.
func (p *person) assignments() []org.Assignment {
	var out []org.Assignment
	for _, s := range p.stints {
		if s.territory == nil {
			continue
		}
		if n := len(out); n > 0 && out[n-1].TerritoryID == s.territory.id {
			out[n-1].ValidTo = pg.Until{At: s.to}
			continue
		}
		out = append(out, org.Assignment{TerritoryID: s.territory.id, UserID: p.id, ValidFrom: s.from, ValidTo: pg.Until{At: s.to}})
	}
	return out
}
