package local

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// errLocked tells that somebody else has the lock.
var errLocked = errors.New("locked")

// fileLock is an exclusive lock between processes (flock). The kernel lets go of
// it when its holder ends, however it ends, so no stale lock is ever left.
type fileLock struct {
	file *os.File
}

// tryLock takes the lock, or returns an error at once: errLocked with the id of
// the holder when there is one. The file stays when the lock is gone.
func tryLock(path string) (*fileLock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return &fileLock{file: file}, nil
	}
	defer file.Close()
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return nil, fmt.Errorf("%w by %s", errLocked, holderIn(file))
}

// sign writes our process id into the file, for the message that the next one to
// try will get.
func (l *fileLock) sign() error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// unlock gives the lock back. It unlocks before it closes: a child that is being
// forked at this moment has the file open too, and would keep the lock.
func (l *fileLock) unlock() {
	_ = unix.Flock(int(l.file.Fd()), unix.LOCK_UN)
	_ = l.file.Close()
}

func holderIn(file *os.File) string {
	content := make([]byte, 20)
	n, _ := file.ReadAt(content, 0)
	if pid, err := strconv.Atoi(string(bytes.TrimSpace(content[:n]))); err == nil {
		return describe(pid)
	}
	return "another process"
}
