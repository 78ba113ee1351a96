package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// turnTimeout is how long Close waits while others start or stop the server.
const turnTimeout = 2 * time.Minute

// takeTurn waits until nobody else starts or stops the folder's server. Closing the file ends the turn; so does the
// end of the process.
func (f folder) takeTurn(ctx context.Context) (*os.File, error) {
	turn, err := f.open(filepath.Join(f.dir, "turn.lock"))
	if err != nil {
		return nil, err
	}
	if err := lock(ctx, turn, syscall.LOCK_EX); err != nil {
		turn.Close()
		return nil, fmt.Errorf("wait until another process has started or stopped the cluster in %s: %w", f.dir, err)
	}
	return turn, nil
}

// open opens one of the folder's files, making it if need be. It belongs to the folder's owner, so that a command once
// run as root does not lock the owner out.
func (f folder) open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, folderError(f.dir, err)
	}
	if os.Geteuid() == 0 {
		if err := file.Chown(f.uid, f.gid); err != nil {
			file.Close()
			return nil, folderError(f.dir, err)
		}
	}
	return file, nil
}

// lock polls, because a blocked flock cannot be cancelled.
func lock(ctx context.Context, file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return err
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

// pause is the rhythm of everything here that has to be polled.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Millisecond):
		return nil
	}
}
