package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
	"github.com/ententehq/entente/internal/pg/cluster"
	"github.com/ententehq/entente/migrations"
)

// database says where the data are: at a URL, or in a private cluster's folder.
type database struct {
	DatabaseURL string `help:"PostgreSQL as the role entente_app, such as postgres://entente_app@db/entente?sslmode=verify-full. Without it a private PostgreSQL runs from local binaries."`
	OwnerURL    string `help:"PostgreSQL as the role entente_owner, for migrations."`
	Data        string `help:"The private PostgreSQL's folder." placeholder:"DIR"`
}

// app is what the commands work with.
type app struct {
	pool    *pg.Pool
	cluster *cluster.Cluster // nil with a database URL
	url     string           // the app role's
	owner   string           // the URL with the owner's rights; "" where it was not given
	clock   clock.Clock
	access  *access.Service
	orgs    *org.Service
	crm     *crm.Service
}

// open connects, having started the private cluster where there is no URL, and brings the schema up to date where it
// has the owner's rights. In demo mode demo tokens are accepted.
func (d database) open(ctx context.Context, demo bool) (*app, error) {
	a := &app{clock: clock.System{}}
	appURL, ownerURL := d.DatabaseURL, d.OwnerURL
	if appURL == "" {
		c, err := cluster.Open(ctx, cluster.Options{DataDir: d.Data, Progress: func(step string) { fmt.Fprintln(os.Stderr, step) }})
		if err != nil {
			return nil, err
		}
		a.cluster, appURL, ownerURL = c, c.AppURL(""), c.OwnerURL("")
	}
	if err := a.connect(ctx, appURL, ownerURL, demo); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) connect(ctx context.Context, appURL, ownerURL string, demo bool) error {
	a.url, a.owner = appURL, ownerURL
	if ownerURL != "" {
		if _, err := pg.Migrate(ctx, ownerURL, migrations.FS); err != nil {
			return err
		}
	}
	pool, err := pg.Open(ctx, appURL, pg.Options{})
	if err != nil {
		return err
	}
	a.pool = pool
	v, err := pool.Schema(ctx, migrations.FS)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if v.Behind() {
		return errs.New(errs.Internal, "The database's schema is older than this program (%d, needs %d). Run: entente migrate --owner-url URL", v.Database, v.Program)
	}
	a.access = access.NewService(pool, a.clock, demo)
	a.orgs = org.NewService(pool, a.clock)
	a.crm = crm.NewService(pool, a.clock, a.orgs)
	return nil
}

// analyze tells the planner about rows that were loaded in bulk. It takes the owner's rights; without them the database
// finds out by itself within minutes.
func (a *app) analyze(ctx context.Context) error {
	if a.owner == "" {
		return nil
	}
	pool, err := pg.Open(ctx, a.owner, pg.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	err = pool.Write(ctx, pg.Session{Timeout: time.Minute}, func(tx *pg.Tx) error {
		_, err := tx.Exec(ctx, `analyze`)
		return err
	})
	return errors.Join(err, pool.Close())
}

func (a *app) close() error {
	var err error
	if a.pool != nil {
		err = a.pool.Close()
	}
	if a.cluster != nil {
		err = errors.Join(err, a.cluster.Close())
	}
	return err
}

// with opens the database for one command.
func (d database) with(ctx context.Context, run func(*app) error) error {
	a, err := d.open(ctx, false)
	if err != nil {
		return err
	}
	return errors.Join(run(a), a.close())
}
