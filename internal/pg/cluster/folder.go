package cluster

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrFolder is in the chain of every error about a data folder that cannot be used.
var ErrFolder = errors.New("cannot use the data folder")

const port = "5432" // only part of the socket's name

// maxSocketPath is what fits into a socket address beside its final zero byte: 107 bytes on Linux, 103 on macOS.
const maxSocketPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// folder is the data folder: PostgreSQL's own data in "pg", its log, the locks, and the socket where the path is short
// enough.
type folder struct {
	dir      string // absolute, without symbolic links
	uid, gid int    // its owner
	runAs    *syscall.Credential
}

func (f folder) data() string    { return filepath.Join(f.dir, "pg") }
func (f folder) log() string     { return filepath.Join(f.dir, "postgres.log") }
func (f folder) pidFile() string { return filepath.Join(f.data(), "postmaster.pid") }

// openFolder makes the folder if need be and finds out as whom its server runs.
func openFolder(dir string) (folder, error) {
	if dir == "" {
		var err error
		if dir, err = defaultFolder(); err != nil {
			return folder{}, err
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return folder{}, folderError(dir, err)
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o755 // the server's user must get through to its data, which is 0700
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return folder{}, folderError(dir, err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return folder{}, folderError(dir, err)
	}
	f := folder{dir: dir}
	if f.uid, f.gid, err = ownerOf(dir); err != nil {
		return folder{}, folderError(dir, err)
	}
	if os.Geteuid() == 0 {
		return f.asRoot()
	}
	if f.uid != os.Geteuid() {
		return folder{}, fmt.Errorf("%w %s: it belongs to another user; choose a folder of your own with --data", ErrFolder, dir)
	}
	return f, nil
}

func defaultFolder() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/entente", nil
	}
	if data := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(data) {
		return filepath.Join(data, "entente"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w: there is no home folder to put one in (%w); choose one with --data", ErrFolder, err)
	}
	return filepath.Join(home, ".local", "share", "entente"), nil
}

// asRoot picks the unprivileged user that PostgreSQL insists on: the owner of the data or the folder, so that root and
// that owner can share a cluster, else postgres, else nobody.
func (f folder) asRoot() (folder, error) {
	for _, path := range []string{f.data(), f.dir} {
		if uid, gid, err := ownerOf(path); err == nil && uid != 0 {
			f.runAs = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return f, f.checkWay()
		}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil {
			f.runAs = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			return f, f.checkWay()
		}
	}
	return f, errors.New("PostgreSQL does not run as root, and there is no user postgres or nobody: start as another user")
}

// checkWay names the first folder on the way to the data that the server's user may not pass.
func (f folder) checkWay() error {
	var way []string
	for p := f.dir; ; p = filepath.Dir(p) {
		way = append([]string{p}, way...)
		if p == filepath.Dir(p) {
			break
		}
	}
	for _, p := range way {
		info, err := os.Stat(p)
		if err != nil {
			return folderError(f.dir, err)
		}
		st := info.Sys().(*syscall.Stat_t)
		pass := fs.FileMode(0o001)
		if st.Uid == f.runAs.Uid {
			pass = 0o100
		} else if st.Gid == f.runAs.Gid {
			pass = 0o010
		}
		if info.Mode()&pass == 0 {
			return fmt.Errorf("%w %s: the server runs as user %d, who may not pass %s; run chmod o+x %s or choose another folder with --data",
				ErrFolder, f.dir, f.runAs.Uid, p, p)
		}
	}
	return nil
}

// socketDir is the same for every process of this folder, fit for a socket's address, and closed to all but the server's
// user (and root).
func (f folder) socketDir() (string, error) {
	dir := filepath.Join(f.dir, "socket")
	if !fitsSocket(dir) {
		short := fmt.Sprintf("entente-%x", sha256.Sum256([]byte(f.dir)))[:24]
		if dir = filepath.Join(os.TempDir(), short); !fitsSocket(dir) {
			dir = filepath.Join("/tmp", short)
		}
	}
	if err := f.makePrivate(dir); err != nil {
		return "", fmt.Errorf("make a folder for the socket: %w", err)
	}
	return dir, nil
}

// fitsSocket refuses a comma too, which separates hosts in a connection string.
func fitsSocket(dir string) bool {
	return !strings.Contains(dir, ",") && len(filepath.Join(dir, ".s.PGSQL."+port)) <= maxSocketPath
}

// makePrivate makes a folder that only the server's user may enter. In a temp folder somebody else may have been first:
// then it is refused.
func (f folder) makePrivate(dir string) error {
	uid, gid := os.Geteuid(), os.Getegid()
	if f.runAs != nil {
		uid, gid = int(f.runAs.Uid), int(f.runAs.Gid)
	}
	err := os.Mkdir(dir, 0o700)
	if err == nil && f.runAs != nil {
		err = os.Chown(dir, uid, gid)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if owner, _, err := ownerOf(dir); err != nil || owner != uid || info.Mode() != fs.ModeDir|0o700 {
		return fmt.Errorf("%s is not a folder that only user %d may enter: remove it", dir, uid)
	}
	return nil
}

func ownerOf(path string) (uid, gid int, err error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, err
	}
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid), nil
}

// folderError keeps the reason and drops the system call and path around it, which a person does not need twice.
func folderError(dir string, err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		if path.Path != dir && filepath.Dir(path.Path) != dir {
			return fmt.Errorf("%w %s: %s: %w; choose one you may write to with --data", ErrFolder, dir, path.Path, path.Err)
		}
		err = path.Err
	}
	return fmt.Errorf("%w %s: %w; choose one you may write to with --data", ErrFolder, dir, err)
}
