package sim

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

// store keeps the record as a ConfigMap does: encoded, with a version, longer
// than any controller lives.
type store struct {
	latency time.Duration
	changed func()
	refuses func() bool // a write, as if somebody else had written
	forced  atomic.Bool // a person has given writes up

	mu      sync.Mutex
	read    topology.Record // what readers get: as it was written, and decoded once
	version int
	writes  []topology.Record
}

// load reads the record.
func (s *store) load(ctx context.Context) (topology.Record, string, error) {
	if err := sleep(ctx, s.latency); err != nil {
		return topology.Record{}, "", fmt.Errorf("read the record: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == 0 {
		return topology.Record{}, "", controller.ErrNoRecord
	}
	return s.read, strconv.Itoa(s.version), nil
}

// save writes in the middle of its time: a writer that dies behind the middle
// has written without knowing it. allowed is asked at that moment.
func (s *store) save(ctx context.Context, record topology.Record, version string, allowed func() bool) (string, error) {
	data, err := topology.Encode(record)
	if err != nil {
		return "", err
	}
	read, err := topology.Decode(data)
	if err != nil {
		return "", err
	}
	if err := sleep(ctx, s.latency/2); err != nil {
		return "", fmt.Errorf("write the record: %w", err)
	}
	written, err := s.swap(read, record, version, allowed)
	if err != nil {
		return "", err
	}
	s.changed()
	if err := sleep(ctx, s.latency/2); err != nil {
		return "", fmt.Errorf("write the record: %w", err)
	}
	return written, nil
}

func (s *store) swap(read, record topology.Record, version string, allowed func() bool) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := ""
	if s.version > 0 {
		current = strconv.Itoa(s.version)
	}
	switch {
	case !allowed():
		return "", errDead
	case version != current || s.refuses():
		return "", controller.ErrConflict
	}
	s.version++
	s.read = read
	s.writes = append(s.writes, record)
	if record.Request != nil && record.Request.Force {
		s.forced.Store(true)
	}
	return strconv.Itoa(s.version), nil
}

// last is the record now; its zero value while there is none.
func (s *store) last() topology.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.writes) == 0 {
		return topology.Record{}
	}
	return s.writes[len(s.writes)-1]
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
