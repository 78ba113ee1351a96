package cluster

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// BootstrapSQL is what [Cluster.Bootstrap] runs, for whoever brings a PostgreSQL of their own.
//
//go:embed bootstrap.sql
var BootstrapSQL string

// Bootstrap makes the database if it is missing, and in it the roles and rights that the migrations build on. It may be
// repeated; two at once on one database may fail, so Open does it in its turn.
func (c *Cluster) Bootstrap(ctx context.Context, database string) error {
	err := c.exec(ctx, database, BootstrapSQL)
	if pq.As(err, pqerror.InvalidCatalogName) != nil {
		if err := c.exec(ctx, SuperRole, "create database "+pq.QuoteIdentifier(database)); err != nil {
			return fmt.Errorf("create database %s: %w", database, err)
		}
		err = c.exec(ctx, database, BootstrapSQL)
	}
	if err != nil {
		return fmt.Errorf("prepare the roles of database %s: %w", database, err)
	}
	return nil
}

// exec runs statements as the superuser, all or none.
func (c *Cluster) exec(ctx context.Context, database, statements string) error {
	db, err := sql.Open("postgres", c.SuperURL(database))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, statements)
	return err
}
