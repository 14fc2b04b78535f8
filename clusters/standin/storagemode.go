package standin

import (
	"context"

	"memgraph-controller/clusters/standin/wal"
)

// storageMode is how transactions are stored. In analytical mode nothing is
// logged or replicated, and the graph can be dropped, on a replica too.
type storageMode string

const (
	transactional storageMode = "IN_MEMORY_TRANSACTIONAL"
	analytical    storageMode = "IN_MEMORY_ANALYTICAL"
)

func (i *Instance) storageMode() storageMode {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.mode
}

func (i *Instance) setStorageMode(mode storageMode) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mode = mode
}

func (s *session) parseStorage(r *reader) *statement {
	switch {
	case r.is("STORAGE", "MODE"):
		return s.parseStorageMode(r)
	case r.is("DROP", "GRAPH"):
		return &statement{what: "Dropping the graph", run: func(context.Context) (answer, error) {
			if s.i.storageMode() != analytical {
				return answer{}, refuse("Drop graph can not be used without IN_MEMORY_ANALYTICAL storage mode!")
			}
			s.i.engine.graph.Clear()
			return answer{}, nil
		}}
	case r.is("CREATE", "SNAPSHOT"):
		return reading("Creating snapshots", []string{"path"}, s.createSnapshot)
	case r.is("SHOW", "SNAPSHOTS"):
		return reading("Snapshots listing", []string{"path", "timestamp", "creation_time", "size"}, s.showSnapshots)
	case r.is("FREE", "MEMORY"):
		return reading("Free memory query", nil, func() ([][]any, error) { return nil, nil })
	}
	return nil
}

func (s *session) parseStorageMode(r *reader) *statement {
	mode := transactional
	if r.is(string(analytical)) {
		mode = analytical
	} else {
		r.expect(string(transactional))
	}
	return &statement{what: "Modifying storage modes", run: func(context.Context) (answer, error) {
		s.i.setStorageMode(mode)
		return answer{}, nil
	}}
}

func (s *session) createSnapshot() ([][]any, error) {
	if !s.i.maySnapshot() {
		return nil, tryAgain("Failed to create a snapshot. Replica instances are not allowed to create them.")
	}
	path, err := s.i.createSnapshot()
	if err != nil {
		return nil, tryAgain("Failed to create a snapshot. %v", err)
	}
	return [][]any{{path}}, nil
}

func (s *session) showSnapshots() ([][]any, error) {
	files, err := wal.Snapshots(s.i.disk, s.i.engine.identity().Storage)
	var rows [][]any
	for _, f := range files {
		rows = append(rows, []any{f.Path, int64(f.TS), snapshotTime(f.Path), readableSize(f.Size)})
	}
	return rows, err
}
