// Package cluster runs a private PostgreSQL for people who have none at hand: the demo, every command with a data
// folder, and the tests.
//
// A cluster belongs to one data folder and listens on a unix socket only that folder's owner may reach, so its roles
// need no passwords. Any number of processes share it. Each holds a shared lock on a file in the folder for as long as
// it uses the cluster, and the last to let go stops the server; when all of them crash, the server stays and the next
// Open joins it. Starting and stopping are serialised by a second lock.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Options says where the cluster lives and how it runs. Everything but DataDir and Progress is about a start: whoever
// joins a running cluster takes it as it is.
type Options struct {
	DataDir        string            // "" is /var/lib/entente for root, else entente in the XDG data folder
	BinDir         string            // the folder of PostgreSQL's programs; "" looks for them
	MaxConnections int               // 0 is 100
	Volatile       bool              // give up durability for speed; for tests only
	Progress       func(step string) // told, in words for a person, what takes time
}

// The cluster's roles, as the migrations and their policies name them.
const (
	SuperRole  = "postgres"
	OwnerRole  = "entente_owner"
	AppRole    = "entente_app"
	SearchRole = "entente_search"
	BackupRole = "entente_backup"
)

// Database is the database that Open creates and that an empty name stands for.
const Database = "entente"

// Cluster is one user's share in a running cluster. It must be closed.
type Cluster struct {
	folder  folder
	server  server
	binDir  string
	started bool
	use     *os.File // holds the shared lock that counts this user; nil once closed
}

// Open joins the data folder's running cluster or starts it, creating it the first time. The error is one line that
// tells a person what to do; [ErrMissing], [ErrVersion] and [ErrFolder] tell the usual reasons apart.
func Open(ctx context.Context, o Options) (*Cluster, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	f, err := openFolder(o.DataDir)
	if err != nil {
		return nil, err
	}
	turn, err := f.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer turn.Close()

	use, err := f.open(filepath.Join(f.dir, "users.lock"))
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, use, syscall.LOCK_SH); err != nil {
		use.Close()
		return nil, fmt.Errorf("wait for the cluster in %s: %w", f.dir, err)
	}
	c := &Cluster{folder: f, use: use, binDir: o.BinDir}
	if err := c.joinOrStart(ctx, o); err != nil {
		return nil, errors.Join(err, c.leave())
	}
	return c, nil
}

func (c *Cluster) joinOrStart(ctx context.Context, o Options) error {
	s, err := c.folder.running(ctx)
	if err != nil {
		return err
	}
	if s == nil {
		if s, err = c.folder.startServer(ctx, o); err != nil {
			return err
		}
		c.started = true
	}
	c.server = *s
	return c.Bootstrap(ctx, Database)
}

// Close lets go of the cluster and, when nobody else uses it, stops the server and waits until it is gone. Closing
// again does nothing.
func (c *Cluster) Close() error {
	if c.use == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), turnTimeout)
	defer cancel()
	turn, err := c.folder.takeTurn(ctx)
	if err != nil {
		return err
	}
	defer turn.Close()
	return c.leave()
}

// leave needs the turn: changing a shared lock into an exclusive one gives up the shared one for a moment.
func (c *Cluster) leave() error {
	use := c.use
	c.use = nil
	defer use.Close()
	switch err := syscall.Flock(int(use.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil
	case err != nil:
		return fmt.Errorf("see whether somebody else uses the cluster in %s: %w", c.folder.dir, err)
	}
	return c.folder.stopServer()
}

// Started tells whether this Open started the server rather than joined it.
func (c *Cluster) Started() bool { return c.started }

// OwnerURL connects as the role that owns the database and runs the migrations.
func (c *Cluster) OwnerURL(database string) string { return c.url(OwnerRole, database) }

// AppURL connects as the role that serves requests: under row level security, without DDL.
func (c *Cluster) AppURL(database string) string { return c.url(AppRole, database) }

// BackupURL connects as the role that reads every row and writes none.
func (c *Cluster) BackupURL(database string) string { return c.url(BackupRole, database) }

// SuperURL connects as the superuser.
func (c *Cluster) SuperURL(database string) string { return c.url(SuperRole, database) }

// url names host, port and sslmode, so that PGHOST and the like in the environment do not lead elsewhere. PostgreSQL's
// own programs read it too.
func (c *Cluster) url(role, database string) string {
	if database == "" {
		database = Database
	}
	q := url.Values{"host": {c.server.socketDir}, "port": {port}, "sslmode": {"disable"}}
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(role),
		Path:     "/" + database,
		RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20"),
	}
	return u.String()
}
