package backup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"memgraph-controller/controller/durable"
)

// Store keeps files under slash-separated names. Folder and Bucket are the two there are.
type Store interface {
	// Put stores a file of a known size, whole or not at all.
	Put(ctx context.Context, name string, size int64, content io.Reader) error
	// Get opens a file; fs.ErrNotExist where there is none.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// List returns the names of all files, in any order.
	List(ctx context.Context) ([]string, error)
	// Remove deletes a file. One that is not there is no error.
	Remove(ctx context.Context, name string) error
}

// Folder is a store in a folder, such as that of a mounted volume.
type Folder string

// Put implements Store.
func (f Folder) Put(_ context.Context, name string, size int64, content io.Reader) error {
	target := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(target), ".part-*")
	if err != nil {
		return err
	}
	n, err := io.Copy(part, content)
	if err == nil && n != size {
		err = fmt.Errorf("%s: %d bytes instead of %d", name, n, size)
	}
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return durable.SyncDir(filepath.Dir(target))
}

// Get implements Store.
func (f Folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(string(f), filepath.FromSlash(name)))
}

// List implements Store. What a crash left half written is not listed; it goes with its
// folder.
func (f Folder) List(context.Context) (names []string, err error) {
	root := os.DirFS(string(f))
	err = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && path.Base(name)[0] != '.' {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// Remove implements Store. An empty folder goes with its last file.
func (f Folder) Remove(_ context.Context, name string) error {
	target := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	halves, _ := filepath.Glob(filepath.Join(filepath.Dir(target), ".part-*"))
	for _, half := range halves {
		_ = os.Remove(half)
	}
	_ = os.Remove(filepath.Dir(target)) // fails as long as there is something in it
	return nil
}

// List returns the manifests of all complete backups, the oldest first. Those that cannot be
// read are in unreadable, each with its name and the reason; they do not hide the others.
func List(ctx context.Context, store Store) (found []Manifest, unreadable []error, err error) {
	names, err := store.List(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("list backups: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		folder, file := path.Split(name)
		if file != manifestFile || folder == "" {
			continue
		}
		m, err := read(ctx, store, strings.TrimSuffix(folder, "/"))
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		found = append(found, m)
	}
	return found, unreadable, nil
}

// read reads the manifest of one backup.
func read(ctx context.Context, store Store, name string) (Manifest, error) {
	file, err := store.Get(ctx, path.Join(name, manifestFile))
	if err != nil {
		return Manifest{}, fmt.Errorf("backup %s: %w", name, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 1<<20))
	if err != nil {
		return Manifest{}, fmt.Errorf("backup %s: %w", name, err)
	}
	m, err := decode(text)
	if err != nil {
		return m, fmt.Errorf("backup %s: %w", name, err)
	}
	m.Name = name
	return m, nil
}

// seal writes the manifest, which makes a backup complete.
func seal(ctx context.Context, store Store, m Manifest) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return store.Put(ctx, path.Join(m.Name, manifestFile), int64(len(text)), bytes.NewReader(text))
}
