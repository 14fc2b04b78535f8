package graph

// Exists reports whether the transaction sees the object.
func (tx *Tx) Exists(e Entity) bool {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	return e.base().liveFor(tx) != nil
}

// Vertex finds a vertex by its number; nil where there is none.
func (tx *Tx) Vertex(id int64) *Vertex {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	entry, found := tx.st.vertices.get(byID[Vertex]{id: id})
	if !found || entry.item.liveFor(tx) == nil {
		return nil
	}
	return entry.item
}

// Edge finds an edge by its number; nil where there is none.
func (tx *Tx) Edge(id int64) *Edge {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	entry, found := tx.st.edges.get(byID[Edge]{id: id})
	if !found || entry.item.liveFor(tx) == nil {
		return nil
	}
	return entry.item
}

// Labels returns a vertex's labels in the order they were added. The slice
// must not be changed. A deleted vertex is ErrDeleted.
func (tx *Tx) Labels(v *Vertex) ([]string, error) {
	n, err := tx.read(v)
	if err != nil {
		return nil, err
	}
	return n.labels, nil
}

// Property returns a property of a vertex or an edge, or nil where it has none
// of that name. The value must not be changed. A deleted object is ErrDeleted.
func (tx *Tx) Property(e Entity, key string) (any, error) {
	n, err := tx.read(e)
	if err != nil {
		return nil, err
	}
	return n.property(key), nil
}

// Properties returns all properties, sorted by key. The slice must not be
// changed. A deleted object is ErrDeleted.
func (tx *Tx) Properties(e Entity) ([]Property, error) {
	n, err := tx.read(e)
	if err != nil {
		return nil, err
	}
	return n.props, nil
}

// read returns a copy of what tx sees: its own version may still change, but
// labels and props never do in place.
func (tx *Tx) read(e Entity) (version, error) {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	if n := e.base().liveFor(tx); n != nil {
		return *n, nil
	}
	return version{}, ErrDeleted
}
