package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// The reasons for which there is no server to start.
var (
	ErrMissing = errors.New("PostgreSQL 15 or newer is not installed")
	ErrVersion = errors.New("the installed PostgreSQL does not fit")
)

const (
	minMajor = 15
	binEnv   = "ENTENTE_PG_BIN"
)

// Program finds one of PostgreSQL's programs (pg_dump, psql) of the same major version as the cluster.
func (c *Cluster) Program(name string) (string, error) {
	bin, err := findPrograms(c.binDir, c.folder.major())
	if err != nil {
		return "", err
	}
	path := filepath.Join(bin, name)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("%s is not beside the PostgreSQL server in %s: %w", name, bin, err)
	}
	return path, nil
}

// findPrograms tells the folder that holds the server. A folder that was asked for by name is used or refused, never
// passed over. A want of 0 takes the first server that is new enough.
func findPrograms(binDir string, want int) (string, error) {
	if binDir == "" {
		binDir = os.Getenv(binEnv)
	}
	if binDir == "" {
		return choose(candidates(), want)
	}
	if serverMajor(binDir) == 0 {
		return "", fmt.Errorf("%w in %s: %s must name the folder that holds postgres and initdb", ErrMissing, binDir, binEnv)
	}
	return choose([]string{binDir}, want)
}

// candidates lists the folders in which servers are found, in the order in which they are tried.
func candidates() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql*/bin",
		"/usr/local/opt/postgresql*/bin",
	} {
		found, _ := filepath.Glob(pattern) // fails on a malformed pattern only
		slices.SortFunc(found, func(a, b string) int { return pathVersion(b) - pathVersion(a) })
		dirs = append(dirs, found...)
	}
	return dirs
}

var digits = regexp.MustCompile(`\d+`)

func pathVersion(path string) int {
	n, _ := strconv.Atoi(digits.FindString(filepath.Base(filepath.Dir(path))))
	return n
}

// choose takes the first folder whose server fits: the version the data was made by, or any that is new enough.
func choose(dirs []string, want int) (string, error) {
	newest, where := 0, ""
	for _, dir := range dirs {
		major := serverMajor(dir)
		fits := major == want
		if want == 0 {
			fits = major >= minMajor
		}
		if fits {
			return dir, nil
		}
		if major > newest {
			newest, where = major, dir
		}
	}
	switch {
	case newest == 0:
		return "", fmt.Errorf("%w: run %s, or set %s to the folder of its programs", ErrMissing, installCommand(), binEnv)
	case want == 0:
		return "", fmt.Errorf("%w: %s has version %d, and %d or newer is needed; run %s, or set %s to the folder of a newer one",
			ErrVersion, where, newest, minMajor, installCommand(), binEnv)
	}
	return "", fmt.Errorf("%w: the data was made by version %d, and %s has %d; install version %d, or choose another folder with --data",
		ErrVersion, want, where, newest, want)
}

var versionText = regexp.MustCompile(`PostgreSQL\) (\d+)`)

// serverMajor is 0 where there is no complete server.
func serverMajor(dir string) int {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return 0
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0
	}
	m := versionText.FindSubmatch(out)
	if m == nil {
		return 0
	}
	major, _ := strconv.Atoi(string(m[1]))
	return major
}

// installCommand includes the contrib modules where they are packaged apart: the migrations use pg_trgm.
func installCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	for _, c := range []struct{ tool, command string }{
		{"apt-get", "apt-get install postgresql"},
		{"dnf", "dnf install postgresql-server postgresql-contrib"},
		{"apk", "apk add postgresql postgresql-contrib"},
		{"pacman", "pacman -S postgresql"},
		{"zypper", "zypper install postgresql-server postgresql-contrib"},
	} {
		if _, err := exec.LookPath(c.tool); err == nil {
			return c.command
		}
	}
	return "your system's installer (https://www.postgresql.org/download/)"
}
