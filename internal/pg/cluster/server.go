package cluster

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

const (
	startTimeout = time.Minute            // a start after a crash replays the log first
	stopTimeout  = time.Minute            // after that, the server is stopped without a checkpoint
	deafTimeout  = 500 * time.Millisecond // a live process that never answers is not the server
)

// server is a postmaster, as its pid file describes it.
type server struct {
	pid       int
	data      string
	socketDir string
	ready     bool
}

// readServer reads the pid file; it is not ok when there is none, or only the beginning of one.
func (f folder) readServer() (s server, ok bool) {
	text, err := os.ReadFile(f.pidFile())
	if err != nil {
		return server{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		return server{}, false
	}
	s.pid = pid
	if len(lines) > 4 {
		s.data, s.socketDir = lines[1], lines[4]
	}
	s.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return s, true
}

// running finds the folder's server, waiting while it starts up or shuts down, and is nil when there is none. The pid
// file of a server that crashed is removed: its number may have gone to another process, which PostgreSQL would
// take for a server. So is one that came along when a folder was copied. That does no harm to a live server, whose
// shared memory keeps a second from starting.
func (f folder) running(ctx context.Context) (*server, error) {
	giveUp := time.Now().Add(deafTimeout)
	for {
		s, ok := f.readServer()
		if !ok {
			return nil, nil //nolint:nilnil // none runs, which the only caller asks for
		}
		if !alive(s.pid) || s.data != f.data() && s.data != "" || time.Now().After(giveUp) {
			if err := os.Remove(f.pidFile()); err != nil {
				return nil, folderError(f.dir, err)
			}
			return nil, nil //nolint:nilnil // as above
		}
		err := s.ping(ctx)
		if pq.As(err, pqerror.CannotConnectNow) != nil {
			giveUp = time.Now().Add(startTimeout)
		} else if _, answered := errors.AsType[*pq.Error](err); err == nil || answered {
			return &s, nil
		}
		if err := pause(ctx); err != nil {
			return nil, fmt.Errorf("wait for the server in %s: %w", f.dir, err)
		}
	}
}

func (s server) ping(ctx context.Context) error {
	db, err := sql.Open("postgres", (&Cluster{server: s}).SuperURL(SuperRole))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}

// startServer starts the folder's server, creating its data the first time, and waits until it takes connections.
func (f folder) startServer(ctx context.Context, o Options) (*server, error) {
	bin, err := findPrograms(o.BinDir, f.major())
	if err != nil {
		return nil, err
	}
	if f.major() == 0 {
		o.Progress("creating a PostgreSQL cluster in " + f.dir)
		if err := f.initialise(bin); err != nil {
			return nil, err
		}
	}
	o.Progress("starting PostgreSQL")
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL in %s: %w", f.dir, err)
	}
	dir, err := f.socketDir()
	if err != nil {
		return nil, err
	}
	if err := os.Rename(f.log(), f.log()+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, folderError(f.dir, err)
	}
	log, err := f.open(f.log())
	if err != nil {
		return nil, err
	}
	defer log.Close()

	cmd := f.command(filepath.Join(bin, "postgres"), serverArgs(f.data(), dir, o)...)
	cmd.Stdout, cmd.Stderr = log, log
	// A session of its own keeps the terminal's Ctrl-C and hang-up away from it.
	cmd.SysProcAttr.Setsid = true
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // reaps it, whoever stops it; how it ended is in the log
	}()
	return f.awaitReady(ctx, cmd.Process.Pid, gone)
}

func (f folder) awaitReady(ctx context.Context, pid int, gone <-chan struct{}) (*server, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		select {
		case <-gone:
			return nil, fmt.Errorf("PostgreSQL did not start: %s (the whole log is %s)", f.lastWords(), f.log())
		default:
		}
		if s, ok := f.readServer(); ok && s.pid == pid && s.ready {
			return &s, nil
		}
		if err := pause(ctx); err != nil {
			err = fmt.Errorf("wait for PostgreSQL to start (its log is %s): %w", f.log(), err)
			if stop := f.signal(pid, syscall.SIGQUIT); stop != nil {
				return nil, errors.Join(err, stop)
			}
			<-gone
			return nil, err
		}
	}
}

// serverArgs gives every setting on the command line, where nothing in the data folder overrides it.
func serverArgs(data, socketDir string, o Options) []string {
	connections := o.MaxConnections
	if connections == 0 {
		connections = 100
	}
	settings := []string{
		"listen_addresses=",
		"port=" + port,
		`unix_socket_directories="` + strings.ReplaceAll(socketDir, `"`, `""`) + `"`,
		"unix_socket_permissions=0700",
		"max_connections=" + strconv.Itoa(connections),
		"shared_buffers=128MB",
		"work_mem=16MB",
		"maintenance_work_mem=128MB",
		"random_page_cost=1.1",
		"jit=off",
		"wal_level=minimal", // there is no replica: bulk loads into new tables skip the log
		"max_wal_senders=0",
		"timezone=UTC",
		"log_timezone=UTC",
		"log_checkpoints=off",
		"logging_collector=off",
	}
	if o.Volatile {
		settings = append(settings,
			"fsync=off",
			"synchronous_commit=off",
			"full_page_writes=off",
			"dynamic_shared_memory_type=mmap", // beside the data, so that a server that is killed leaves nothing elsewhere
			"autovacuum=off",                  // a worker in a template or a dropped database makes everybody wait
			"checkpoint_timeout=1h",
			"max_wal_size=256MB",
		)
	}
	args := []string{"-D", data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// initialise makes the data beside its place and moves it there whole, so that what a crash leaves does not look like
// data. It takes about a second and cannot be cancelled: a killed initdb leaves shared memory behind.
func (f folder) initialise(bin string) error {
	fresh := f.data() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return folderError(f.dir, err)
	}
	if err := f.makePrivate(fresh); err != nil {
		return folderError(f.dir, err)
	}
	cmd := f.command(filepath.Join(bin, "initdb"), "-D", fresh, "-U", SuperRole, "-A", "trust", "-E", "UTF8",
		"--locale=C", "--no-sync", "--no-instructions")
	cmd.SysProcAttr.Setpgid = true
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("create the PostgreSQL cluster in %s: %w: %s", f.dir, err, lastLine(string(out), "error"))
	}
	if err := os.Rename(fresh, f.data()); err != nil {
		return folderError(f.dir, err)
	}
	return nil
}

// major is the version that made the data, 0 when there is none yet.
func (f folder) major() int {
	text, err := os.ReadFile(filepath.Join(f.data(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// command prepares a program to run as the server's user, in the data folder (the caller's own may be closed to that
// user), with an environment that neither points elsewhere nor translates messages.
func (f folder) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = f.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: f.runAs}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if !strings.HasPrefix(name, "PG") && !strings.HasPrefix(name, "LC_") && name != "LANG" && name != "LANGUAGE" && name != "TZ" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "LC_ALL=C", "TZ=UTC")
	return cmd
}

// stopServer stops the folder's server, if it runs, and waits until it is gone. The caller has the turn and knows that
// nobody uses the server.
func (f folder) stopServer() error {
	s, ok := f.readServer()
	if !ok || !alive(s.pid) {
		return nil
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		if err := f.signal(s.pid, sig); err != nil && alive(s.pid) {
			return fmt.Errorf("stop the server (process %d) of %s: %w", s.pid, f.dir, err)
		}
		for giveUp := time.Now().Add(stopTimeout); time.Now().Before(giveUp); _ = pause(context.Background()) {
			if alive(s.pid) {
				continue
			}
			if filepath.Dir(s.socketDir) != f.dir {
				_ = os.Remove(s.socketDir) // in the temp folder; harmless when left
			}
			return nil
		}
	}
	return fmt.Errorf("the server (process %d) of %s does not stop: see %s", s.pid, f.dir, f.log())
}

// signal never uses root's right to signal anybody: the pid comes from a file that the server's user can write.
func (f folder) signal(pid int, sig syscall.Signal) error {
	if f.runAs == nil {
		return syscall.Kill(pid, sig)
	}
	return f.command("/bin/sh", "-c", fmt.Sprintf("kill -s %d -- %d", int(sig), pid)).Run()
}

// alive tells whether a process runs. One that has ended and that its parent has not noticed does not.
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	if runtime.GOOS != "linux" {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	state := stat[bytes.LastIndexByte(stat, ')')+1:]
	return !bytes.HasPrefix(state, []byte(" Z"))
}

// lastWords is the line of the log that says why the server ended.
func (f folder) lastWords() string {
	text, err := os.ReadFile(f.log())
	if err != nil {
		return err.Error()
	}
	return lastLine(string(text), "FATAL")
}

// lastLine is the last line that has the word, else the last line.
func lastLine(text, word string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.Contains(lines[i], word) {
			return strings.TrimSpace(lines[i])
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}
