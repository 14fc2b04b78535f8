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

// Restore makes a data directory out of a backup. There must be none: what is there is
// never touched. It appears whole, or not at all.
func Restore(ctx context.Context, store Store, m Manifest, data string) error {
	if _, err := os.Lstat(data); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already, and a backup is restored on an empty volume only", data), err)
	}
	fresh := data + ".restoring"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	folder := filepath.Join(fresh, "snapshots")
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return err
	}
	if err := fetch(ctx, store, m, filepath.Join(folder, m.File)); err != nil {
		return fmt.Errorf("backup %s: %w", m.Name, err)
	}
	if err := errors.Join(durable.SyncDir(folder), durable.SyncDir(fresh)); err != nil {
		return err
	}
	if err := os.Rename(fresh, data); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(data))
}

func fetch(ctx context.Context, store Store, m Manifest, target string) error {
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return err
	}
	err = Verify(ctx, store, m, file)
	return errors.Join(err, file.Sync(), file.Close())
}

// Verify reads the snapshot of a backup, compares it with its manifest, and writes it to w.
func Verify(ctx context.Context, store Store, m Manifest, w io.Writer) error {
	content, err := store.Get(ctx, path.Join(m.Name, m.File))
	if err != nil {
		return err
	}
	defer content.Close()
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), content)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != m.Bytes || got != m.SHA256 {
		return fmt.Errorf("%s is damaged: %d bytes with checksum %s instead of %d with %s", m.File, n, got, m.Bytes, m.SHA256)
	}
	return nil
}
