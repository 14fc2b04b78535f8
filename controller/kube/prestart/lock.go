package prestart

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// lockPatience is how long another process may go on using the data. The
	// kubelet kills what a forced deletion left behind within 3 s.
	lockPatience = 30 * time.Second
	lockAgain    = 100 * time.Millisecond
)

// errLocked tells that another process uses the data.
var errLocked = errors.New("in use by another process")

// lock makes sure that no other process uses the data, and keeps it so until
// release is called.
func (v volume) lock(ctx context.Context) (release func(), err error) {
	path := filepath.Join(v.data, ".lock")
	deadline := time.Now().Add(lockPatience)
	for {
		file, err := tryLock(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return func() {}, nil // nobody ever used them
		case err == nil:
			return func() { file.Close() }, nil
		case !errors.Is(err, errLocked):
			return nil, fmt.Errorf("%w; run this as the user of the database", err)
		case time.Now().After(deadline):
			return nil, fmt.Errorf("data directory %s: %w for %s. The process of an earlier pod lives on, as after a forced deletion: end it on its node", v.data, err, lockPatience)
		}
		select {
		case <-time.After(lockAgain):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryLock takes the lock file of a data directory. Memgraph locks it with fcntl
// and its stand-in with flock; as a rule neither sees the other, so both are
// tried. The first is given back before the second is taken: on NFS they do see
// each other. Closing the file gives back the second.
func tryLock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = unix.Flock(int(file.Fd()), unix.LOCK_UN)
	}
	if err == nil {
		err = unix.FcntlFlock(file.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
	}
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}
