package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Principal is who asks: a person or a service token of one org, with the decisions that hold for them. It lives for
// one operation.
type Principal struct {
	Org   id.Org
	User  id.User // zero for a service token
	Token id.Token
	Name  string
	Roles []Role

	Client    string // the program it asks through, as it names itself; kept with every change
	RequestID string // of the request at hand; kept with every change
	Once      Once   // names the mutation under way, so that it is done once

	tables     []decisions
	facts      *snapshot // nil for the operator
	everything bool
	around     func() surroundings // nil: nothing but all of the org or none of it is in reach

	version  int64        // of the org's reference data that it was made from
	required []Permission // what a use case asked for before its transaction, where that may have to be asked again
	renew    func(ctx context.Context, db pg.Versioned) (*Principal, error)
}

// surroundings are what the reaches between a person's own rows and all rows are made of.
type surroundings struct {
	teams       []id.Team
	members     []id.User
	territories []id.Territory
}

func (p *Principal) surroundings() surroundings {
	if p.around == nil {
		return surroundings{}
	}
	return p.around()
}

// Operator is who sits at the command line with the database's address: they may do everything in the org.
func Operator(org id.Org) *Principal {
	return &Principal{Org: org, Name: "operator", everything: true}
}

// Actor is the principal as events and the audit log keep it.
func (p *Principal) Actor() event.Actor {
	return event.Actor{User: p.User, Token: p.Token, Client: p.Client, RequestID: p.RequestID}
}

// hold makes the principal what the transaction says they are, where they were made from older data, and asks again for
// what the use case required. Errors: UNAUTHENTICATED, FORBIDDEN.
func (p *Principal) hold(ctx context.Context, tx *pg.Tx) error {
	if p.renew == nil {
		return nil
	}
	version, err := tx.Version(ctx)
	if err != nil || version == p.version {
		return err
	}
	now, err := p.renew(ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range p.required {
		if err := now.Require(r.Object, r.Action); err != nil {
			return err
		}
	}
	now.Client, now.RequestID, now.Once, now.required, now.renew = p.Client, p.RequestID, p.Once, p.required, p.renew
	*p = *now
	return nil
}

// Session is the principal's database session.
func (p *Principal) Session() pg.Session { return pg.Session{Org: p.Org.UUID} }

// actor is who acts: the person, or the service token.
func (p *Principal) actor() id.UUID {
	if p.User.IsZero() {
		return p.Token.UUID
	}
	return p.User.UUID
}

func (p *Principal) reach(object, action string) reachSet {
	if p.everything {
		return setOf(All)
	}
	var s reachSet
	for _, t := range p.tables {
		s |= t[Permission{object, action}]
	}
	return s
}

// Can tells whether the principal may do the action on at least some objects of the kind.
func (p *Principal) Can(object, action string) bool { return p.reach(object, action) != 0 }

// Require is Can as an error: FORBIDDEN, naming the permission and what to do.
func (p *Principal) Require(object, action string) error {
	if p.renew != nil {
		p.required = append(p.required, Permission{object, action})
	}
	if p.Can(object, action) {
		return nil
	}
	return Forbidden(object, action)
}

// Forbidden is the error for a permission that the asker lacks.
func Forbidden(object, action string) *errs.Error {
	return errs.New(errs.Forbidden, "Your roles do not grant %s on %s. Ask an ADMIN of your org if you need it.",
		action, strings.ReplaceAll(object, "_", " ")).With("permission", object+":"+action)
}

// Grant is one permission with the reaches that hold for the principal.
type Grant struct {
	Object  string
	Action  string
	Reaches []Reach
}

// Grants lists all that the principal may do, in the policy's order.
func (p *Principal) Grants() []Grant {
	return grantsOf(p.reach)
}

func grantsOf(reach func(object, action string) reachSet) []Grant {
	var out []Grant
	for _, perm := range catalogue {
		g := Grant{Object: perm.Object, Action: perm.Action}
		set := reach(perm.Object, perm.Action)
		for _, x := range reaches {
			if set.has(x) {
				g.Reaches = append(g.Reaches, x)
			}
		}
		if set != 0 {
			out = append(out, g)
		}
	}
	return out
}

func (d decisions) grants() []Grant {
	return grantsOf(func(object, action string) reachSet { return d[Permission{object, action}] })
}

// RolesOf are the roles of a person of the asker's org, as the asker's snapshot has them, in the order of [Roles].
// Permission: role read; without it there are none.
func (p *Principal) RolesOf(u id.User) []Role {
	if p.facts == nil || p.facts.users[u] == nil || !p.Can("role", "read") {
		return nil
	}
	out := []Role{}
	for _, r := range Roles {
		if slices.Contains(p.facts.users[u].Roles, string(r)) {
			out = append(out, r)
		}
	}
	return out
}

// AllowedTo is what a token of the asker's org lists beside its roles. Permission: token read; without it, nothing.
func (p *Principal) AllowedTo(t id.Token) []Grant {
	if p.facts == nil || !p.Can("token", "read") {
		return nil
	}
	return p.facts.byToken[t].grants()
}

// Policy is the org's policy row by row, role by role, in the catalogue's order, as the asker's snapshot has it.
// Permission: policy read; without it, nothing.
func (p *Principal) Policy() []Rule {
	if p.facts == nil || !p.Can("policy", "read") {
		return nil
	}
	var out []Rule
	for _, role := range Roles {
		for _, g := range p.facts.byRole[role].grants() {
			for _, r := range g.Reaches {
				out = append(out, Rule{role, g.Object, g.Action, r})
			}
		}
	}
	return out
}

// Scope is how far a permission of the principal reaches, for the SQL of one kind of row. The zero Scope covers nothing.
type Scope struct {
	p   *Principal
	set reachSet
}

var _ entity.Scope = Scope{}

// Scope gives the reach of an action on a kind of object.
func (p *Principal) Scope(object, action string) Scope { return Scope{p, p.reach(object, action)} }

// Org is the org whose rows the scope is of.
func (s Scope) Org() id.UUID {
	if s.p == nil {
		return id.UUID{}
	}
	return s.p.Org.UUID
}

// MayRead tells whether the asker may read at least some objects of the kind.
func (s Scope) MayRead(object string) bool { return s.p != nil && s.p.Can(object, "read") }

// Reaches are the reaches granted.
func (s Scope) Reaches() []string {
	var out []string
	for _, r := range reaches {
		if s.set.has(r) {
			out = append(out, string(r))
		}
	}
	return out
}

// Empty tells whether the scope covers nothing at all.
func (s Scope) Empty() bool { return s.p == nil || s.set == 0 }

// CoversAll tells whether the scope covers every row of the org.
func (s Scope) CoversAll() bool { return s.set.has(All) }

// Predicate renders the granted reaches over a row. A reach that the entity does not describe covers none of its rows;
// a service token has no rows of its own, no team and no territory.
func (s Scope) Predicate(p entity.Predicates, a *entity.Args) string {
	if s.Empty() {
		return "false"
	}
	if s.set.has(All) {
		return "true"
	}
	placeholders := map[string]string{}
	var parts []string
	for _, x := range reaches {
		text, described := p[string(x)]
		if !s.set.has(x) || !described {
			continue
		}
		parts = append(parts, "("+s.fill(text, placeholders, a)+")")
	}
	if len(parts) == 0 {
		return "false"
	}
	return strings.Join(parts, " or ")
}

// fill puts the asker's values in place of the placeholders, each value once a statement.
func (s Scope) fill(text string, placeholders map[string]string, a *entity.Args) string {
	for _, v := range []struct {
		name  string
		value func() any
		cast  string
	}{
		{"{me}", func() any { return s.p.User }, "uuid"},
		{"{org}", func() any { return s.p.Org }, "uuid"},
		{"{teams}", func() any { return id.Array(s.p.surroundings().teams) }, "uuid[]"},
		{"{members}", func() any { return id.Array(s.p.surroundings().members) }, "uuid[]"},
		{"{territories}", func() any { return id.Array(s.p.surroundings().territories) }, "uuid[]"},
	} {
		if !strings.Contains(text, v.name) {
			continue
		}
		if placeholders[v.name] == "" {
			placeholders[v.name] = a.Add(v.value()) + "::" + v.cast
		}
		text = strings.ReplaceAll(text, v.name, placeholders[v.name])
	}
	return text
}

// asker holds the asker's sets, for scopes over rows that are in hand.
type asker map[entity.Set]map[id.UUID]bool

// Has tells whether the id is in the asker's set.
func (a asker) Has(s entity.Set, u id.UUID) bool { return a[s][u] }

// Asker gives the principal's sets as the transaction sees them, for entity.Covers: one statement for what the access
// data do not hold.
func (p *Principal) Asker(ctx context.Context, db pg.DB) (entity.Asker, error) {
	near := p.surroundings()
	a := asker{
		entity.Me: {p.User.UUID: true}, entity.Teams: setOfIDs(near.teams, func(t id.Team) id.UUID { return t.UUID }),
		entity.Members:     setOfIDs(near.members, func(u id.User) id.UUID { return u.UUID }),
		entity.Territories: setOfIDs(near.territories, func(t id.Territory) id.UUID { return t.UUID }),
		entity.Customers:   {}, entity.CSStages: {},
	}
	var rows []struct {
		Set entity.Set `db:"set_name"`
		ID  id.UUID    `db:"id"`
	}
	err := db.Select(ctx, &rows, `
		select 'customers' as set_name, id
		  from account
		 where org_id = $1
		   and csm_id = $2
		union all
		select 'cs_stages', id
		  from stage
		 where org_id = $1
		   and cs_visible`, p.Org, p.User)
	if err != nil {
		return nil, fmt.Errorf("load the asker's customers: %w", err)
	}
	for _, r := range rows {
		a[r.Set][r.ID] = true
	}
	return a, nil
}

func setOfIDs[T any](list []T, uuid func(T) id.UUID) map[id.UUID]bool {
	out := make(map[id.UUID]bool, len(list))
	for _, x := range list {
		out[uuid(x)] = true
	}
	return out
}
