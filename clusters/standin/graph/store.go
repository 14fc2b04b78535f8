package graph

import (
	"sync"
	"sync/atomic"
)

// Store is a graph database's content. It is safe for concurrent use; each Tx
// belongs to one goroutine. An empty store costs a few hundred bytes.
type Store struct{ current atomic.Pointer[state] }

// state is everything between two calls of Clear.
type state struct {
	mu sync.RWMutex

	vertices               tree[byID[Vertex]]
	edges                  tree[byID[Edge]]
	nextVertex, nextEdge   int64
	vertexCount, edgeCount int64               // committed and not deleted
	indexes                map[string][]*index // by label
	seq, timestamp         uint64              // of the newest commit
	oldest, newest         *Tx                 // open transactions, in the order they began
	garbage                []leftover          // in the order of commits
	ancient                stamp               // of versions that everybody sees
}

// New returns an empty store.
func New() *Store {
	s := &Store{}
	s.Clear()
	return s
}

// Clear drops all data and the schema at once. Transactions that are open keep
// their view, but those that wrote can no longer be sealed (ErrCleared).
func (s *Store) Clear() {
	st := &state{seq: 1}
	st.ancient.seq = 1
	s.current.Store(st)
}

// Counts returns how many vertices and edges are committed.
func (s *Store) Counts() (vertices, edges int64) {
	st := s.current.Load()
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.vertexCount, st.edgeCount
}

// Timestamp is the highest timestamp that was committed or applied; 0 in an
// empty store.
func (s *Store) Timestamp() uint64 {
	st := s.current.Load()
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.timestamp
}
