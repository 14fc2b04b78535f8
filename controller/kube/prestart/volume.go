package prestart

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// volume is the folder above the data directory, and what is in it.
type volume struct {
	data string
}

func (v volume) root() string       { return filepath.Dir(v.data) }
func (v volume) quarantine() string { return filepath.Join(v.root(), "quarantine") }
func (v volume) ownerFile() string  { return filepath.Join(v.root(), "last-pod") }

// check refuses a data directory that is a mount of its own: it could not be set
// aside, and what is written beside it would not be on the volume.
func (v volume) check() error {
	var data, root unix.Stat_t
	err := unix.Stat(v.data, &data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = unix.Stat(v.root(), &root)
	}
	switch {
	case err != nil:
		return fmt.Errorf("data directory %s: %w", v.data, err)
	case data.Dev != root.Dev:
		return v.misplaced(unix.EXDEV)
	}
	return nil
}

func (v volume) misplaced(err error) error {
	return fmt.Errorf("%w: data can be set aside only within one file system. Mount the volume at %s, and let the data directory %s be a folder of it, no mount of its own",
		err, v.root(), v.data)
}

// owner is the UID of the last pod that used the data; empty when not known.
func (v volume) owner() (string, error) {
	data, err := os.ReadFile(v.ownerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(data)), err
}

// setOwner notes, durably, that a pod uses the data from now on.
func (v volume) setOwner(pod string) error {
	if owner, err := v.owner(); err == nil && owner == pod {
		return nil
	}
	fresh := v.ownerFile() + ".tmp"
	if err := writeDurably(fresh, pod+"\n"); err != nil {
		return err
	}
	if err := os.Rename(fresh, v.ownerFile()); err != nil {
		return err
	}
	return syncDir(v.root())
}

// carryOut does what an order asks for. What was begun before a crash is begun
// again, and comes to the same end.
func (v volume) carryOut(o Order, log *slog.Logger) error {
	if o.Do == Restart {
		if err := v.forgetRole(); err != nil {
			return err
		}
		log.Info("role and replicas forgotten", "at", o.At)
		return nil
	}
	where, err := v.setAside(o.Reason, o.At)
	if err != nil || where == "" {
		return err
	}
	copies, _ := os.ReadDir(v.quarantine())
	log.Warn("data were set aside; delete what you do not need", "reason", o.Reason, "path", where, "copies", len(copies))
	return nil
}

// forgetRole removes the folder in which the database keeps its role and its
// replicas: without it, it starts as a main that knows none (memgraph A.10). It
// is moved out of the way at once and removed then: half of it would keep the
// database from starting.
func (v volume) forgetRole() error {
	role, aside := filepath.Join(v.data, "replication"), filepath.Join(v.root(), "replication.forgotten")
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.Rename(role, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := errors.Join(syncExisting(v.data), syncDir(v.root())); err != nil {
		return err
	}
	return os.RemoveAll(aside)
}

// setAside moves the data directory into the quarantine folder and says where
// they are now; "" when there were none. One rename on one file system: it
// happens or it does not, and a database without data directory starts empty.
func (v volume) setAside(reason string, at time.Time) (string, error) {
	if _, err := os.Lstat(v.data); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err := os.MkdirAll(v.quarantine(), 0o755); err != nil {
		return "", err
	}
	target, err := v.free(at.UTC().Format("20060102T150405Z") + "-" + slug(reason))
	if err != nil {
		return "", err
	}
	switch err := os.Rename(v.data, target); {
	case errors.Is(err, unix.EXDEV), errors.Is(err, unix.EBUSY):
		return "", v.misplaced(err)
	case err != nil:
		return "", err
	}
	return target, errors.Join(syncDir(v.quarantine()), syncDir(v.root()))
}

// free is a path in the quarantine folder that is not taken.
func (v volume) free(name string) (string, error) {
	path := filepath.Join(v.quarantine(), name)
	for n := 2; ; n++ {
		_, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		path = filepath.Join(v.quarantine(), fmt.Sprintf("%s-%d", name, n))
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

func writeDurably(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
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

func syncExisting(path string) error {
	if err := syncDir(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
