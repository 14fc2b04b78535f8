package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"memgraph-controller/controller/durable"
)

// replaceFile puts data in the place of a file, durably, and keeps what was there
// before as path.bak. At every moment the file is there and whole, whatever stops
// or fails. Callers take turns.
func replaceFile(path string, data []byte) error {
	fresh := path + ".tmp"
	err := durable.Write(fresh, data)
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
	return durable.SyncDir(filepath.Dir(path))
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
