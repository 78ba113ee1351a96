package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/casbin/casbin/v2"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// SetPolicyParams say how far one permission of one role reaches from now on.
type SetPolicyParams struct {
	Role    Role
	Object  string
	Action  string
	Reaches []Reach // none takes the permission away
}

// Validate collects what is wrong with the parameters.
func (p SetPolicyParams) Validate() error {
	var bad errs.List
	switch {
	case !slices.Contains(Roles, p.Role):
		bad.Add(errs.BadInput, "role", "%q is not a role. The roles are %s.", p.Role, join(Roles))
	case p.Role == Integration:
		bad.Add(errs.BadInput, "role", "INTEGRATION grants only what its token lists. List it when the token is made, with tokenCreate.")
	case p.Role == Admin && signs(p.Action) && len(p.Reaches) > 0:
		bad.Add(errs.BadInput, "role", "ADMIN signs for no side, whatever the policy. Grant signing to the side's own role.")
	}
	if !Known(p.Object, p.Action) {
		bad = append(bad, grantable(p.Object, p.Action, All))
		return bad.Err()
	}
	for _, r := range p.Reaches {
		if e := grantable(p.Object, p.Action, r); e != nil {
			bad = append(bad, e)
		}
	}
	return bad.Err()
}

// SetPolicy sets the reaches of one role's permission. It holds on every server with the next transaction.
// Permission: policy update. Errors: FORBIDDEN; BAD_INPUT for an unknown permission, for a reach that the object does
// not have, and when nobody could administer the org afterwards.
func (s *Service) SetPolicy(ctx context.Context, by *Principal, params SetPolicyParams) error {
	if err := by.Require("policy", "update"); err != nil {
		return err
	}
	if err := params.Validate(); err != nil {
		return err
	}
	now := s.clock.Now()
	_, err := Write(ctx, s.pool, by, now, func(tx *pg.Tx) (none id.UUID, _ error) {
		g, err := Lock(ctx, tx, by, now, "policy", "update")
		if err != nil {
			return none, err
		}
		e, err := newEnforcer(&adapter{ctx: ctx, db: tx, org: by.Org})
		if err != nil {
			return none, err
		}
		before, changed, err := setReaches(e, by, params)
		if err != nil || !changed {
			return none, err
		}
		err = event.Record(ctx, tx, by.Org, by.Actor(), event.Entry{
			Kind: event.PolicyChanged, Detail: fmt.Sprintf("%s %s:%s", params.Role, params.Object, params.Action),
			Fields: []event.Field{{Name: "reaches", Before: before, After: params.Reaches}}, At: now,
		})
		if err != nil {
			return none, err
		}
		return none, g.StillAdministered(ctx)
	})
	return err
}

// setReaches adds and removes the rows in which the policy differs, through casbin, whose adapter writes them. It tells
// the reaches that there were.
func setReaches(e *casbin.SyncedEnforcer, by *Principal, params SetPolicyParams) (before []Reach, changed bool, err error) {
	subject := []string{string(params.Role), by.Org.String(), params.Object, params.Action}
	have, err := e.GetFilteredPolicy(0, subject...)
	if err != nil {
		return nil, false, fmt.Errorf("read the policy of %s: %w", params.Role, err)
	}
	var add, remove [][]string
	for _, r := range reaches {
		row := append(slices.Clone(subject), string(r))
		had := slices.ContainsFunc(have, func(h []string) bool { return slices.Equal(h, row) })
		if had {
			before = append(before, r)
		}
		switch wanted := slices.Contains(params.Reaches, r); {
		case wanted && !had:
			add = append(add, row)
		case !wanted && had:
			remove = append(remove, row)
		}
	}
	if len(add) > 0 {
		if _, err := e.AddPolicies(add); err != nil {
			return before, false, err
		}
	}
	if len(remove) > 0 {
		if _, err := e.RemovePolicies(remove); err != nil {
			return before, false, err
		}
	}
	return before, len(add)+len(remove) > 0, nil
}
