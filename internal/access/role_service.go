package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

var errNoUser = errs.New(errs.NotFound, "There is no such user, or none that you may see.")

// ValidateRoles adds to what is wrong with an input already, if anything, which of the member's roles a person cannot
// hold.
func ValidateRoles(member string, roles []Role, err error) error {
	var bad errs.List
	if err != nil && !errors.As(err, &bad) {
		return err
	}
	for _, r := range roles {
		switch {
		case r == Integration:
			bad.Add(errs.BadInput, member, "INTEGRATION is the role of service tokens; a person cannot hold it.")
		case !slices.Contains(Roles, r):
			bad.Add(errs.BadInput, member, "%q is not a role. The roles are %s.", r, join(Roles))
		}
	}
	return bad.Err()
}

// GrantRole gives a person a role; one that they hold already changes nothing. Nobody grants a role to themselves while
// somebody else could. Permission: role grant. Errors: FORBIDDEN, NOT_FOUND, BAD_INPUT.
func (s *Service) GrantRole(ctx context.Context, by *Principal, user id.User, role Role) error {
	if err := by.Require("role", "grant"); err != nil {
		return err
	}
	if err := ValidateRoles("role", []Role{role}, nil); err != nil {
		return err
	}
	now := s.clock.Now()
	_, err := Write(ctx, s.pool, by, now, func(tx *pg.Tx) (none id.UUID, _ error) {
		g, err := Lock(ctx, tx, by, now, "role", "grant")
		if err != nil {
			return none, err
		}
		u := g.before.users[user]
		switch {
		case u == nil:
			return none, errNoUser.At("userId")
		case !u.Active:
			return none, errs.New(errs.BadInput, "%s is no longer active, and somebody who left holds no new roles.", u.Name).At("userId")
		case slices.Contains(u.Roles, string(role)):
			return none, nil
		}
		return none, g.Grant(ctx, RoleGrant{user, []Role{role}})
	})
	return err
}

// Grant gives roles within a change that holds the guard. Permission: role grant. Errors: FORBIDDEN, also for a role of
// one's own while somebody else could grant it.
func (g *Guard) Grant(ctx context.Context, grant RoleGrant) error {
	if err := g.by.Require("role", "grant"); err != nil {
		return err
	}
	if err := g.NotOwn("role", "grant", grant.User); err != nil {
		return err
	}
	return GrantRoles(ctx, g.tx, g.by, g.at, []RoleGrant{grant})
}

// RevokeRole takes a role from a person; one that they do not hold changes nothing. What rested on the role ends with
// the next transaction of every server. Permission: role grant. Errors: FORBIDDEN, NOT_FOUND; BAD_INPUT when nobody
// could administer the org afterwards.
func (s *Service) RevokeRole(ctx context.Context, by *Principal, user id.User, role Role) error {
	if err := by.Require("role", "grant"); err != nil {
		return err
	}
	now := s.clock.Now()
	_, err := Write(ctx, s.pool, by, now, func(tx *pg.Tx) (none id.UUID, _ error) {
		g, err := Lock(ctx, tx, by, now, "role", "grant")
		if err != nil {
			return none, err
		}
		u := g.before.users[user]
		if u == nil {
			return none, errNoUser.At("userId")
		}
		if !slices.Contains(u.Roles, string(role)) {
			return none, nil
		}
		_, err = tx.Exec(ctx, `
			delete from role_grant
			 where org_id = $1
			   and user_id = $2
			   and role = $3`, by.Org, user, role)
		if err != nil {
			return none, fmt.Errorf("revoke role: %w", err)
		}
		err = event.Record(ctx, tx, by.Org, by.Actor(), event.Entry{
			Kind: event.PolicyChanged, Entity: id.UserKind, ID: user.UUID, Detail: "role revoked",
			Fields: []event.Field{{Name: "role", Before: role}}, At: now,
		})
		if err != nil {
			return none, err
		}
		return none, g.StillAdministered(ctx)
	})
	return err
}
