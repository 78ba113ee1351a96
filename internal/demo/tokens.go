package demo

import (
	"context"
	"fmt"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/pg"
)

// Login is a token of the demo and whom it signs in.
type Login struct {
	Token string
	Name  string // of the person, or of the integration
	Role  access.Role
	Title string
	Email string // "" for the integration
}

// fixture is a person that a demo token signs in. Questions and documentation rely on who they are: Priya Raman sells
// in Marcus Bell's team, and Leo Hartmann looks after customers.
type fixture struct {
	token, name string
	role        access.Role
}

var fixtures = []fixture{
	{"demo-sales", "Priya Raman", access.Sales},
	{"demo-manager", "Marcus Bell", access.SalesManager},
	{"demo-ops", "Dana Ortiz", access.Ops},
	{"demo-cs", "Leo Hartmann", access.CS},
	{"demo-leadership", "Victor Almeida", access.Leadership},
	{"demo-finance", "Grant Sullivan", access.Finance},
	{"demo-admin", "Ravi Shah", access.Admin},
}

// The token of a machine, which may what it lists.
const (
	integrationToken = "demo-integration"
	integrationName  = "Data warehouse sync"
)

var integrationAllow = []string{
	"deal:read:all", "deal:create:all", "deal:update:all",
	"account:read:all", "account:create:all", "account:update:all",
	"contact:read:all", "contact:create:all", "contact:update:all",
	"customer:read:all", "user:read:all", "team:read:all", "territory:read:all", "stage:read:all",
}

// makeTokens makes the demo tokens. A person's token brings no role of its own: what they may is what they were granted.
func (w *world) makeTokens(ctx context.Context, tx *pg.Tx, deps Deps, by *access.Principal) error {
	params := []access.TokenParams{{
		Name: integrationName, Roles: []access.Role{access.Integration}, Allow: integrationAllow, DemoSecret: integrationToken,
	}}
	for _, f := range fixtures {
		params = append(params, access.TokenParams{Name: "Demo: " + f.name, DemoSecret: f.token, DemoUser: w.person(f.name).id})
	}
	for _, p := range params {
		if _, err := deps.Access.CreateTokenIn(ctx, tx, by, p); err != nil {
			return fmt.Errorf("make the token %s: %w", p.DemoSecret, err)
		}
	}
	return nil
}

func logins() []Login {
	var out []Login
	for _, f := range fixtures {
		for _, e := range roster {
			if e.name == f.name {
				out = append(out, Login{Token: f.token, Name: f.name, Role: f.role, Title: e.title, Email: e.email()})
			}
		}
	}
	return append(out, Login{Token: integrationToken, Name: integrationName, Role: access.Integration, Title: "Service token"})
}
