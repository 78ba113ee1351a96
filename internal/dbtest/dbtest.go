// Package dbtest gives every test a migrated database of its own on a real PostgreSQL.
//
// All test processes of a user share one private cluster in the temp folder, and in it one template per content of the
// migrations. A missing PostgreSQL fails the test: skipping would make a green run mean nothing.
package dbtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/ententehq/entente/internal/pg"
	"github.com/ententehq/entente/internal/pg/cluster"
	"github.com/ententehq/entente/migrations"
)

// DB is a fresh, migrated database.
type DB struct {
	OwnerURL string // may change the schema; row level security holds for it where it is forced
	AppURL   string // what the program connects as; use it unless the test is about another role
	SuperURL string // sees everything
	Name     string

	server *server
}

// Program finds one of PostgreSQL's programs (pg_dump, psql), of the server's version.
func (db *DB) Program(name string) (string, error) { return db.server.cluster.Program(name) }

// New makes a database for the test and drops it when the test ends, whoever is still connected. Tests may run in
// parallel.
func New(t testing.TB) *DB {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatalf("this test needs PostgreSQL: %v", err)
	}
	db, err := s.create(context.Background())
	if err != nil {
		t.Fatalf("make a database for the test: %v", err)
	}
	t.Cleanup(func() {
		if err := db.drop(context.Background()); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return db
}

// server is this process's share in the cluster, held until the process ends.
type server struct {
	cluster  *cluster.Cluster
	admin    *sql.DB // superuser, outside of every test's database
	template string
	made     atomic.Int64
}

var shared = sync.OnceValues(func() (*server, error) {
	ctx := context.Background()
	dir := folder()
	if err := startGuard(dir); err != nil {
		return nil, err
	}
	c, err := openCluster(ctx, dir)
	if err != nil {
		return nil, err
	}
	admin, err := sql.Open("postgres", c.SuperURL(cluster.SuperRole))
	if err != nil {
		return nil, err
	}
	hash, err := migrationsHash()
	if err != nil {
		return nil, err
	}
	s := &server{cluster: c, admin: admin, template: "template_" + hash}
	if err := s.dropLeftovers(ctx); err != nil {
		return nil, err
	}
	return s, s.makeTemplate(ctx)
})

// memoryFolder is a file system in memory on most Linuxes. A database is hundreds of small files, made and removed for
// every test, which takes a disk's file system several times as long.
const (
	memoryFolder = "/dev/shm"
	memoryNeeded = 2 << 30
)

// TempDir is where tests keep databases: the temp folder, unless nobody chose one and there is room in memory.
func TempDir() string {
	var room syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memoryFolder, &room) == nil &&
		uint64(room.Bavail)*uint64(room.Bsize) >= memoryNeeded { //nolint:unconvert // their types differ between systems
		return memoryFolder
	}
	return os.TempDir()
}

// folder is another with every change of the roles, which a cluster that exists would keep as they were.
func folder() string {
	roles := sha256.Sum256([]byte(cluster.BootstrapSQL))
	return filepath.Join(TempDir(), fmt.Sprintf("entente-test-%d-%x", os.Geteuid(), roles[:4]))
}

func openCluster(ctx context.Context, dir string) (*cluster.Cluster, error) {
	c, err := cluster.Open(ctx, cluster.Options{DataDir: dir, MaxConnections: 300, Volatile: true})
	if errors.Is(err, cluster.ErrVersion) {
		err = fmt.Errorf("%w (or remove %s)", err, dir)
	}
	return c, err
}

func migrationsHash() (string, error) {
	h := sha256.New()
	names, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// create clones the template. It may be lost on the way, to another process that tidies up, and is then made again.
func (s *server) create(ctx context.Context) (*DB, error) {
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), s.made.Add(1))
	for attempt := 1; ; attempt++ {
		// Copying files beats logging pages by a third on a memory file system, and the more the larger the template.
		_, err := s.admin.ExecContext(ctx, fmt.Sprintf("create database %s template %s owner %s strategy file_copy",
			name, s.template, cluster.OwnerRole))
		switch {
		case err == nil:
			c := s.cluster
			return &DB{OwnerURL: c.OwnerURL(name), AppURL: c.AppURL(name), SuperURL: c.SuperURL(name), Name: name, server: s}, nil
		case attempt == 5 || pq.As(err, pqerror.InvalidCatalogName, pqerror.ObjectInUse) == nil:
			return nil, err
		}
		if err := s.makeTemplate(ctx); err != nil {
			return nil, err
		}
	}
}

func (db *DB) drop(ctx context.Context) error {
	_, err := db.server.admin.ExecContext(ctx, "drop database if exists "+db.Name+" with (force)")
	return err
}

// makeTemplate makes the template unless it exists. A template is complete when nobody may connect to it any more,
// which also keeps it free for cloning.
func (s *server) makeTemplate(ctx context.Context) error {
	turn, err := s.admin.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = turn.Rollback() }() // gives the lock back
	if _, err := turn.ExecContext(ctx, "select pg_advisory_xact_lock(hashtext('template'))"); err != nil {
		return err
	}
	var complete bool
	err = turn.QueryRowContext(ctx, `
		select exists (select from pg_database where datname = $1 and not datallowconn)`, s.template).Scan(&complete)
	if err != nil || complete {
		return err
	}
	if err := s.dropOldTemplates(ctx); err != nil {
		return err
	}
	if err := s.cluster.Bootstrap(ctx, s.template); err != nil {
		return err
	}
	if _, err := pg.Migrate(ctx, s.cluster.OwnerURL(s.template), migrations.FS); err != nil {
		return err
	}
	_, err = s.admin.ExecContext(ctx, "alter database "+s.template+" allow_connections false")
	return err
}

// dropOldTemplates drops an incomplete one of the same name, and those of migrations that nobody has any more.
func (s *server) dropOldTemplates(ctx context.Context) error {
	return s.dropAll(ctx, `
		select datname
		from pg_database
		where datname = $1
		or datname like 'template\_%'
			and (pg_stat_file('base/' || oid || '/PG_VERSION')).modification < now() - interval '1 day'`,
		func(string) bool { return true }, s.template)
}

// dropLeftovers drops the databases of test processes that were killed.
func (s *server) dropLeftovers(ctx context.Context) error {
	return s.dropAll(ctx, `select datname from pg_database where datname like 'test\_%'`, func(name string) bool {
		var pid, n int
		if _, err := fmt.Sscanf(name, "test_%d_%d", &pid, &n); err != nil || pid == os.Getpid() {
			return true
		}
		return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	})
}

func (s *server) dropAll(ctx context.Context, query string, drop func(name string) bool, args ...any) error {
	var names []string
	err := s.admin.QueryRowContext(ctx, "select array("+query+")::text[]", args...).Scan(pq.Array(&names))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !drop(name) {
			continue
		}
		if err := (&DB{Name: name, server: s}).drop(ctx); err != nil {
			return fmt.Errorf("drop %s: %w", name, err)
		}
	}
	return nil
}
