// Package durable makes what was written to files outlast the end of the machine: a file
// has its content when it was synced, and its name when the folder of it was.
package durable

import (
	"errors"
	"os"
)

// Write writes a file in the place of an older one, and returns when its content is
// durable. Its name is once SyncDir has returned.
func Write(path string, data []byte) error {
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

// SyncDir makes the names in a folder durable.
func SyncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}
