package graph

import "hash/fnv"

// Snapshot is the state after one commit, to be streamed while others write.
// It must be closed, or the store keeps old versions for ever.
type Snapshot struct {
	tx     *Tx
	schema []SchemaEntry
}

// Snapshot returns the state as it is now. It takes no time: the work is done
// by Dump.
func (s *Store) Snapshot() *Snapshot {
	st := s.current.Load()
	st.mu.Lock()
	defer st.mu.Unlock()
	return &Snapshot{tx: st.begin(s), schema: st.schema()}
}

// Timestamp is the highest commit timestamp in the snapshot.
func (s *Snapshot) Timestamp() uint64 { return s.tx.Timestamp() }

// Close lets the store forget what only the snapshot needed.
func (s *Snapshot) Close() { s.tx.Abort() }

// Dump calls yield with deltas that build the state in an empty store: schema,
// vertices, edges. They may be handed to Apply in portions of any size. The
// first error of yield ends it and is returned.
func (s *Snapshot) Dump(yield func(Delta) error) error {
	for _, entry := range s.schema {
		op := IndexCreate
		if entry.Unique {
			op = UniqueCreate
		}
		if err := yield(Delta{Op: op, Name: entry.Label, Names: entry.Props}); err != nil {
			return err
		}
	}
	vertices := s.tx.Scan(Filter{})
	for v := vertices.Next(); v != nil; v = vertices.Next() {
		n, err := s.tx.read(v)
		if err != nil {
			return err
		}
		if err := yield(Delta{Op: VertexCreate, ID: v.id, Names: n.labels, Props: n.props}); err != nil {
			return err
		}
	}
	return s.dumpEdges(yield)
}

func (s *Snapshot) dumpEdges(yield func(Delta) error) error {
	next := int64(0)
	for {
		page := s.edgesFrom(next)
		if len(page) == 0 {
			return nil
		}
		for _, d := range page {
			if err := yield(d); err != nil {
				return err
			}
		}
		next = page[len(page)-1].ID + 1
	}
}

// edgesFrom returns up to lastPage edges, by number.
func (s *Snapshot) edgesFrom(id int64) (page []Delta) {
	st := s.tx.st
	st.mu.RLock()
	defer st.mu.RUnlock()
	st.edges.ascend(byID[Edge]{id: id}, func(entry byID[Edge]) bool {
		e := entry.item
		if n := e.liveFor(s.tx); n != nil {
			page = append(page, Delta{Op: EdgeCreate, ID: e.id, From: e.from.id, To: e.to.id, Name: e.kind, Props: n.props})
		}
		return len(page) < lastPage
	})
	return page
}

// Dump is Snapshot.Dump of the state as it is now.
func (s *Store) Dump(yield func(Delta) error) error {
	snapshot := s.Snapshot()
	defer snapshot.Close()
	return snapshot.Dump(yield)
}

// Checksum is a digest of all committed data and the schema: equal for equal
// content, however it came about.
func (s *Store) Checksum() uint64 {
	var sum uint64
	var buf []byte
	// The visitor never fails, so neither does Dump.
	_ = s.Dump(func(d Delta) error {
		buf = AppendDelta(buf[:0], d)
		h := fnv.New64a()
		h.Write(buf)
		sum += scramble(h.Sum64())
		return nil
	})
	return sum
}

// scramble spreads a hash over all bits (the finalizer of MurmurHash3), so that
// differences do not cancel out in a sum.
func scramble(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
