package ingest

import (
	"context"
	"fmt"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
)

// crowd is the people of one import on their way into the org.
type crowd struct {
	*run
	batch  org.Batch
	fresh  map[id.User]bool // made here
	roles  map[id.User][]access.Role
	emails map[string]string // whose each address is, by name
	covers map[org.Assignment]bool
	teams  map[string]id.Team // by what the files call them
	areas  map[string]id.Territory
}

// member is a row with the person it is about, and whom they report to.
type member struct {
	*personRow
	user   id.User
	known  bool // the org has them
	linked bool // known by their external id too
	boss   id.User
}

// loadPeople finds or makes the files' people, their managers, teams and territories. A person is known by the external
// id, else by the name when exactly one person has it. Whoever exists is left as they are.
func (r *run) loadPeople(ctx context.Context) error {
	r.users = newRefs("user")
	for _, u := range r.directory.Users() {
		r.users.name(u.Name, u.ID.UUID)
	}
	if err := r.referTo(ctx, r.users, "user", r.mentionedPeople()); err != nil {
		return err
	}
	c := &crowd{
		run: r, fresh: map[id.User]bool{}, roles: map[id.User][]access.Role{}, emails: map[string]string{}, covers: map[org.Assignment]bool{},
	}
	members := c.sound(c.identify())
	c.admit(members)
	c.findManagers(members)
	if err := c.findTeams(ctx, members); err != nil {
		return err
	}
	for _, m := range members {
		c.place(m)
	}
	c.grant()
	if err := r.orgs.Load(ctx, r.tx, r.by, c.batch); err != nil {
		return err
	}
	r.directory = r.directory.With(c.batch)
	r.progress(len(r.plan.people))
	return nil
}

// mentionedPeople are all texts by which rows may mean a person's external id.
func (r *run) mentionedPeople() []string {
	var out []string
	for _, p := range r.plan.people {
		out = append(out, p.external, p.manager)
	}
	for _, a := range r.plan.accounts {
		out = append(out, a.owner)
	}
	for _, d := range r.plan.deals {
		out = append(out, d.owner)
	}
	return out
}

// referTo lets rows refer to records that other imports of the system made.
func (r *run) referTo(ctx context.Context, x *refs, entity string, externalIDs []string) error {
	known, err := r.existing(ctx, entity, unique(externalIDs))
	if err != nil {
		return err
	}
	for external, u := range known {
		x.byID[external] = u
	}
	return nil
}

// identify says who each row is about: somebody of the org, or somebody new.
func (c *crowd) identify() []*member {
	for _, u := range c.directory.Users() {
		if u.Email != nil {
			c.emails[*u.Email] = u.Name
		}
	}
	named := map[id.UUID]bool{}
	var out []*member
	for _, row := range c.plan.people {
		if u, ok := c.users.byID[row.external]; ok {
			out = append(out, &member{personRow: row, user: id.User{UUID: u}, known: true, linked: true})
			continue
		}
		if c.users.has(byName, row.name) {
			u, why := c.users.find(byName, row.name)
			if why == "" && named[u] {
				why = fmt.Sprintf("an earlier row is about the org's %q already; give this person another name", clip(row.name))
			}
			if named[u] = true; why != "" {
				c.reject(row.place, "name", why)
				continue
			}
			out = append(out, &member{personRow: row, user: id.User{UUID: u}, known: true})
			continue
		}
		if row.email != nil {
			if other, taken := c.emails[*row.email]; taken {
				c.reject(row.place, "email", fmt.Sprintf("%q is the address of %s already", clip(*row.email), other))
				continue
			}
			c.emails[*row.email] = row.name
		}
		out = append(out, &member{personRow: row, user: id.User{UUID: id.New()}})
	}
	return out
}

// sound drops the rows whose manager cannot be found, and then those who report to somebody dropped. A manager named
// by name is always found or made, unless several have the name.
func (c *crowd) sound(members []*member) []*member {
	for {
		x := c.users.clone()
		for _, m := range members {
			x.byID[m.external] = m.user.UUID
			x.name(m.name, m.user.UUID)
		}
		var kept []*member
		for _, m := range members {
			_, why := x.find(m.managerBy, m.manager)
			if why != "" && (m.managerBy == byExternalID || x.has(byName, m.manager)) {
				c.reject(m.place, "manager", why)
				continue
			}
			kept = append(kept, m)
		}
		if len(kept) == len(members) {
			return kept
		}
		members = kept
	}
}

// admit makes the new people, and lets the others be known by their external id from now on.
func (c *crowd) admit(members []*member) {
	for _, m := range members {
		if !m.known {
			c.make(m.user, m.name, m.external, m.email, m.title)
			continue
		}
		c.sum.count("user").Existing++
		c.users.name(m.name, m.user.UUID)
		if !m.linked {
			c.link(m.external, m.user)
		}
	}
}

func (c *crowd) make(u id.User, name, external string, email, title *string) {
	c.batch.Users = append(c.batch.Users, org.User{
		ID: u, Name: name, Email: email, Title: title, Active: true, Version: 1, CreatedAt: c.since, UpdatedAt: c.now,
	})
	c.fresh[u] = true
	c.users.name(name, u.UUID)
	c.link(external, u)
	c.sum.count("user").Created++
}

// link makes the external id stand for the person from now on.
func (c *crowd) link(external string, u id.User) {
	c.users.byID[external] = u.UUID
	c.batch.ExternalIDs = append(c.batch.ExternalIDs, c.externalID("user", u.UUID, external))
}

// findManagers resolves whom each row reports to. Managers without a row of their own count as read, and are made where
// nobody has their name; the name is their external id, by which a later import knows them whatever they are called by
// then.
func (c *crowd) findManagers(members []*member) {
	counted := map[id.User]bool{}
	for _, m := range members {
		counted[m.user] = true
	}
	for _, m := range members {
		if m.manager == "" {
			continue
		}
		u, why := c.users.find(m.managerBy, m.manager)
		m.boss = id.User{UUID: u}
		if why != "" {
			m.boss.UUID = id.New()
			c.make(m.boss, m.manager, m.manager, nil, nil)
			c.sum.count("user").Read++
		} else if !counted[m.boss] {
			c.sum.count("user").Read++
			c.sum.count("user").Existing++
			if _, linked := c.users.byID[m.manager]; !linked {
				c.link(m.manager, m.boss)
			}
		}
		counted[m.boss] = true
		c.addRole(m.boss, m.managerRole)
	}
}

func (c *crowd) addRole(u id.User, role access.Role) {
	if !c.fresh[u] || role == "" {
		return
	}
	for _, have := range c.roles[u] {
		if have == role {
			return
		}
	}
	c.roles[u] = append(c.roles[u], role)
}

// place puts a new person into their team and territory, and their manager into the territory too.
func (c *crowd) place(m *member) {
	c.addRole(m.user, m.role)
	if team, ok := c.teams[m.team]; ok && c.fresh[m.user] {
		c.batch.Lines = append(c.batch.Lines, org.Line{UserID: m.user, TeamID: team, ManagerID: m.boss, ValidFrom: c.since})
	}
	area, ok := c.areas[m.territory]
	if !ok {
		return
	}
	for _, u := range []id.User{m.user, m.boss} {
		a := org.Assignment{TerritoryID: area, UserID: u, ValidFrom: c.since}
		if c.fresh[u] && !c.covers[a] {
			c.covers[a] = true
			c.batch.Assignments = append(c.batch.Assignments, a)
		}
	}
}

// grant gives new people their roles, if the importer may: an import must not hand out what its maker could not.
func (c *crowd) grant() {
	for _, u := range c.batch.Users {
		if roles := c.roles[u.ID]; len(roles) > 0 {
			c.batch.Grants = append(c.batch.Grants, access.RoleGrant{User: u.ID, Roles: roles})
		}
	}
	if n := len(c.batch.Grants); n > 0 && !c.by.Can("role", "grant") {
		c.batch.Grants = nil
		c.sum.note("%s created without a role: your roles do not let you grant any. Ask an ADMIN to grant theirs.", were(n, "user"))
	}
}
