package graph

// Held counts what the store keeps in memory: vertices, edges, versions of
// both, and index entries.
func (s *Store) Held() (objects, versions, entries int) {
	st := s.current.Load()
	st.mu.RLock()
	defer st.mu.RUnlock()
	count := func(e *entity) {
		objects++
		for v := e.head; v != nil; v = v.prev {
			versions++
		}
	}
	st.vertices.all(func(e byID[Vertex]) bool { count(&e.item.entity); return true })
	st.edges.all(func(e byID[Edge]) bool { count(&e.item.entity); return true })
	for _, indexes := range st.indexes {
		for _, x := range indexes {
			entries += x.entries.size
		}
	}
	return objects, versions, entries
}
