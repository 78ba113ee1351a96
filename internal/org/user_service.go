package org

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Succession is what a person holds in higher packages, and what a successor takes over when they leave.
type Succession interface {
	// OpenDeals counts the open deals that the person owns.
	OpenDeals(ctx context.Context, tx *pg.Tx, org id.Org, owner id.User) (int, error)
	// HandOver makes all of them the successor's, each with a version of its own.
	HandOver(ctx context.Context, tx *pg.Tx, by *access.Principal, h Handover) error
}

// Handover says whose open deals become whose, from which moment, and where they then belong.
type Handover struct {
	From, To  id.User
	At        time.Time
	Placement Placement // of the successor
}

// HandsOver is told by the package that owns deals when it is made.
func (s *Service) HandsOver(to Succession) { s.succession = to }

// UpdateUserParams describe a change of a person.
type UpdateUserParams struct {
	ID       id.User
	Expected *int // the version that was read; nil does not check
	Set      entity.ChangeSet
}

// person is a person as a write makes them.
type person struct {
	User
	move      move
	successor id.User
}

// userSetters apply one member of a change set each. The team comes before the manager, who goes with it.
var userSetters = []entity.Setter[person, *change]{
	entity.SetName[person, *change]("name", 200, func(p *person) *string { return &p.Name }),
	entity.SetBy("email", func(_ *change, p *person, v any) (bad *errs.Error) {
		if p.Email = nil; v != nil {
			p.Email, bad = entity.Email(v)
		}
		return bad
	}),
	entity.SetText[person, *change]("title", 200, func(p *person) **string { return &p.Title }),
	entity.SetBy("active", func(_ *change, p *person, v any) *errs.Error {
		active, ok := v.(bool)
		if !ok {
			return errs.New(errs.BadInput, "A person is active or not: give true or false.")
		}
		p.Active = active
		return nil
	}),
	entity.SetBy("successorId", func(c *change, p *person, v any) (bad *errs.Error) {
		if v == nil {
			return nil
		}
		if p.successor, bad = c.user(v, "successor"); bad == nil && p.successor == p.ID {
			bad = errs.New(errs.BadInput, "%s cannot succeed themselves. Choose somebody else.", p.Name)
		}
		return bad
	}),
	entity.SetBy("teamId", setTeam),
	entity.SetBy("managerId", setManager),
	entity.SetBy("territoryIds", setTerritories),
	entity.SetBy("validFrom", func(_ *change, p *person, v any) *errs.Error {
		if at, ok := v.(time.Time); ok {
			p.move.from = at.UTC().Truncate(time.Microsecond)
		}
		return nil
	}),
}

// InviteUser adds a person, who is active at once. Permission: user create, and role grant where roles are given.
// Errors: FORBIDDEN, BAD_INPUT, also for an e-mail address that another person has.
func (s *Service) InviteUser(ctx context.Context, by *access.Principal, roles []access.Role, set entity.ChangeSet) (id.User, error) {
	u := id.User{UUID: id.New()}
	made, err := s.write(ctx, by, "user", "create", u.UUID, func(c *change) error {
		p := &person{User: User{ID: u, Active: true, Version: 1, CreatedAt: c.now, UpdatedAt: c.now}, move: move{from: c.now}}
		if err := access.ValidateRoles("roles", roles, entity.Apply(userSetters, c, p, set)); err != nil {
			return err
		}
		if err := pg.InsertRows(ctx, c.tx, by.Org.UUID, "app_user", []User{p.User}); err != nil {
			return explainUser(err)
		}
		if _, err := c.place(ctx, p); err != nil {
			return err
		}
		if err := c.tellUser(ctx, nil, p); err != nil {
			return err
		}
		if len(roles) == 0 {
			return nil
		}
		return c.guard.Grant(ctx, access.RoleGrant{User: u, Roles: roles})
	})
	return id.User{UUID: made}, err
}

// UpdateUser changes a person, from a moment on where they move. Whoever leaves hands their open deals over to a
// successor. Nobody moves themselves while somebody else could. Permission: user update, within its reach.
// Errors: FORBIDDEN, NOT_FOUND, BAD_INPUT; CONFLICT when the person is not of the expected version.
func (s *Service) UpdateUser(ctx context.Context, by *access.Principal, params UpdateUserParams) error {
	_, err := s.write(ctx, by, "user", "update", params.ID.UUID, func(c *change) error {
		before := c.dir.User(params.ID)
		if before == nil {
			return errs.New(errs.NotFound, "There is no such user, or none that you may see.").At("userId")
		}
		if ok, err := c.covered(ctx, "user", "update", params.ID.UUID); err != nil || !ok {
			if err == nil {
				err = access.Forbidden("user", "update")
			}
			return err
		}
		if err := entity.ExpectVersion("user", params.Expected, before.Version); err != nil {
			return err
		}
		p := &person{User: *before, move: move{from: c.now}}
		if err := entity.Apply(userSetters, c, p, params.Set); err != nil {
			return err
		}
		if p.move.asked() {
			if err := c.guard.NotOwn("user", "update", p.ID); err != nil {
				return err
			}
		}
		moved, err := c.place(ctx, p)
		if err != nil {
			return err
		}
		if err := s.retire(ctx, c, before, p); err != nil {
			return err
		}
		return c.updateUser(ctx, before, p, moved)
	})
	return err
}

// updateUser writes what changed, if anything did.
func (c *change) updateUser(ctx context.Context, before *User, p *person, moved bool) error {
	if !moved && p.Name == before.Name && p.Active == before.Active && equal(p.Email, before.Email) && equal(p.Title, before.Title) {
		return nil
	}
	_, err := c.tx.Exec(ctx, `
		update app_user
		   set name = $3, email = $4, title = $5, active = $6, version = version + 1, updated_at = $7
		 where org_id = $1
		   and id = $2`, c.by.Org, p.ID, p.Name, p.Email, p.Title, p.Active, c.now)
	if err != nil {
		return explainUser(err)
	}
	if err := c.tellUser(ctx, before, p); err != nil {
		return err
	}
	if before.Active && !p.Active {
		return c.guard.StillAdministered(ctx)
	}
	return nil
}

// retire lets somebody who leaves hand over what they hold.
func (s *Service) retire(ctx context.Context, c *change, before *User, p *person) error {
	if p.Active || !before.Active {
		if !p.successor.IsZero() {
			return errs.New(errs.BadInput, "A successor takes over from somebody who leaves: give active: false too.").At("successorId")
		}
		return nil
	}
	if s.succession == nil {
		return nil
	}
	// Deals that are being given to the person at this moment are waited for: their foreign key holds the row.
	var held id.User
	err := c.tx.Get(ctx, &held, `select id from app_user where org_id = $1 and id = $2 for update`, c.by.Org, p.ID)
	if err != nil {
		return fmt.Errorf("lock user %s: %w", p.ID, err)
	}
	n, err := s.succession.OpenDeals(ctx, c.tx, c.by.Org, p.ID)
	switch {
	case err != nil || n == 0:
		return err
	case p.successor.IsZero():
		return errs.New(errs.BadInput, "%s owns %d open deals. Name who takes them over in successorId.", p.Name, n).
			At("successorId").With("openDeals", n)
	}
	return s.succession.HandOver(ctx, c.tx, c.by, Handover{
		From: p.ID, To: p.successor, At: c.now, Placement: c.dir.PlacementOf(p.successor, c.now),
	})
}

func explainUser(err error) error {
	if pg.Violates(err) == "app_user_email_unique" {
		return errs.New(errs.BadInput, "Another person of your org has this e-mail address, perhaps one who left. Give a different one, or change theirs first.").At("email")
	}
	if err != nil {
		return fmt.Errorf("write user: %w", err)
	}
	return nil
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func setTeam(c *change, p *person, v any) (bad *errs.Error) {
	p.move.team = &id.Team{}
	if v != nil {
		*p.move.team, bad = c.team(v)
	}
	return bad
}

func setManager(c *change, p *person, v any) (bad *errs.Error) {
	p.move.manager = &id.User{}
	if v == nil {
		return nil
	}
	if *p.move.manager, bad = c.user(v, "manager"); bad == nil && *p.move.manager == p.ID {
		bad = errs.New(errs.BadInput, "Nobody reports to themselves. Choose another manager.")
	}
	return bad
}

// maxTerritories is how many territories a person may cover.
const maxTerritories = 250

func setTerritories(c *change, p *person, v any) *errs.Error {
	list, _ := v.([]any)
	if len(list) > maxTerritories {
		return errs.New(errs.LimitExceeded, "A person covers at most %d territories; this list has %d.", maxTerritories, len(list))
	}
	p.move.territories = &[]id.Territory{}
	for _, item := range list {
		s, _ := item.(string)
		u, ok := id.ParseKind(id.TerritoryKind, s)
		t := id.Territory{UUID: u}
		if !ok || c.dir.Territory(t) == nil {
			return errs.New(errs.BadInput, "%.60q is not the id of a territory of your org.", s)
		}
		if !slices.Contains(*p.move.territories, t) {
			*p.move.territories = append(*p.move.territories, t)
		}
	}
	return nil
}
