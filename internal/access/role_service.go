package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

var errNoUser = errs.New(errs.NotFound, "There is no such user, or none that you may see.")

// ValidateRoles collects which of the roles a person cannot hold.
func ValidateRoles(roles []Role) errs.List {
	var bad errs.List
	for _, r := range roles {
		switch {
		case r == Integration:
			bad.Add(errs.BadInput, "roles", "INTEGRATION is the role of service tokens; a person cannot hold it.")
		case !slices.Contains(Roles, r):
			bad.Add(errs.BadInput, "roles", "%q is not a role. The roles are %s.", r, join(Roles))
		}
	}
	return bad
}

// GrantRole gives a person a role; one that they hold already changes nothing. Nobody grants a role to themselves while
// somebody else could. Permission: role grant. Errors: FORBIDDEN, NOT_FOUND, BAD_INPUT.
func (s *Service) GrantRole(ctx context.Context, by *Principal, user id.User, role Role) error {
	if err := by.Require("role", "grant"); err != nil {
		return err
	}
	if bad := ValidateRoles([]Role{role}); bad != nil {
		return bad[0].At("role")
	}
	err := s.pool.Write(ctx, by.Session(), func(tx *pg.Tx) error {
		g, err := Lock(ctx, tx, by, s.clock.Now(), "role", "grant")
		if err != nil {
			return err
		}
		u := g.before.users[user]
		switch {
		case u == nil:
			return errNoUser.At("userId")
		case !u.Active:
			return errs.New(errs.BadInput, "%s is no longer active, and somebody who left holds no new roles.", u.Name).At("userId")
		case slices.Contains(u.Roles, string(role)):
			return nil
		}
		return g.Grant(ctx, RoleGrant{user, []Role{role}})
	})
	return pg.Explain(err)
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
	err := s.pool.Write(ctx, by.Session(), func(tx *pg.Tx) error {
		g, err := Lock(ctx, tx, by, s.clock.Now(), "role", "grant")
		if err != nil {
			return err
		}
		u := g.before.users[user]
		if u == nil {
			return errNoUser.At("userId")
		}
		if !slices.Contains(u.Roles, string(role)) {
			return nil
		}
		_, err = tx.Exec(ctx, `
			delete from role_grant
			 where org_id = $1
			   and user_id = $2
			   and role = $3`, by.Org, user, role)
		if err != nil {
			return fmt.Errorf("revoke role: %w", err)
		}
		return g.StillAdministered(ctx)
	})
	return pg.Explain(err)
}
