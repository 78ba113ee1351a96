package migrations_test

import (
	"context"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/migrations"
)

var update = flag.Bool("update", false, "write schema.sql anew")

const dumpFile = "../schema.sql"

const dumpHead = `-- The database as the migrations leave it: for reading and for reviewing what a migration changes.
-- Written by "go test ./migrations -update".

`

// TestSchemaDumpFresh holds schema.sql to what the migrations make.
func TestSchemaDumpFresh(t *testing.T) {
	t.Parallel()
	got := dumpHead + dump(t, dbtest.New(t))
	if *update {
		require.NoError(t, os.WriteFile(dumpFile, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(dumpFile)
	require.NoError(t, err)
	assert.Equal(t, string(want), got, `schema.sql is stale: run "go test ./migrations -update" and read the difference`)
}

// noise is what differs from run to run or from version to version of pg_dump, and says nothing about the schema: its
// random keys, its comments and the settings of its session.
var noise = regexp.MustCompile(`(?m)^(--|-- (PostgreSQL database dump.*|Dumped .*)|\\(un)?restrict .*|` +
	`SET (\w+_timeout|client_\w+|standard_conforming_strings|check_function_bodies|xmloption|row_security|default_table\w+) = .*;|` +
	`SELECT pg_catalog\.set_config\('search_path', '', false\);)\n`)

// objectHead is the comment above each object; of "Name: a; Type: TABLE; Schema: public; Owner: -" the statement below
// says all.
var objectHead = regexp.MustCompile(`(?m)^-- Name: .*\n`)

var blankLines = regexp.MustCompile(`\n{3,}`)

func dump(t *testing.T, db *dbtest.DB) string {
	t.Helper()
	program, err := db.Program("pg_dump")
	require.NoError(t, err)
	out, err := exec.CommandContext(context.Background(), program, "--schema-only", "--no-owner", db.SuperURL).CombinedOutput()
	require.NoError(t, err, string(out))
	text := objectHead.ReplaceAllString(noise.ReplaceAllString(string(out), ""), "")
	return strings.TrimSpace(blankLines.ReplaceAllString(text, "\n\n")) + "\n"
}

// TestMigrationsGoForward keeps out what would never be run, and is therefore never right.
func TestMigrationsGoForward(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(migrations.FS, "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		require.NoError(t, err)
		assert.NotRegexp(t, `(?i)\+goose\s+down`, string(text), name)
	}
}
