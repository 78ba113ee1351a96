package pg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	versionTable = "public.schema_migration"

	// A migration that waits for a table makes everybody behind it wait as well, so it gives up soon, unless the URL
	// sets lock_timeout.
	migrationLockTimeout = "5s"

	// Servers that start together wait for the one that migrates: up to ten minutes, asking every second.
	migrationTurnSeconds = 600
)

// Migrate applies the migrations that the database lacks, each in a transaction unless it says otherwise, and tells
// how many it applied, also when one of them failed. It connects as the owner role. Several may run at once: one
// migrates, the others wait. A database that is ahead is left as it is, since the next schema also serves this
// program; nothing is ever taken back.
func Migrate(ctx context.Context, ownerURL string, fsys fs.FS) (applied int, err error) {
	config, err := pq.NewConfig(ownerURL)
	if err != nil {
		return 0, fmt.Errorf("read the owner's database URL: %w", err)
	}
	if config.Runtime == nil {
		config.Runtime = map[string]string{}
	}
	if config.Runtime["lock_timeout"] == "" {
		config.Runtime["lock_timeout"] = migrationLockTimeout
	}
	config.Runtime["search_path"] = "public"
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return 0, fmt.Errorf("read the owner's database URL: %w", err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()

	turn, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, migrationTurnSeconds))
	if err != nil {
		return 0, fmt.Errorf("prepare the migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, fsys,
		goose.WithTableName(versionTable),
		goose.WithSessionLocker(turn),
		goose.WithDisableGlobalRegistry(true),
	)
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		results = partial.Applied
		err = fmt.Errorf("migration %s: %w", partial.Failed.Source.Path, partial.Err)
	}
	switch {
	case pq.As(err, pqerror.LockNotAvailable) != nil:
		return len(results), fmt.Errorf("a table was in use for more than %s; migrate again when less is going on: %w",
			config.Runtime["lock_timeout"], err)
	case err != nil:
		return len(results), fmt.Errorf("migrate the database: %w", err)
	}
	return len(results), nil
}

// SchemaVersion compares the newest migration that the database has with the newest one that the program brings.
type SchemaVersion struct{ Database, Program int64 }

// Behind tells that migrations are missing: the program must not serve.
func (v SchemaVersion) Behind() bool { return v.Database < v.Program }

// Ahead tells that a newer program has migrated the database, with which this one still works.
func (v SchemaVersion) Ahead() bool { return v.Database > v.Program }

func (v SchemaVersion) String() string {
	switch {
	case v.Behind():
		return fmt.Sprintf("the database is at migration %d of %d: run entente migrate", v.Database, v.Program)
	case v.Ahead():
		return fmt.Sprintf("the database is at migration %d, ahead of this program's %d", v.Database, v.Program)
	}
	return fmt.Sprintf("the database is at migration %d", v.Database)
}

// RowQuerier is met by *sql.DB, *sql.Conn and *sql.Tx. A transaction is lost when the database was never migrated.
type RowQuerier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// CheckSchema compares the database with the program's migrations. The app role may ask.
func CheckSchema(ctx context.Context, db RowQuerier, fsys fs.FS) (SchemaVersion, error) {
	program, err := latest(fsys)
	if err != nil {
		return SchemaVersion{}, err
	}
	database, err := MigrationVersion(ctx, db)
	if err != nil {
		return SchemaVersion{}, err
	}
	return SchemaVersion{Database: database, Program: program}, nil
}

// MigrationVersion is the number of the newest migration that the database has, 0 when it was never migrated.
func MigrationVersion(ctx context.Context, db RowQuerier) (int64, error) {
	var version int64
	err := db.QueryRowContext(ctx, "select coalesce(max(version_id), 0) from "+versionTable).Scan(&version)
	if pq.As(err, pqerror.UndefinedTable) != nil {
		return 0, nil //nolint:nilerr // no table is the answer: no migration
	}
	if err != nil {
		return 0, fmt.Errorf("read the database's migration: %w", err)
	}
	return version, nil
}

func latest(fsys fs.FS) (int64, error) {
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	var newest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("read the number of migration %s: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// Schema compares the pool's database with the program's migrations.
func (p *Pool) Schema(ctx context.Context, fsys fs.FS) (SchemaVersion, error) {
	return CheckSchema(ctx, p.db, fsys)
}
