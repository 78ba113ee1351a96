package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lib/pq"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// snapshot is all that deciding needs of one org, at one reference version.
type snapshot struct {
	org         id.Org
	byRole      map[Role]decisions
	byToken     map[id.Token]decisions
	users       map[id.User]*userRow
	tokens      map[id.Token]*tokenRow
	teams       []teamRow
	lines       []lineRow
	territories []territoryRow
	assigned    []assignedRow
}

type (
	userRow struct {
		ID     id.User        `db:"id"`
		Name   string         `db:"name"`
		Active bool           `db:"active"`
		Roles  pq.StringArray `db:"roles"`
	}
	tokenRow struct {
		ID        id.Token       `db:"id"`
		Name      string         `db:"name"`
		Roles     pq.StringArray `db:"roles"`
		User      id.User        `db:"user_id"`
		Demo      bool           `db:"demo"`
		ExpiresAt *time.Time     `db:"expires_at"`
		RevokedAt *time.Time     `db:"revoked_at"`
	}
	teamRow struct {
		ID      id.Team `db:"id"`
		Parent  id.Team `db:"parent_id"`
		Manager id.User `db:"manager_id"`
	}
	lineRow struct {
		User      id.User   `db:"user_id"`
		Team      id.Team   `db:"team_id"`
		ValidFrom time.Time `db:"valid_from"`
		ValidTo   time.Time `db:"valid_to"`
	}
	territoryRow struct {
		ID     id.Territory `db:"id"`
		Parent id.Territory `db:"parent_id"`
	}
	assignedRow struct {
		Territory id.Territory `db:"territory_id"`
		User      id.User      `db:"user_id"`
		ValidFrom time.Time    `db:"valid_from"`
		ValidTo   time.Time    `db:"valid_to"`
	}
)

// loadSnapshot reads an org's people and policy and lets casbin decide every grant once.
func loadSnapshot(ctx context.Context, db pg.DB, orgID id.UUID) (*snapshot, error) {
	s := &snapshot{
		org: id.Org{UUID: orgID}, byRole: map[Role]decisions{}, byToken: map[id.Token]decisions{},
		users: map[id.User]*userRow{}, tokens: map[id.Token]*tokenRow{},
	}
	if err := s.loadRows(ctx, db); err != nil {
		return nil, err
	}
	e, err := newEnforcer(&adapter{ctx: ctx, db: db, org: s.org})
	if err != nil {
		return nil, err
	}
	granted := 0
	for _, r := range Roles {
		if s.byRole[r], err = compile(e, string(r), s.org); err != nil {
			return nil, err
		}
		granted += len(s.byRole[r])
	}
	if granted == 0 {
		return nil, errors.New("the org has no access policy")
	}
	for t := range s.tokens {
		if s.byToken[t], err = compile(e, tokenSubject(t.String()), s.org); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *snapshot) loadRows(ctx context.Context, db pg.DB) error {
	var users []*userRow
	var tokens []*tokenRow
	// Each statement reads one of the small tables behind a decision; ended lines and assignments decide nothing.
	for _, q := range []struct {
		dest  any
		query string
	}{
		{&users, `
			select u.id, u.name, u.active,
			       array(select g.role from role_grant g where g.org_id = u.org_id and g.user_id = u.id) as roles
			  from app_user u
			 where u.org_id = $1`},
		{&tokens, `
			select id, name, roles, user_id, demo, expires_at, revoked_at
			  from service_token
			 where org_id = $1`},
		{&s.teams, `select id, parent_id, manager_id from team where org_id = $1`},
		{&s.lines, `
			select user_id, team_id, valid_from, least(valid_to, '9999-01-01') as valid_to
			  from reporting_line
			 where org_id = $1
			   and valid_to > now()`},
		{&s.territories, `select id, parent_id from territory where org_id = $1`},
		{&s.assigned, `
			select territory_id, user_id, valid_from, least(valid_to, '9999-01-01') as valid_to
			  from territory_assignment
			 where org_id = $1
			   and valid_to > now()`},
	} {
		if err := db.Select(ctx, q.dest, q.query, s.org); err != nil {
			return fmt.Errorf("load access data: %w", err)
		}
	}
	for _, u := range users {
		s.users[u.ID] = u
	}
	for _, t := range tokens {
		s.tokens[t.ID] = t
	}
	return nil
}

// surroundings are the person's at the moment.
func (s *snapshot) surroundings(u id.User, at time.Time) surroundings {
	teams := s.teamsOf(u, at)
	return surroundings{teams: teams, members: s.membersOf(u, teams, at), territories: s.territoriesOf(u, at)}
}

// teamsOf are the teams the person manages or is in at the moment, and all below them.
func (s *snapshot) teamsOf(u id.User, at time.Time) []id.Team {
	in := map[id.Team]bool{}
	for _, t := range s.teams {
		if t.Manager == u {
			in[t.ID] = true
		}
	}
	for _, l := range s.lines {
		if l.User == u && !at.Before(l.ValidFrom) && at.Before(l.ValidTo) {
			in[l.Team] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, t := range s.teams {
			if !in[t.ID] && in[t.Parent] {
				in[t.ID], grown = true, true
			}
		}
	}
	return keys(in)
}

// membersOf are the people in the teams at the moment, and the person.
func (s *snapshot) membersOf(u id.User, teams []id.Team, at time.Time) []id.User {
	in := map[id.User]bool{u: true}
	of := map[id.Team]bool{}
	for _, t := range teams {
		of[t] = true
	}
	for _, l := range s.lines {
		if of[l.Team] && !at.Before(l.ValidFrom) && at.Before(l.ValidTo) {
			in[l.User] = true
		}
	}
	return keys(in)
}

// territoriesOf are the territories assigned to the person at the moment, and all below them.
func (s *snapshot) territoriesOf(u id.User, at time.Time) []id.Territory {
	in := map[id.Territory]bool{}
	for _, a := range s.assigned {
		if a.User == u && !at.Before(a.ValidFrom) && at.Before(a.ValidTo) {
			in[a.Territory] = true
		}
	}
	for grown := true; grown; {
		grown = false
		for _, t := range s.territories {
			if !in[t.ID] && in[t.Parent] {
				in[t.ID], grown = true, true
			}
		}
	}
	return keys(in)
}

func keys[K comparable](m map[K]bool) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}
