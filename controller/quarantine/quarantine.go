// Package quarantine is the folder on a database's volume that keeps data which
// were set aside: those of an instance that had diverged, that held another
// database, or that could not be started. The instance began anew without them.
//
//	folder := quarantine.Folder("/var/lib/memgraph/quarantine")
//	where, err := folder.SetAside("/var/lib/memgraph/data", "its data have diverged", at)
//	entries, err := folder.List()
//	err = folder.Export(entries[0].Name, os.Stdout) // as tar
//	err = folder.Drop(entries[0].Name)
//
// Nothing here is deleted by the controller, ever: an entry may hold a write that
// nobody else has. A person looks at it and drops it. It shares its volume with the
// database, which is why the sizes are told.
package quarantine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"memgraph-controller/controller/durable"
)

// Folder is the path of a quarantine folder. It need not exist.
type Folder string

// Entry is one data directory that was set aside.
type Entry struct {
	// Name is that of the entry's folder: when and why, as SetAside names it.
	Name string `json:"name"`
	// At is when the order to set the data aside was given; zero: the name does not say.
	At time.Time `json:"at,omitzero"`
	// Reason is why, as far as it fits into a name.
	Reason string `json:"reason,omitempty"`
	// Files and Bytes count what it holds.
	Files int   `json:"files"`
	Bytes int64 `json:"bytes"`
}

// stamp is how a name begins.
const stamp = "20060102T150405Z"

// dropping begins the name of an entry that is being deleted. Half of it may be gone.
const dropping = ".dropping-"

// SetAside moves a data directory into the folder and says where it is now; "" when
// there were no data. One rename on one file system: it happens or it does not, also if
// the machine stops in the middle, and a database without a data directory starts empty.
func (f Folder) SetAside(data, reason string, at time.Time) (string, error) {
	if _, err := os.Lstat(data); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := os.MkdirAll(string(f), 0o755); err != nil {
		return "", err
	}
	target, err := f.free(at.UTC().Format(stamp) + "-" + slug(reason))
	if err != nil {
		return "", err
	}
	if err := os.Rename(data, target); err != nil {
		return "", err
	}
	return target, errors.Join(durable.SyncDir(string(f)), durable.SyncDir(filepath.Dir(data)))
}

// free is a path in the folder that is not taken.
func (f Folder) free(name string) (string, error) {
	path := filepath.Join(string(f), name)
	for n := 2; ; n++ {
		_, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		path = filepath.Join(string(f), fmt.Sprintf("%s-%d", name, n))
	}
}

// slug turns a reason into a part of a file name.
func slug(reason string) string {
	words := strings.FieldsFunc(strings.ToLower(reason), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	joined := strings.Join(words, "-")
	if joined == "" {
		return "unnamed"
	}
	return strings.TrimRight(joined[:min(len(joined), 60)], "-")
}

// List returns the entries, the oldest first; none where there is no folder.
func (f Folder) List() ([]Entry, error) {
	found, err := os.ReadDir(string(f))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var entries []Entry
	for _, dir := range found {
		if !dir.IsDir() || strings.HasPrefix(dir.Name(), ".") {
			continue
		}
		entry, err := f.describe(dir.Name())
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

// Size is what entries hold together, in bytes.
func Size(entries []Entry) (bytes int64) {
	for _, e := range entries {
		bytes += e.Bytes
	}
	return bytes
}

func (f Folder) describe(name string) (Entry, error) {
	entry := Entry{Name: name}
	when, why, _ := strings.Cut(name, "-")
	if at, err := time.Parse(stamp, when); err == nil {
		entry.At, entry.Reason = at, strings.ReplaceAll(why, "-", " ")
	}
	err := filepath.WalkDir(filepath.Join(string(f), name), func(_ string, file fs.DirEntry, err error) error {
		if err != nil || !file.Type().IsRegular() {
			return err
		}
		info, err := file.Info()
		if err == nil {
			entry.Files++
			entry.Bytes += info.Size()
		}
		return err
	})
	return entry, err
}

// path is where an entry is. A name that leads elsewhere is none.
func (f Folder) path(name string) (string, error) {
	path := filepath.Join(string(f), name)
	info, err := os.Lstat(path)
	switch {
	case name == "" || name[0] == '.' || filepath.Base(name) != name || errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir():
		return "", fmt.Errorf("%s has no %q: `quarantine list` names what there is", f, name)
	case err != nil:
		return "", err
	}
	return path, nil
}

// Drop deletes an entry for good. It is renamed first: what a crash leaves half deleted
// is never taken for an entry, and goes with the next Drop.
func (f Folder) Drop(name string) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.Rename(path, filepath.Join(string(f), dropping+name)); err != nil {
		return err
	}
	rest, err := filepath.Glob(filepath.Join(string(f), dropping+"*"))
	for _, half := range rest {
		err = errors.Join(err, os.RemoveAll(half))
	}
	return errors.Join(err, durable.SyncDir(string(f)))
}

// Room is what the volume of the folder, or of the folder above it, has in all and free.
func (f Folder) Room() (total, free int64, err error) {
	var s unix.Statfs_t
	err = unix.Statfs(string(f), &s)
	if errors.Is(err, fs.ErrNotExist) {
		err = unix.Statfs(filepath.Dir(string(f)), &s)
	}
	return int64(s.Blocks) * s.Bsize, int64(s.Bavail) * s.Bsize, err //nolint:unconvert // other platforms differ
}
