package cluster_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/pg/cluster"
)

// helperEnv makes the test binary another process that uses the cluster of the folder it names, until its standard
// input ends.
const helperEnv = "ENTENTE_CLUSTER_TEST_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		c, err := cluster.Open(context.Background(), cluster.Options{DataDir: dir, Volatile: true})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("started:", c.Started())
		_, _ = io.Copy(io.Discard, os.Stdin)
		if err := c.Close(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// helper is another process that uses the cluster.
type helper struct {
	cmd   *exec.Cmd
	stdin io.Closer
}

func startHelper(t *testing.T, dir string, wantStarted bool) helper {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintln("started:", wantStarted), line)
	return helper{cmd, stdin}
}

func (h helper) close(t *testing.T) {
	t.Helper()
	require.NoError(t, h.stdin.Close())
	require.NoError(t, h.cmd.Wait())
}

// tempDir is a folder that the server's user may reach: t.TempDir is below one that is closed to other users.
func tempDir(t *testing.T) string {
	t.Helper()
	return tempDirIn(t, dbtest.TempDir())
}

func tempDirIn(t testing.TB, base string) string {
	t.Helper()
	dir, err := os.MkdirTemp(base, "entente-cluster-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func open(t *testing.T, dir string) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Open(context.Background(), cluster.Options{DataDir: dir, Volatile: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

func query[T any](t *testing.T, url, q string) (v T) {
	t.Helper()
	db, err := sql.Open("postgres", url)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRow(q).Scan(&v), q)
	return v
}

func exec1(t *testing.T, url, statement string) error {
	t.Helper()
	db, err := sql.Open("postgres", url)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	return err
}

// serverPID is 0 when no server runs in the folder, by its pid file and by the process.
func serverPID(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pg", "postmaster.pid"))
	if os.IsNotExist(err) {
		return 0
	}
	require.NoError(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	require.NoError(t, err)
	return pid
}

// processes lists what runs on the folder, by command line and working folder, so that a lost child is seen too.
func processes(t *testing.T, dir string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		cmdline, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if strings.HasPrefix(cwd, dir) || strings.Contains(string(cmdline), dir) {
			found = append(found, e.Name()+" "+string(cmdline))
		}
	}
	return found
}

func TestUsersShareAServerAndTheLastStopsIt(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	first := open(t, dir)
	assert.True(t, first.Started())
	second := open(t, dir)
	assert.False(t, second.Started())
	other := startHelper(t, dir, false)

	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "closing again does nothing")
	assert.Equal(t, cluster.AppRole, query[string](t, second.AppURL(""), "select current_user"))
	require.NoError(t, second.Close())
	assert.NotZero(t, serverPID(t, dir), "the other process still uses it")
	other.close(t)
	assert.Zero(t, serverPID(t, dir))
	assert.Empty(t, processes(t, dir))
}

func TestServerOutlivesItsStarter(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	starter := startHelper(t, dir, true)
	c := open(t, dir)
	starter.close(t)
	assert.Equal(t, cluster.Database, query[string](t, c.OwnerURL(""), "select current_database()"))
	require.NoError(t, c.Close())
	assert.Empty(t, processes(t, dir))
}

func TestServerOutlivesACrashAndIsJoined(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	starter := startHelper(t, dir, true)
	require.NoError(t, starter.cmd.Process.Kill())
	require.Error(t, starter.cmd.Wait())
	require.NotZero(t, serverPID(t, dir))
	c := open(t, dir)
	assert.False(t, c.Started())
	require.NoError(t, c.Close())
	assert.Zero(t, serverPID(t, dir))
	assert.Empty(t, processes(t, dir))
}

func TestStalePidFile(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	c := open(t, dir)
	require.NoError(t, exec1(t, c.OwnerURL(""), "create table kept (n int)"))
	require.NoError(t, exec1(t, c.SuperURL(""), "checkpoint"))
	pid := serverPID(t, dir)
	pidFile := filepath.Join(dir, "pg", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)

	t.Run("after a crash", func(t *testing.T) {
		require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
		require.Eventually(t, func() bool { return len(processes(t, filepath.Join(dir, "pg"))) == 0 }, 5*time.Second, 5*time.Millisecond)
		require.NoError(t, c.Close())
		require.FileExists(t, pidFile)
		again := open(t, dir)
		assert.True(t, again.Started())
		require.NoError(t, exec1(t, again.OwnerURL(""), "select n from kept"))
		require.NoError(t, again.Close())
	})
	t.Run("whose number has gone to another process", func(t *testing.T) {
		_, rest, _ := strings.Cut(string(text), "\n")
		stale := fmt.Sprintf("%d\n%s", os.Getpid(), rest)
		require.NoError(t, os.WriteFile(pidFile, []byte(stale), 0o600))
		again := open(t, dir)
		assert.True(t, again.Started())
		require.NoError(t, again.Close())
	})
	assert.Empty(t, processes(t, dir))
}

func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(tempDir(t), strings.Repeat("long/", 30), "it's, \"odd\" + 100%")
	c := open(t, dir)
	other := startHelper(t, dir, false)
	assert.Equal(t, cluster.AppRole, query[string](t, c.AppURL(""), "select current_user"))
	socket := query[string](t, c.SuperURL(""), "show unix_socket_directories")
	require.NoError(t, c.Close())
	other.close(t)
	assert.NoDirExists(t, socket)
	assert.Empty(t, processes(t, dir))
}

func TestOddPath(t *testing.T) {
	t.Parallel()
	c := open(t, filepath.Join(tempDir(t), `an "odd", + 1%`))
	assert.Equal(t, cluster.AppRole, query[string](t, c.AppURL(""), "select current_user"))
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	var steps []string
	c, err := cluster.Open(context.Background(), cluster.Options{
		DataDir: dir, MaxConnections: 37, Progress: func(step string) { steps = append(steps, step) }})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	assert.Equal(t, []string{"creating a PostgreSQL cluster in " + dir, "starting PostgreSQL"}, steps)
	for setting, want := range map[string]string{
		"listen_addresses": "", "max_connections": "37", "jit": "off", "fsync": "on", "synchronous_commit": "on",
		"server_encoding": "UTF8", "lc_collate": "C", "timezone": "UTC", "unix_socket_permissions": "0700",
	} {
		assert.Equal(t, want, query[string](t, c.SuperURL(""), "show "+setting), setting)
	}
	dump, err := c.Program("pg_dump")
	require.NoError(t, err)
	out, err := exec.Command(dump, "--schema-only", c.BackupURL("")).CombinedOutput()
	require.NoError(t, err, "PostgreSQL's programs read the same URLs: %s", out)
}

func TestRoles(t *testing.T) {
	t.Parallel()
	c := open(t, tempDir(t))
	require.NoError(t, c.Bootstrap(context.Background(), cluster.Database), "may be repeated")
	attributes := map[string]string{
		cluster.OwnerRole:  "login inherit",
		cluster.AppRole:    "login inherit",
		cluster.SearchRole: "inherit",
		cluster.BackupRole: "login inherit bypassrls",
	}
	for role, want := range attributes {
		assert.Equal(t, want, query[string](t, c.SuperURL(""), `
			select concat_ws(' ',
				case when rolsuper then 'superuser' end, case when rolcreatedb then 'createdb' end,
				case when rolcreaterole then 'createrole' end, case when rolreplication then 'replication' end,
				case when rolcanlogin then 'login' end, case when rolinherit then 'inherit' end,
				case when rolbypassrls then 'bypassrls' end)
			from pg_roles where rolname = '`+role+`'`), role)
	}

	require.NoError(t, exec1(t, c.OwnerURL(""), `
		create table note (id int, body text);
		alter table note enable row level security;
		alter table note force row level security;
		grant select on note to entente_search, entente_app;
		create policy only_one on note using (id = 1) with check (true);
		insert into note values (1, 'a'), (2, 'b');
		create function found() returns bigint language sql security definer as 'select count(*) from public.note';
		grant create on schema public to entente_search;
		alter function found() owner to entente_search;
		revoke create on schema public from entente_search`), "the owner migrates and hands over the search function")
	assert.Equal(t, 1, query[int](t, c.AppURL(""), "select found()"))
	assert.Equal(t, 1, query[int](t, c.AppURL(""), "select count(*) from note"))
	assert.Equal(t, 2, query[int](t, c.BackupURL(""), "select count(*) from note"))

	for _, url := range []string{c.AppURL(""), c.BackupURL("")} {
		err := exec1(t, url, "create table mine (id int)")
		assert.NotNil(t, pq.As(err, pqerror.InsufficientPrivilege, pqerror.ReadOnlySQLTransaction), "no DDL: %v", err)
		assert.Error(t, exec1(t, url, "insert into note values (1)"))
	}
}

func TestOpensAtOnce(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			c, err := cluster.Open(context.Background(), cluster.Options{DataDir: dir, Volatile: true})
			if err == nil {
				err = c.Close()
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	assert.Empty(t, processes(t, dir))
}

// TestCancelledOpenLeavesNothing cancels while the data is made, as the server starts, and a little later.
func TestCancelledOpenLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	var steps []string
	for _, during := range []string{"creating", "starting", "starting"} {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := cluster.Open(ctx, cluster.Options{DataDir: dir, Volatile: true, Progress: func(step string) {
			if strings.HasPrefix(step, during) {
				time.AfterFunc(time.Duration(len(steps))*5*time.Millisecond, cancel)
				steps = append(steps, step)
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, processes(t, dir))
		cancel()
	}
	assert.Len(t, steps, 3)
	assert.NoError(t, open(t, dir).Close())
}

// BenchmarkOpen measures the first start of a folder and later ones, which promise two seconds and a half.
func BenchmarkOpen(b *testing.B) {
	for name, known := range map[string]bool{"first": false, "later": true} {
		b.Run(name, func(b *testing.B) {
			dir := tempDirIn(b, os.TempDir())
			if known {
				c, err := cluster.Open(b.Context(), cluster.Options{DataDir: dir})
				require.NoError(b, err)
				require.NoError(b, c.Close())
			}
			for b.Loop() {
				c, err := cluster.Open(b.Context(), cluster.Options{DataDir: dir})
				require.NoError(b, err)
				b.StopTimer()
				require.NoError(b, c.Close())
				if !known {
					require.NoError(b, os.RemoveAll(dir))
				}
				b.StartTimer()
			}
		})
	}
}
