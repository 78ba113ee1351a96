package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
	"github.com/ententehq/entente/internal/pg/cluster"
	"github.com/ententehq/entente/migrations"
)

type migrateCmd struct {
	database
}

// Run applies what is missing, with the owner's rights.
func (c migrateCmd) Run(ctx context.Context) error {
	if c.OwnerURL != "" {
		return migrate(ctx, c.OwnerURL)
	}
	if c.DatabaseURL != "" {
		return errs.New(errs.BadInput, "Migrating needs the owner's rights: give --owner-url.")
	}
	private, err := cluster.Open(ctx, cluster.Options{DataDir: c.Data})
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, private.OwnerURL("")), private.Close())
}

func migrate(ctx context.Context, ownerURL string) error {
	n, err := pg.Migrate(ctx, ownerURL, migrations.FS)
	if err != nil {
		return err
	}
	fmt.Printf("%d migrations applied; the schema is up to date.\n", n)
	return nil
}

type checkCmd struct {
	database
	What string `arg:"" optional:"" enum:"rls,all" default:"all" help:"What to prove: rls (no row leaves its org), or all."`
}

// Run proves that every table keeps each row within its org.
func (c checkCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(a *app) error {
		h := a.pool.Read(pg.Session{})
		defer h.Close()
		faults, err := pg.CheckOrgBoundary(ctx, h)
		if err != nil {
			return err
		}
		for _, f := range faults {
			fmt.Fprintln(os.Stderr, f)
		}
		if len(faults) > 0 {
			return exit(1)
		}
		fmt.Println("rls: every table keeps each row within its org")
		return nil
	})
}

type orgCmd struct {
	Create orgCreateCmd `cmd:"" help:"Make an org with the built-in access policy."`
}

type orgCreateCmd struct {
	database
	Key         string `required:"" help:"A short name for commands: lower-case letters, digits, hyphens."`
	Name        string `required:"" help:"The name that people read."`
	Currency    string `default:"USD" help:"The currency in which the org reports (ISO 4217)."`
	TimeZone    string `default:"UTC" help:"An IANA name such as Europe/Berlin; days of the org are days there."`
	FiscalMonth int    `default:"1" help:"The month, 1 to 12, in which the fiscal year starts."`
}

// Run makes the org.
func (c orgCreateCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(a *app) error {
		_, err := a.orgs.Create(ctx, org.CreateParams{
			Key: c.Key, Name: c.Name, Currency: c.Currency, TimeZone: c.TimeZone, FiscalMonth: c.FiscalMonth,
		})
		if err != nil {
			return err
		}
		fmt.Printf("Org %s made. Next: entente import --org %s …, entente token create --org %s --role OPS --name …\n", c.Key, c.Key, c.Key)
		return nil
	})
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a service token; it is printed once, alone on the last line."`
}

type tokenCreateCmd struct {
	database
	Org     string        `required:"" help:"The org's key."`
	Role    []string      `required:"" help:"What it may do: SALES, SALES_MANAGER, OPS, CS, LEADERSHIP, FINANCE, ADMIN, or INTEGRATION, which grants only what --allow lists."`
	Name    string        `required:"" help:"What uses the token."`
	Allow   []string      `help:"Grant more: object:action:reach, such as deal:read:all. May be repeated." placeholder:"PERMISSION"`
	Expires time.Duration `help:"How long it is valid, such as 720h; for ever if not given."`
}

// Run makes the token.
func (c tokenCreateCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(a *app) error {
		o, err := a.orgs.Find(ctx, c.Org)
		if err != nil {
			return err
		}
		params := access.TokenParams{Name: c.Name, Allow: c.Allow}
		for _, r := range c.Role {
			params.Roles = append(params.Roles, access.Role(r))
		}
		if c.Expires != 0 {
			at := a.clock.Now().Add(c.Expires)
			params.ExpiresAt = &at
		}
		secret, err := a.access.CreateToken(ctx, access.Operator(o), params)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "Token %q of %s. It is shown only now: keep it where secrets are kept.\n", c.Name, c.Org)
		fmt.Println(secret)
		return nil
	})
}

type schemaCmd struct{}

// Run prints the schema.
func (schemaCmd) Run() error {
	graph.PrintSchema(os.Stdout)
	return nil
}
