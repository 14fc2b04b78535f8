package graph

import (
	"errors"
	"slices"
)

// ErrHasEdges refuses to delete a vertex that still has edges. The text is
// Memgraph's.
var ErrHasEdges = errors.New("Failed to remove node because of it's existing connections. Consider using DETACH DELETE.")

// CreateVertex adds a vertex. Properties that are nil are left out; a value of
// a kind that cannot be stored is a *ValueError.
func (tx *Tx) CreateVertex(labels []string, props map[string]any) (*Vertex, error) {
	clean, err := cleanProperties(props)
	if err != nil {
		return nil, err
	}
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	return tx.createVertex(tx.st.nextVertex, uniqueLabels(labels), clean)
}

func (tx *Tx) createVertex(id int64, labels []string, props []Property) (*Vertex, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	st := tx.st
	v := &Vertex{}
	v.id, v.head = id, &version{by: tx.stamp, labels: labels, props: props}
	if !st.vertices.insert(byID[Vertex]{id, v}) {
		return nil, errExists
	}
	st.nextVertex = max(st.nextVertex, id+1)
	st.index(v, v.head)
	tx.touched = append(tx.touched, v)
	tx.added.vertices++
	tx.deltas = append(tx.deltas, Delta{Op: VertexCreate, ID: id, Names: labels, Props: props})
	return v, nil
}

// CreateEdge adds an edge. It writes both ends, so it conflicts with any other
// writer of them, as in Memgraph.
func (tx *Tx) CreateEdge(from, to *Vertex, kind string, props map[string]any) (*Edge, error) {
	clean, err := cleanProperties(props)
	if err != nil {
		return nil, err
	}
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	return tx.createEdge(tx.st.nextEdge, from, to, kind, clean)
}

func (tx *Tx) createEdge(id int64, from, to *Vertex, kind string, props []Property) (*Edge, error) {
	for _, v := range [...]*Vertex{from, to} {
		if _, err := tx.claim(v); err != nil {
			return nil, err
		}
	}
	tx.edit(from)
	tx.edit(to)
	st := tx.st
	e := &Edge{kind: kind, from: from, to: to}
	e.id, e.head = id, &version{by: tx.stamp, props: props}
	entry := byID[Edge]{id, e}
	if !st.edges.insert(entry) {
		return nil, errExists
	}
	from.out.insert(entry)
	to.in.insert(entry)
	st.nextEdge = max(st.nextEdge, id+1)
	tx.touched = append(tx.touched, e)
	tx.added.edges++
	tx.deltas = append(tx.deltas, Delta{Op: EdgeCreate, ID: id, From: from.id, To: to.id, Name: kind, Props: props})
	return e, nil
}

// claim returns the newest version of e, or why the transaction may not change
// it. It needs the lock.
func (tx *Tx) claim(e Entity) (*version, error) {
	if err := tx.writable(); err != nil {
		return nil, err
	}
	head := e.base().head
	switch {
	case head == nil:
		return nil, ErrDeleted // long ago
	case head.by != tx.stamp && (head.by.seq == 0 || head.by.seq > tx.snapshot):
		return nil, ErrConflict
	case head.deleted:
		return nil, ErrDeleted
	}
	return head, nil
}

// edit returns a version of e that the transaction may change, after claim
// allowed it.
func (tx *Tx) edit(e Entity) *version {
	base := e.base()
	head := base.head
	if head.by == tx.stamp {
		return head
	}
	base.head = &version{by: tx.stamp, prev: head, labels: head.labels, props: head.props}
	tx.touched = append(tx.touched, e)
	return base.head
}

// editVertex changes v, after claim allowed it, and keeps the indexes in step.
func (tx *Tx) editVertex(v *Vertex, change func(*version)) {
	head := tx.edit(v)
	before := *head
	change(head)
	tx.st.index(v, head)
	tx.st.unindex(v, &before)
}

// AddLabel reports whether the label was new to the vertex.
func (tx *Tx) AddLabel(v *Vertex, label string) (bool, error) {
	return tx.setLabel(v, label, true)
}

// RemoveLabel reports whether the vertex had the label.
func (tx *Tx) RemoveLabel(v *Vertex, label string) (bool, error) {
	return tx.setLabel(v, label, false)
}

func (tx *Tx) setLabel(v *Vertex, label string, want bool) (bool, error) {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	head, err := tx.claim(v)
	if err != nil || head.hasLabel(label) == want {
		return false, err
	}
	op := LabelAdd
	change := func(n *version) { n.labels = append(slices.Clip(n.labels), label) }
	if !want {
		op = LabelRemove
		change = func(n *version) {
			n.labels = slices.DeleteFunc(slices.Clone(n.labels), func(l string) bool { return l == label })
		}
	}
	tx.deltas = append(tx.deltas, Delta{Op: op, ID: v.id, Name: label})
	tx.editVertex(v, change)
	return true, nil
}

// SetProperty sets a property of a vertex or an edge; a nil value removes it.
// A value of a kind that cannot be stored is a *ValueError.
func (tx *Tx) SetProperty(e Entity, key string, value any) error {
	value, err := cleanValue(value, 0)
	if err != nil {
		return err
	}
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	head, err := tx.claim(e)
	if err != nil || (value == nil && head.property(key) == nil) {
		return err
	}
	op := EdgeSet
	change := func(n *version) { n.props = withProperty(n.props, key, value) }
	if v, ok := e.(*Vertex); ok {
		op = VertexSet
		tx.editVertex(v, change)
	} else {
		change(tx.edit(e))
	}
	tx.deltas = append(tx.deltas, Delta{Op: op, ID: e.ID(), Name: key, Value: value})
	return nil
}

// DeleteVertex deletes a vertex without edges; with edges it is ErrHasEdges.
func (tx *Tx) DeleteVertex(v *Vertex) error {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	return tx.deleteVertex(v)
}

func (tx *Tx) deleteVertex(v *Vertex) error {
	if _, err := tx.claim(v); err != nil {
		return err
	}
	if tx.hasEdges(v) {
		return ErrHasEdges
	}
	tx.editVertex(v, func(n *version) { n.deleted = true })
	tx.added.vertices--
	tx.deltas = append(tx.deltas, Delta{Op: VertexDelete, ID: v.id})
	return nil
}

// DetachDelete deletes a vertex and the edges it has, and returns how many
// edges that were.
func (tx *Tx) DetachDelete(v *Vertex) (edges int, err error) {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	if _, err := tx.claim(v); err != nil {
		return 0, err
	}
	for _, e := range tx.edgesOf(v) {
		if err := tx.deleteEdge(e); err != nil {
			return edges, err
		}
		edges++
	}
	return edges, tx.deleteVertex(v)
}

// DeleteEdge deletes an edge.
func (tx *Tx) DeleteEdge(e *Edge) error {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	return tx.deleteEdge(e)
}

func (tx *Tx) deleteEdge(e *Edge) error {
	if _, err := tx.claim(e); err != nil {
		return err
	}
	tx.edit(e).deleted = true
	tx.added.edges--
	tx.deltas = append(tx.deltas, Delta{Op: EdgeDelete, ID: e.id})
	return nil
}

func (tx *Tx) hasEdges(v *Vertex) bool {
	found := false
	look := func(e byID[Edge]) bool {
		found = e.item.liveFor(tx) != nil
		return !found
	}
	v.out.all(look)
	if !found {
		v.in.all(look)
	}
	return found
}

// edgesOf lists the edges of v that tx sees, each once.
func (tx *Tx) edgesOf(v *Vertex) []*Edge {
	var edges []*Edge
	v.out.all(func(e byID[Edge]) bool {
		if e.item.liveFor(tx) != nil {
			edges = append(edges, e.item)
		}
		return true
	})
	v.in.all(func(e byID[Edge]) bool {
		if e.item.from != v && e.item.liveFor(tx) != nil {
			edges = append(edges, e.item)
		}
		return true
	})
	return edges
}

func uniqueLabels(labels []string) []string {
	var out []string
	for _, label := range labels {
		if !slices.Contains(out, label) {
			out = append(out, label)
		}
	}
	return out
}
