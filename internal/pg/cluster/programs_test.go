package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// servers makes folders of programs that say they are of the versions, in their order.
func servers(t *testing.T, majors ...int) (dirs []string) {
	t.Helper()
	for _, major := range majors {
		dir := t.TempDir()
		script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %d.3 (Some Linux)'\n", major)
		for _, name := range []string{"postgres", "initdb"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
		}
		dirs = append(dirs, dir)
	}
	return dirs
}

func TestChoose(t *testing.T) {
	t.Parallel()
	dirs := append([]string{"/nowhere", t.TempDir()}, servers(t, 14, 16, 18, 15)...)
	for want, index := range map[int]int{0: 3, 18: 4, 15: 5} {
		dir, err := choose(dirs, want)
		require.NoError(t, err)
		assert.Equal(t, dirs[index], dir, "for version %d", want)
	}
	_, err := choose(dirs, 17)
	require.ErrorIs(t, err, ErrVersion)
	assert.Contains(t, err.Error(), "install version 17")
	_, err = choose(dirs[:3], 0)
	require.ErrorIs(t, err, ErrVersion)
	assert.Contains(t, err.Error(), "has version 14")
	_, err = choose(dirs[:2], 0)
	require.ErrorIs(t, err, ErrMissing)
	assert.Contains(t, err.Error(), installCommand())
}

func TestPathVersion(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]int{
		"/usr/lib/postgresql/15/bin":          15,
		"/usr/pgsql-9/bin":                    9,
		"/opt/homebrew/opt/postgresql@17/bin": 17,
		"/opt/homebrew/opt/postgresql/bin":    0,
	} {
		assert.Equal(t, want, pathVersion(path), path)
	}
}
