package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// administration is what somebody of every org must be able to do, or nobody could undo what was done to the policy.
var administration = []Permission{{"policy", "update"}, {"role", "grant"}}

// Guard is held by a transaction that changes who is who or who may what. Such changes of one org run one after
// another, each seeing what the one before committed, so that two of them together cannot do what neither may alone.
type Guard struct {
	tx     *pg.Tx
	by     *Principal
	at     time.Time
	before *snapshot
}

// Lock takes the org's turn for the rest of the transaction and asks anew who by is: what they lost while waiting they
// no longer have. It must come before the transaction reads what it decides by.
// Errors: FORBIDDEN without the permission; UNAUTHENTICATED when the asker's token or person is no longer valid.
func Lock(ctx context.Context, tx *pg.Tx, by *Principal, at time.Time, object, action string) (*Guard, error) {
	// No key update: rows that refer to the org can still be written meanwhile.
	var version int64
	err := tx.Get(ctx, &version, `select reference_version from org where id = $1 for no key update`, by.Org)
	if err != nil {
		return nil, fmt.Errorf("lock org %s: %w", by.Org, err)
	}
	s, err := loadSnapshot(ctx, tx, by.Org.UUID)
	if err != nil {
		return nil, err
	}
	g := &Guard{tx: tx, by: by, at: at, before: s}
	if !by.everything {
		if g.by, err = s.principal(by.Token, at); err != nil {
			return nil, err
		}
		g.by.Client, g.by.RequestID, g.by.Once = by.Client, by.RequestID, by.Once
	}
	return g, g.by.Require(object, action)
}

// By is the asker as the org stands now.
func (g *Guard) By() *Principal { return g.by }

// NotOwn is [NotOwn], but where nobody else may do the action the asker may, since somebody must.
// Errors: FORBIDDEN.
func (g *Guard) NotOwn(object, action string, owners ...id.User) error {
	err := NotOwn(g.by, owners...)
	others := g.before.holders(Permission{object, action})
	if err == nil || !slices.ContainsFunc(others, func(u id.User) bool { return u != g.by.User }) {
		return nil
	}
	return err
}

// StillAdministered refuses the change if it leaves the org without an active person who may both update the policy and
// grant roles, where there was one. An org that only service tokens administer must keep such a token.
// It comes after the change is written. Errors: BAD_INPUT.
func (g *Guard) StillAdministered(ctx context.Context) error {
	after, err := loadSnapshot(ctx, g.tx, g.by.Org.UUID)
	if err != nil {
		return err
	}
	switch {
	case len(after.holders(administration...)) > 0:
		return nil
	case len(g.before.holders(administration...)) == 0:
		if len(g.before.administeringTokens(g.at)) == 0 || len(after.administeringTokens(g.at)) > 0 {
			return nil
		}
	}
	return errs.New(errs.BadInput, "After this nobody could change the policy and grant roles any more. Let another active person do both first.").
		With("rule", "last admin")
}

// holders are the active people whose roles grant all of the permissions on everything, each once.
func (s *snapshot) holders(perms ...Permission) []id.User {
	var out []id.User
	for _, u := range s.users {
		p := &Principal{}
		p.addRoles(s, u.Roles)
		if u.Active && p.canAll(perms) {
			out = append(out, u.ID)
		}
	}
	return out
}

func (p *Principal) canAll(perms []Permission) bool {
	for _, perm := range perms {
		if !p.reach(perm.Object, perm.Action).has(All) {
			return false
		}
	}
	return true
}

// administeringTokens are the valid service tokens that may administer the org.
func (s *snapshot) administeringTokens(at time.Time) []id.Token {
	var out []id.Token
	for t, row := range s.tokens {
		if p, err := s.principal(t, at); err == nil && row.User.IsZero() && p.canAll(administration) {
			out = append(out, t)
		}
	}
	return out
}

// waysIn are the valid tokens, of services and of people, through which the org can be administered.
func (s *snapshot) waysIn(at time.Time, demo bool) []id.Token {
	var out []id.Token
	for t, row := range s.tokens {
		if p, err := s.principal(t, at); err == nil && (demo || !row.Demo) && p.canAll(administration) {
			out = append(out, t)
		}
	}
	return out
}
