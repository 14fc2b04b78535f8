package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"memgraph-controller/controller/durable"
)

// path is the name of the snapshot in the store.
func (m Manifest) path() string { return path.Join(m.Name, m.File) }

// Restore makes a data directory out of a backup that a Delivery sends. There must be none:
// what is there is never touched. It appears whole, or not at all.
func Restore(stream io.Reader, data string) (Manifest, error) {
	if _, err := os.Lstat(data); !errors.Is(err, fs.ErrNotExist) {
		return Manifest{}, errors.Join(fmt.Errorf("%s is there already, and a backup is restored on an empty volume only", data), err)
	}
	fresh := data + ".restoring"
	if err := os.RemoveAll(fresh); err != nil {
		return Manifest{}, err
	}
	folder := filepath.Join(fresh, "snapshots")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return Manifest{}, err
	}
	m, err := receive(stream, func(file string, size int64, content io.Reader) error {
		return write(filepath.Join(folder, file), content)
	})
	if err != nil {
		return m, errors.Join(err, os.RemoveAll(fresh)) // it may have filled the volume
	}
	if err := errors.Join(durable.SyncDir(folder), durable.SyncDir(fresh)); err != nil {
		return m, err
	}
	if err := os.Rename(fresh, data); err != nil {
		return m, err
	}
	return m, durable.SyncDir(filepath.Dir(data))
}

func write(target string, content io.Reader) error {
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Sync(), file.Close())
}

// Verify reads the snapshot of a backup and compares it with its manifest.
func Verify(ctx context.Context, store Store, m Manifest) error {
	content, err := store.Get(ctx, m.path())
	if err != nil {
		return err
	}
	defer content.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, content)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != m.Bytes || got != m.SHA256 {
		return fmt.Errorf("%s is damaged: %d bytes with checksum %s instead of %d with %s", m.File, n, got, m.Bytes, m.SHA256)
	}
	return nil
}
