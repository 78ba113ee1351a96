package dbtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// guardEnv makes the test binary the guard of the folder it names.
const guardEnv = "ENTENTE_DBTEST_GUARD"

// guardInput is the end of the pipe whose closing tells the guard that this process has ended, however it ended.
var guardInput io.Closer //nolint:unused // held, not read: collected as garbage it would be closed

// A package's tests end without a word to the packages they use, so a process beside them, the guard, uses the cluster
// a moment longer and is the one that stops it. It runs before anything of the test binary does.
func init() {
	dir := os.Getenv(guardEnv)
	if dir == "" {
		return
	}
	if err := guard(dir); err != nil {
		fmt.Fprintln(os.Stderr, "stop the tests' PostgreSQL:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func guard(dir string) error {
	if err := os.Unsetenv(guardEnv); err != nil {
		return err
	}
	c, err := openCluster(context.Background(), dir)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return c.Close()
}

// startGuard starts the guard, in a session of its own because Ctrl-C must not stop it. It writes to the tests'
// standard error, so go test, which waits until that is closed, ends after the server has.
func startGuard(dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), guardEnv+"="+dir, "GORACE=atexit_sleep_ms=0") // built with -race it would idle a second
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if guardInput, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the process that stops the tests' PostgreSQL: %w", err)
	}
	return nil
}
