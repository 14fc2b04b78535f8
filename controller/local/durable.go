package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceFile puts data in the place of a file, durably, and keeps what was there
// before as path.bak. At every moment the file is there and whole, whatever stops
// or fails. Callers take turns.
func replaceFile(path string, data []byte) error {
	fresh := path + ".tmp"
	err := writeDurably(fresh, data)
	if err == nil {
		err = keepBackup(path)
	}
	if err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		_ = os.Remove(fresh)
		return fmt.Errorf("%w (what is stored is unchanged)", err)
	}
	return syncDir(filepath.Dir(path))
}

// keepBackup gives the present file a second name, which outlives its first.
func keepBackup(path string) error {
	backup := path + ".bak"
	if err := os.Remove(backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Link(path, backup); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func writeDurably(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
