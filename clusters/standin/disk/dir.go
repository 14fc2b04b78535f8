package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// ErrInUse tells that another process holds the folder.
var ErrInUse = errors.New("in use by another process")

// Dir is a folder of the operating system. It holds a lock on the folder until
// it is closed, or until the process ends.
type Dir struct {
	root string
	lock *os.File
}

// OpenDir creates the folder where it is missing and locks it; ErrInUse when
// another process has it.
func OpenDir(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(root, ".lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		lock.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, fmt.Errorf("data directory %s: %w", root, err)
	}
	return &Dir{root: root, lock: lock}, nil
}

// Close gives the folder up.
func (d *Dir) Close() error { return d.lock.Close() }

// Append implements Disk.
func (d *Dir) Append(name string) (File, error) {
	file, err := d.path(name)
	if err != nil {
		return nil, err
	}
	return os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
}

// Read implements Disk.
func (d *Dir) Read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(d.root, filepath.FromSlash(name)))
}

// Replace implements Disk: a synced temporary file renamed over the old one.
func (d *Dir) Replace(name string, data []byte) error {
	file, err := d.path(name)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(file), ".replace-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("replace %s: %w", name, errors.Join(err, os.Remove(tmp.Name())))
	}
	return syncFolder(filepath.Dir(file))
}

// List implements Disk.
func (d *Dir) List(folder string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(d.root, filepath.FromSlash(folder)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && entry.Name()[0] != '.' {
			names = append(names, entry.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Remove implements Disk.
func (d *Dir) Remove(name string) error {
	err := os.Remove(filepath.Join(d.root, filepath.FromSlash(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Rename implements Disk.
func (d *Dir) Rename(from, to string) error {
	target, err := d.path(to)
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(d.root, filepath.FromSlash(from)), target)
}

// path makes the folder of a file about to be written.
func (d *Dir) path(name string) (string, error) {
	file := filepath.Join(d.root, filepath.FromSlash(name))
	return file, os.MkdirAll(filepath.Dir(file), 0o755)
}

func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
