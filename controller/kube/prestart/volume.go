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

	"memgraph-controller/controller/durable"
	"memgraph-controller/controller/quarantine"
)

// volume is the folder above the data directory, and what is in it.
type volume struct {
	data string
}

func (v volume) root() string      { return filepath.Dir(v.data) }
func (v volume) ownerFile() string { return filepath.Join(v.root(), "last-pod") }
func (v volume) quarantine() quarantine.Folder {
	return quarantine.Folder(filepath.Join(v.root(), "quarantine"))
}

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

// used tells whether a database was ever started on the volume.
func (v volume) used() (bool, error) {
	for _, path := range []string{v.data, v.ownerFile(), string(v.quarantine())} {
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return false, nil
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
	if err := durable.Write(fresh, []byte(pod+"\n")); err != nil {
		return err
	}
	if err := os.Rename(fresh, v.ownerFile()); err != nil {
		return err
	}
	return durable.SyncDir(v.root())
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
	v.tell(o.Reason, where, log)
	return nil
}

// tell says what is set aside by now, and how much room is left for the data that come
// in their place. Nothing is refused for lack of room: a pod that does not start could
// not be looked into, and one whose disk is full is out of sync, which harms nobody else.
func (v volume) tell(reason, where string, log *slog.Logger) {
	entries, err := v.quarantine().List()
	_, free, noRoom := v.quarantine().Room()
	if err = errors.Join(err, noRoom); err != nil {
		log = log.With("incomplete", err)
	}
	log.Warn("data were set aside; drop what you do not need: `quarantine drop`", "reason", reason, "path", where,
		"copies", len(entries), "bytes", quarantine.Size(entries), "free", free)
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
	if err := errors.Join(syncExisting(v.data), durable.SyncDir(v.root())); err != nil {
		return err
	}
	return os.RemoveAll(aside)
}

// setAside moves the data directory into the quarantine folder and says where they are
// now; "" when there were none.
func (v volume) setAside(reason string, at time.Time) (string, error) {
	target, err := v.quarantine().SetAside(v.data, reason, at)
	if errors.Is(err, unix.EXDEV) || errors.Is(err, unix.EBUSY) {
		return "", v.misplaced(err)
	}
	return target, err
}

func syncExisting(path string) error {
	if err := durable.SyncDir(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
