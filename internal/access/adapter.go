package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// adapter lets casbin read and write one org's policy through the transaction at hand. casbin's interface takes no
// context, so an adapter is made for one use and holds it.
type adapter struct {
	ctx context.Context
	db  pg.DB
	org id.Org
}

var (
	_ persist.BatchAdapter = (*adapter)(nil) // without it casbin's AddPolicies panics
	_ persist.Adapter      = (*adapter)(nil)
)

func tokenSubject(t string) string { return "token:" + t }
func userSubject(u string) string  { return "user:" + u }

// LoadPolicy loads the roles' rows, the tokens' own rows, and who has which role.
func (a *adapter) LoadPolicy(m model.Model) error {
	var rows []struct {
		Kind    string `db:"kind"`
		Subject string `db:"subject"`
		Object  string `db:"object"`
		Action  string `db:"action"`
		Reach   string `db:"reach"`
	}
	// Rows of the policy as casbin knows them: p grants, g gives a role.
	err := a.db.Select(a.ctx, &rows, `
		select 'p' as kind, role as subject, object, action, reach
		  from access_policy
		 where org_id = $1
		union all
		select 'p', 'token:' || token_id, object, action, reach
		  from token_allow
		 where org_id = $1
		union all
		select 'g', 'user:' || user_id, role, '', ''
		  from role_grant
		 where org_id = $1
		union all
		select 'g', 'token:' || id, role, '', ''
		  from service_token
		 cross join unnest(roles) role
		 where org_id = $1`, a.org)
	if err != nil {
		return fmt.Errorf("read policy: %w", err)
	}
	for _, r := range rows {
		line := []string{r.Subject, a.org.String(), r.Object, r.Action, r.Reach}
		if r.Kind == "g" {
			line = []string{r.Subject, r.Object, a.org.String()}
		}
		if err := persist.LoadPolicyArray(append([]string{r.Kind}, line...), m); err != nil {
			return fmt.Errorf("load policy row: %w", err)
		}
	}
	return nil
}

// AddPolicies grants roles more: rows of role, org, object, action, reach.
func (a *adapter) AddPolicies(_, ptype string, rules [][]string) error {
	return a.change(ptype, rules, `
		insert into access_policy (org_id, role, object, action, reach)
		select $1, role, object, action, reach
		  from unnest($2::text[], $3::text[], $4::text[], $5::text[]) as r (role, object, action, reach)
		    on conflict do nothing`)
}

// RemovePolicies takes grants away.
func (a *adapter) RemovePolicies(_, ptype string, rules [][]string) error {
	return a.change(ptype, rules, `
		delete from access_policy p
		 using unnest($2::text[], $3::text[], $4::text[], $5::text[]) as r (role, object, action, reach)
		 where p.org_id = $1
		   and (p.role, p.object, p.action, p.reach) = (r.role, r.object, r.action, r.reach)`)
}

// AddPolicy grants one thing more.
func (a *adapter) AddPolicy(sec, ptype string, rule []string) error {
	return a.AddPolicies(sec, ptype, [][]string{rule})
}

// RemovePolicy takes one grant away.
func (a *adapter) RemovePolicy(sec, ptype string, rule []string) error {
	return a.RemovePolicies(sec, ptype, [][]string{rule})
}

// RemoveFilteredPolicy is not offered: the API removes the rows it names.
func (a *adapter) RemoveFilteredPolicy(string, string, int, ...string) error {
	return errors.New("policy rows are removed by naming them")
}

// SavePolicy is not offered: policy changes are written row by row, each audited.
func (a *adapter) SavePolicy(model.Model) error {
	return errors.New("policy is changed row by row")
}

func (a *adapter) change(ptype string, rules [][]string, query string) error {
	tx, ok := a.db.(*pg.Tx)
	if !ok || ptype != "p" {
		return errors.New("only roles' rows are changed through casbin, within a write transaction")
	}
	cols := [4][]string{}
	for _, r := range rules {
		for i, v := range []string{r[0], r[2], r[3], r[4]} {
			cols[i] = append(cols[i], v)
		}
	}
	if _, err := tx.Exec(a.ctx, query, a.org, cols[0], cols[1], cols[2], cols[3]); err != nil {
		return fmt.Errorf("change policy: %w", err)
	}
	return nil
}
