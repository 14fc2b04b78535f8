package graph

import (
	"cmp"
	"slices"
)

// stamp says which transaction made a version. All versions of a transaction
// share one, so that a commit shows all of them by writing one number.
type stamp struct {
	seq    uint64 // place in the order of commits; 0 until committed
	sealed bool   // may be committed at any moment
}

// version is one state of a vertex or an edge. Labels and props are shared
// between versions and never changed in place.
type version struct {
	by      *stamp
	prev    *version   // older
	labels  []string   // in the order they were added
	props   []Property // sorted by key, no nil values
	deleted bool
}

func (v *version) hasLabel(label string) bool { return slices.Contains(v.labels, label) }

// property returns nil where there is none.
func (v *version) property(key string) any {
	if at, found := findProperty(v.props, key); found {
		return v.props[at].Value
	}
	return nil
}

func findProperty(props []Property, key string) (int, bool) {
	return slices.BinarySearchFunc(props, key, func(p Property, key string) int { return cmp.Compare(p.Key, key) })
}

// withProperty returns a copy of props with key set to value, or without key
// where value is nil.
func withProperty(props []Property, key string, value any) []Property {
	at, found := findProperty(props, key)
	switch {
	case found && value == nil:
		return slices.Delete(slices.Clone(props), at, at+1)
	case found:
		props = slices.Clone(props)
		props[at].Value = value
		return props
	case value == nil:
		return props
	}
	out := make([]Property, 0, len(props)+1)
	out = append(out, props[:at]...)
	out = append(out, Property{Key: key, Value: value})
	return append(out, props[at:]...)
}

// entity is what vertices and edges have in common.
type entity struct {
	id   int64
	head *version // newest first
}

// ID is the store's number for the object, unique among its kind.
func (e *entity) ID() int64 { return e.id }

func (e *entity) base() *entity { return e }

// seenBy returns the version that tx sees, or nil where it sees none.
func (e *entity) seenBy(tx *Tx) *version {
	for v := e.head; v != nil; v = v.prev {
		if v.by == tx.stamp || (v.by.seq != 0 && v.by.seq <= tx.snapshot) {
			return v
		}
	}
	return nil
}

// liveFor is seenBy without deleted versions.
func (e *entity) liveFor(tx *Tx) *version {
	if v := e.seenBy(tx); v != nil && !v.deleted {
		return v
	}
	return nil
}

// Entity is a *Vertex or an *Edge.
type Entity interface {
	ID() int64
	base() *entity
}

// Vertex stands for a vertex in all its versions; what it looks like is asked
// of a Tx. It is comparable: one vertex is always the same pointer.
type Vertex struct {
	entity
	out, in tree[byID[Edge]] // edges of all versions
}

// Edge stands for an edge in all its versions.
type Edge struct {
	entity
	kind     string
	from, to *Vertex
}

// Type is the relationship's type.
func (e *Edge) Type() string { return e.kind }

// From is the vertex that the edge starts at.
func (e *Edge) From() *Vertex { return e.from }

// To is the vertex that the edge ends at.
func (e *Edge) To() *Vertex { return e.to }

// byID orders objects by their number.
type byID[E any] struct {
	id   int64
	item *E
}

func (a byID[E]) compare(b byID[E]) int { return cmp.Compare(a.id, b.id) }
