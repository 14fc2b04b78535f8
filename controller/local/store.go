package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

const (
	// editNotice is the longest time until an edit by somebody else is noticed.
	editNotice = time.Second
	// lockRetry is the pause between two tries for a lock that another process
	// has; it has it for the time of one Save, some milliseconds.
	lockRetry = 5 * time.Millisecond
)

// Store keeps the topology record in a file. Its methods may be called from any
// goroutine, and any number of processes may use the same file. The version of a
// record is a hash of its bytes, so an edit by hand counts as a change like any
// other.
type Store struct {
	path    string
	changes chan struct{}
	// turn is held by whoever compares and replaces the file, or looks whether
	// it changed; the lock file does the same between processes.
	turn    chan struct{}
	known   string // version last announced; belongs to the holder of turn
	stop    chan struct{}
	stopped chan struct{}
	closing sync.Once
}

var _ controller.Store = (*Store)(nil)

// OpenStore uses the record in a data directory, which is created if it is
// missing, and watches it until Close.
func OpenStore(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("directory of the topology record: %w", err)
	}
	s := &Store{
		path:    filepath.Join(dir, "record.json"),
		changes: make(chan struct{}, 1),
		turn:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	_, s.known, _ = s.read() // what is wrong with it, Load will say
	go s.watch()
	return s, nil
}

// Close ends the watch. A Save that is under way goes on.
func (s *Store) Close() {
	s.closing.Do(func() { close(s.stop) })
	<-s.stopped
}

// Changes receives a value after each Save, and within a second of a change by
// somebody else.
func (s *Store) Changes() <-chan struct{} { return s.changes }

// Load reads the record. controller.ErrNoRecord when there is no file; any other
// error says what is wrong with the file and what a person can do.
func (s *Store) Load(context.Context) (topology.Record, string, error) {
	data, version, err := s.read()
	if err != nil {
		return topology.Record{}, "", fmt.Errorf("read the topology record: %w; nothing is decided until it can be read", err)
	}
	if version == "" {
		return topology.Record{}, "", controller.ErrNoRecord
	}
	record, err := topology.Decode(data)
	if err != nil {
		return topology.Record{}, "", s.unreadable(err)
	}
	return record, version, nil
}

// unreadable tells a person how to go on. The backup is never used without one:
// it may name a main that was replaced since, and following it would let two
// instances take writes, or lose those that the newer main acknowledged.
func (s *Store) unreadable(err error) error {
	return fmt.Errorf("topology record %s cannot be understood: %w. Nothing is decided and nothing is overwritten. "+
		"Correct the file; or, if you are sure that no failover or switchover happened since, copy %s.bak over it "+
		"(an older record may name a main that has been replaced, and acknowledged writes would be lost); "+
		"or move the file away, and the record is made anew from what the instances hold", s.path, err, filepath.Base(s.path))
}

// read returns the stored bytes and their version, "" when there is no file.
func (s *Store) read() ([]byte, string, error) {
	file, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	// One byte over the limit is enough for Decode to see that it is too much.
	data, err := io.ReadAll(io.LimitReader(file, topology.MaxEncoded+1))
	if err != nil {
		return nil, "", err
	}
	return data, version(data), nil
}

func version(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:12])
}

// Save replaces the record if the stored version still is expected, "" when there
// is none; else controller.ErrConflict, also when the file was spoilt meanwhile:
// Load then tells. After any other error too, Load tells what is stored.
func (s *Store) Save(ctx context.Context, record topology.Record, expected string) (string, error) {
	data, err := topology.Encode(record)
	if err != nil {
		return "", err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return "", fmt.Errorf("save the topology record: %w", ctx.Err())
	}
	lock, err := s.lock(ctx)
	if err != nil {
		return "", fmt.Errorf("save the topology record: %w (what is stored is unchanged)", err)
	}
	defer lock.unlock()
	_, stored, err := s.read()
	if err == nil {
		err = ctx.Err() // the writer's mandate may have ended while it waited
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("save the topology record: %w (what is stored is unchanged)", err)
	case stored != expected:
		return "", controller.ErrConflict
	}
	if err := replaceFile(s.path, data); err != nil {
		return "", fmt.Errorf("save the topology record: %w", err)
	}
	s.announce(version(data))
	return s.known, nil
}

// lock takes the lock between processes, waiting for it until ctx ends.
func (s *Store) lock(ctx context.Context) (*fileLock, error) {
	for {
		lock, err := tryLock(s.path + ".lock")
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		select {
		case <-time.After(lockRetry):
		case <-ctx.Done():
			return nil, fmt.Errorf("%s.lock: %w: %w", s.path, err, ctx.Err())
		}
	}
}

// watch notices changes that did not come through Save. It looks at the content:
// time stamps are too coarse to tell two quick edits apart.
func (s *Store) watch() {
	defer close(s.stopped)
	ticker := time.NewTicker(editNotice)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.look()
		case <-s.stop:
			return
		}
	}
}

func (s *Store) look() {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	default:
		return // a Save is under way; there is a next time
	}
	_, found, err := s.read()
	if err != nil {
		found = "unreadable: " + err.Error() // a change to tell of, once
	}
	if found != s.known {
		s.announce(found)
	}
}

// announce tells of a new version. Only the holder of turn may call it.
func (s *Store) announce(version string) {
	s.known = version
	select {
	case s.changes <- struct{}{}:
	default: // a value that nobody has taken yet tells of this change too
	}
}
