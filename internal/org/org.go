package org

import (
	"regexp"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/pg"
)

// Org is a tenant: a company whose revenue team works here.
type Org struct {
	ID          id.Org         `db:"id"`
	Key         string         `db:"key"`  // what operators type: northwind
	Name        string         `db:"name"` // what people read
	Currency    money.Currency `db:"currency"`
	TimeZone    string         `db:"time_zone"` // an IANA name; days of the org are days there
	FiscalMonth int            `db:"fiscal_year_start_month"`
	CreatedAt   time.Time      `db:"created_at"`
}

// Location is the org's time zone.
func (o *Org) Location() *time.Location {
	loc, err := time.LoadLocation(o.TimeZone)
	if err != nil {
		return time.UTC // checked when the org was made; a machine without that zone falls back
	}
	return loc
}

// User is a person of the org.
type User struct {
	entity.Row
	ID        id.User   `db:"id"`
	Name      string    `db:"name"`
	Email     *string   `db:"email"` // lower case
	Title     *string   `db:"title"`
	Active    bool      `db:"active"`
	Version   int       `db:"version"`
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
}

// Users describes people. Everybody may read names; the reaches are for what people may change.
var Users = entity.New[User]("user", "app_user u",
	entity.Reach[User]{
		"own":  entity.In(entity.Me, "u.id", func(u *User) id.UUID { return u.ID.UUID }),
		"team": entity.In(entity.Members, "u.id", func(u *User) id.UUID { return u.ID.UUID }),
	},
	entity.Text("name", "u.name").Sort("u.name"),
	entity.Text("email", "u.email"),
	entity.Bool("active", "u.active"),
	entity.Instant("createdAt", "u.created_at").Sort("u.created_at"),
).DefaultOrder(entity.Order{Field: "name"})

// Team is a node of the tree of teams.
type Team struct {
	entity.Row
	ID        id.Team   `db:"id"`
	Name      string    `db:"name"`
	ParentID  id.Team   `db:"parent_id"`
	ManagerID id.User   `db:"manager_id"` // who manages it now
	Version   int       `db:"version"`
	CreatedAt time.Time `db:"created_at"`
	UpdatedAt time.Time `db:"updated_at"`
}

// Teams describes teams.
var Teams = entity.New[Team]("team", "team t",
	entity.Reach[Team]{
		"own":  entity.In(entity.Me, "t.manager_id", func(t *Team) id.UUID { return t.ManagerID.UUID }),
		"team": entity.In(entity.Teams, "t.id", func(t *Team) id.UUID { return t.ID.UUID }),
	},
	entity.Text("name", "t.name").Sort("t.name"),
	entity.Ref("parent", "t.parent_id", id.TeamKind).Of("team"),
	entity.Ref("manager", "t.manager_id", id.UserKind).Of("user"),
).DefaultOrder(entity.Order{Field: "name"})

// Territory is a part of the market that people are assigned to.
type Territory struct {
	entity.Row
	ID        id.Territory `db:"id"`
	Key       string       `db:"key"`
	Name      string       `db:"name"`
	ParentID  id.Territory `db:"parent_id"`
	Version   int          `db:"version"`
	CreatedAt time.Time    `db:"created_at"`
	UpdatedAt time.Time    `db:"updated_at"`
}

// Territories describes territories.
var Territories = entity.New[Territory]("territory", "territory r",
	entity.Reach[Territory]{
		"territory": entity.In(entity.Territories, "r.id", func(t *Territory) id.UUID { return t.ID.UUID }),
	},
	entity.Text("key", "r.key"),
	entity.Text("name", "r.name").Sort("r.name"),
	entity.Ref("parent", "r.parent_id", id.TerritoryKind).Of("territory"),
).DefaultOrder(entity.Order{Field: "name"})

// Line says which team a person was in and whom they reported to, during [ValidFrom, ValidTo).
type Line struct {
	UserID    id.User   `db:"user_id"`
	TeamID    id.Team   `db:"team_id"`
	ManagerID id.User   `db:"manager_id"`
	ValidFrom time.Time `db:"valid_from"`
	ValidTo   pg.Until  `db:"valid_to"`
}

// Assignment says who covered a territory, during [ValidFrom, ValidTo).
type Assignment struct {
	TerritoryID id.Territory `db:"territory_id"`
	UserID      id.User      `db:"user_id"`
	ValidFrom   time.Time    `db:"valid_from"`
	ValidTo     pg.Until     `db:"valid_to"`
}

// ExternalID is the id that another system gave to one of our records.
type ExternalID struct {
	Entity     string  `db:"entity"` // user, team, territory, account or deal
	EntityID   id.UUID `db:"entity_id"`
	System     string  `db:"system"` // lower case: salesforce, maven
	ExternalID string  `db:"external_id"`
}

// CreateParams describe a new org.
type CreateParams struct {
	Key         string
	Name        string
	Currency    string
	TimeZone    string
	FiscalMonth int
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)

// Validate collects what is wrong with the parameters.
func (p CreateParams) Validate() error {
	var bad errs.List
	if !keyForm.MatchString(p.Key) {
		bad.Add(errs.BadInput, "key", "An org's key is 2 to 63 lower-case letters, digits and hyphens, a letter first: acme-robotics.")
	}
	if n := len(strings.TrimSpace(p.Name)); n == 0 || n > 200 {
		bad.Add(errs.BadInput, "name", "Give the org a name of up to 200 characters.")
	}
	if _, err := money.ParseCurrency(p.Currency); err != nil {
		bad.Add(errs.BadInput, "currency", "%q is not a currency. Use a code of ISO 4217 in upper case, such as USD.", p.Currency)
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "" || p.TimeZone == "Local" {
		bad.Add(errs.BadInput, "timeZone", "%q is not a time zone. Use an IANA name such as Europe/Berlin.", p.TimeZone)
	}
	if p.FiscalMonth < 1 || p.FiscalMonth > 12 {
		bad.Add(errs.BadInput, "fiscalYearStartMonth", "The fiscal year starts in a month from 1 to 12.")
	}
	return bad.Err()
}
