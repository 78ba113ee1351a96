package cluster_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/pg/cluster"
)

// refusal opens a cluster that cannot be had and returns the error, which is one line.
func refusal(t *testing.T, o cluster.Options) error {
	t.Helper()
	c, err := cluster.Open(context.Background(), o)
	if err == nil {
		assert.NoError(t, c.Close())
	}
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "\n")
	t.Log(err)
	return err
}

// fakeServer is a folder of programs that say they are of the version.
func fakeServer(t *testing.T, version string) string {
	t.Helper()
	dir := tempDir(t)
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s (Some Linux)'\n", version)
	for _, name := range []string{"postgres", "initdb"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func TestMissingPrograms(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	err := refusal(t, cluster.Options{DataDir: dir, BinDir: t.TempDir()})
	assert.ErrorIs(t, err, cluster.ErrMissing)
	assert.Contains(t, err.Error(), "ENTENTE_PG_BIN")
}

func TestProgramsFromEnvironment(t *testing.T) {
	t.Setenv("ENTENTE_PG_BIN", t.TempDir())
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: tempDir(t)}), cluster.ErrMissing)
}

func TestServerTooOld(t *testing.T) {
	t.Parallel()
	err := refusal(t, cluster.Options{DataDir: tempDir(t), BinDir: fakeServer(t, "14.12")})
	assert.ErrorIs(t, err, cluster.ErrVersion)
	assert.Contains(t, err.Error(), "version 14")
}

func TestDataOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "pg"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "pg", "PG_VERSION"), []byte("16\n"), 0o600))
	err := refusal(t, cluster.Options{DataDir: dir, BinDir: fakeServer(t, "17.1")})
	assert.ErrorIs(t, err, cluster.ErrVersion)
	assert.Contains(t, err.Error(), "made by version 16")
}

func TestFolderThatIsAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(tempDir(t), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: file}), cluster.ErrFolder)
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: filepath.Join(file, "below")}), cluster.ErrFolder)
}

func TestUnwritableFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: "/proc/entente"}), cluster.ErrFolder)
		return
	}
	closed := tempDir(t)
	require.NoError(t, os.Chmod(closed, 0o500))
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: closed}), cluster.ErrFolder)
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: filepath.Join(closed, "below")}), cluster.ErrFolder)
	assert.ErrorIs(t, refusal(t, cluster.Options{DataDir: "/"}), cluster.ErrFolder)
}

// TestClosedParent is about root, whose server runs as a user who must get through to the data.
func TestClosedParent(t *testing.T) {
	t.Parallel()
	parent := tempDir(t)
	require.NoError(t, os.Chmod(parent, 0o700))
	o := cluster.Options{DataDir: filepath.Join(parent, "data"), Volatile: true}
	if os.Geteuid() != 0 {
		require.NoError(t, open(t, o.DataDir).Close(), "an ordinary user's own folder may be closed to others")
		return
	}
	err := refusal(t, o)
	assert.ErrorIs(t, err, cluster.ErrFolder)
	assert.Contains(t, err.Error(), "chmod o+x "+parent)
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	require.NoError(t, open(t, dir).Close())
	require.NoError(t, os.Remove(filepath.Join(dir, "pg", "global", "pg_control")))
	err := refusal(t, cluster.Options{DataDir: dir})
	assert.Contains(t, err.Error(), "pg_control", "the log's last words")
	assert.Contains(t, err.Error(), "postgres.log")
	assert.Empty(t, processes(t, dir))
}
