package pg_test

import (
	"database/sql"
	"testing"
	"testing/fstest"

	_ "github.com/lib/pq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/pg"
	"github.com/ententehq/entente/migrations"
)

func connect(t *testing.T, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", url)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, db.Close()) })
	return db
}

// unmigrated is a database that has the roles' rights and nothing else.
func unmigrated(t *testing.T) *dbtest.DB {
	t.Helper()
	db := dbtest.New(t)
	_, err := connect(t, db.SuperURL).Exec("drop table public.schema_migration; drop extension pg_trgm")
	require.NoError(t, err)
	return db
}

func files(statements ...string) fstest.MapFS {
	names := []string{"00001_a.sql", "00002_b.sql", "00003_c.sql"}
	fsys := fstest.MapFS{}
	for i, s := range statements {
		fsys[names[i]] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + s + ";\n")}
	}
	return fsys
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	owner := connect(t, db.OwnerURL)
	two := files("create table a (id int)", "create table b (id int)")

	schema, err := pg.CheckSchema(t.Context(), owner, two)
	require.NoError(t, err)
	assert.Equal(t, pg.SchemaVersion{Database: 0, Program: 2}, schema)
	assert.True(t, schema.Behind())
	assert.Contains(t, schema.String(), "entente migrate")

	applied, err := pg.Migrate(t.Context(), db.OwnerURL, two)
	require.NoError(t, err)
	assert.Equal(t, 2, applied)
	applied, err = pg.Migrate(t.Context(), db.OwnerURL, two)
	require.NoError(t, err)
	assert.Zero(t, applied)

	one := files("create table a (id int)")
	applied, err = pg.Migrate(t.Context(), db.OwnerURL, one)
	require.NoError(t, err, "an older program leaves a database that is ahead as it is")
	assert.Zero(t, applied)
	schema, err = pg.CheckSchema(t.Context(), owner, one)
	require.NoError(t, err)
	assert.True(t, schema.Ahead())
	_, err = owner.Exec("select id from b")
	require.NoError(t, err)
}

func TestMigrateFails(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	applied, err := pg.Migrate(t.Context(), db.OwnerURL, files("create table a (id int)", "create table a (id int)"))
	require.ErrorContains(t, err, "00002_b.sql")
	assert.Equal(t, 1, applied)
	version, err := pg.MigrationVersion(t.Context(), connect(t, db.AppURL))
	require.ErrorContains(t, err, "permission denied", "only a migration may let the app role see the version")
	assert.Zero(t, version)
	version, err = pg.MigrationVersion(t.Context(), connect(t, db.OwnerURL))
	require.NoError(t, err)
	assert.EqualValues(t, 1, version)
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	type result struct {
		applied int
		err     error
	}
	results := make(chan result, 4)
	for range cap(results) {
		go func() {
			applied, err := pg.Migrate(t.Context(), db.OwnerURL, files("create table a (id int)", "select pg_sleep(0.3)"))
			results <- result{applied, err}
		}()
	}
	total := 0
	for range cap(results) {
		r := <-results
		require.NoError(t, r.err)
		total += r.applied
	}
	assert.Equal(t, 2, total)
}

func TestMigrateDoesNotWaitForever(t *testing.T) {
	t.Parallel()
	db := unmigrated(t)
	owner := connect(t, db.OwnerURL)
	_, err := owner.Exec("create table busy (id int)")
	require.NoError(t, err)
	tx, err := owner.Begin()
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.Exec("select id from busy")
	require.NoError(t, err)

	_, err = pg.Migrate(t.Context(), db.OwnerURL+"&lock_timeout=50ms", files("alter table busy add column n int"))
	require.ErrorContains(t, err, "a table was in use for more than 50ms")
}

func TestMigrateSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := pg.Migrate(t.Context(), "postgres://%zz", migrations.FS)
	require.ErrorContains(t, err, "database URL")
	_, err = pg.Migrate(t.Context(), dbtest.New(t).OwnerURL, fstest.MapFS{})
	require.ErrorContains(t, err, "no migrations")
}

// TestAppMaySeeTheVersion holds the migrations to granting what /readyz needs.
func TestAppMaySeeTheVersion(t *testing.T) {
	t.Parallel()
	schema, err := pg.CheckSchema(t.Context(), connect(t, dbtest.New(t).AppURL), migrations.FS)
	require.NoError(t, err)
	assert.Equal(t, schema.Program, schema.Database)
}
