package dbtest_test

import (
	"database/sql"
	"fmt"
	"testing"

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

// TestNew has many tests at once write to the same table of what had better be different databases.
func TestNew(t *testing.T) {
	t.Parallel()
	for i := range 12 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := dbtest.New(t)
			schema, err := pg.CheckSchema(t.Context(), connect(t, db.AppURL), migrations.FS)
			require.NoError(t, err)
			assert.False(t, schema.Behind() || schema.Ahead(), schema)

			owner := connect(t, db.OwnerURL)
			_, err = owner.Exec("create table only_here (id int)")
			require.NoError(t, err)
			_, err = connect(t, db.AppURL).Exec("create table not_allowed (id int)")
			require.Error(t, err)
		})
	}
}

func TestDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var gone string
	t.Run("inner", func(t *testing.T) {
		db := dbtest.New(t)
		gone = db.Name
		conn, err := sql.Open("postgres", db.AppURL)
		require.NoError(t, err)
		require.NoError(t, conn.Ping(), "and is left open")
	})
	var exists bool
	super := connect(t, dbtest.New(t).SuperURL)
	require.NoError(t, super.QueryRow("select exists (select from pg_database where datname = $1)", gone).Scan(&exists))
	assert.False(t, exists)
}
