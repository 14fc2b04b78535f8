package graph

import (
	"cmp"
	"slices"
)

// index finds the vertices with a label, or with a label and values for some
// properties. It holds an entry for every version that anybody may still see,
// so whoever finds a vertex through it looks at the version itself.
type index struct {
	label   string
	props   []string
	unique  bool // stands for a unique constraint
	ready   bool // committed, so of use to others
	dropper *Tx  // sealed, and about to drop it
	entries tree[byValue]
}

// byValue orders vertices by value, then by number. The value is nil for a
// label index, the property's value for one property, a list for several.
type byValue struct {
	value any
	id    int64
	v     *Vertex
}

func (a byValue) compare(b byValue) int {
	if c := Compare(a.value, b.value); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// key is the value under which a version is found; ok is false where it does
// not belong to the index.
func (x *index) key(n *version) (value any, ok bool) {
	if n.deleted || !n.hasLabel(x.label) {
		return nil, false
	}
	switch len(x.props) {
	case 0:
		return nil, true
	case 1:
		value = n.property(x.props[0])
		return value, value != nil
	}
	values := make([]any, len(x.props))
	for i, p := range x.props {
		if values[i] = n.property(p); values[i] == nil {
			return nil, false
		}
	}
	return values, true
}

// add enters a version; an entry that is there already stays.
func (x *index) add(v *Vertex, n *version) {
	if value, ok := x.key(n); ok {
		x.entries.insert(byValue{value, v.id, v})
	}
}

// drop removes the entry of a version that v no longer has, unless another
// version of v needs it too.
func (x *index) drop(v *Vertex, n *version) {
	value, ok := x.key(n)
	if !ok {
		return
	}
	for o := v.head; o != nil; o = o.prev {
		if other, ok := x.key(o); ok && Compare(value, other) == 0 {
			return
		}
	}
	x.entries.remove(byValue{value: value, id: v.id})
}

// fill enters every version of every vertex.
func (x *index) fill(st *state) {
	st.vertices.all(func(entry byID[Vertex]) bool {
		for n := entry.item.head; n != nil; n = n.prev {
			x.add(entry.item, n)
		}
		return true
	})
}

func (st *state) index(v *Vertex, n *version) {
	if len(st.indexes) == 0 {
		return
	}
	for _, label := range n.labels {
		for _, x := range st.indexes[label] {
			x.add(v, n)
		}
	}
}

func (st *state) unindex(v *Vertex, n *version) {
	if len(st.indexes) == 0 {
		return
	}
	for _, label := range n.labels {
		for _, x := range st.indexes[label] {
			x.drop(v, n)
		}
	}
}

// findIndex returns the index or constraint on exactly that, or nil.
func (st *state) findIndex(label string, props []string, unique bool) *index {
	for _, x := range st.indexes[label] {
		if x.unique == unique && slices.Equal(x.props, props) {
			return x
		}
	}
	return nil
}

func (st *state) addIndex(x *index) {
	if st.indexes == nil {
		st.indexes = make(map[string][]*index)
	}
	st.indexes[x.label] = append(st.indexes[x.label], x)
}

func (st *state) removeIndex(x *index) {
	rest := slices.DeleteFunc(st.indexes[x.label], func(o *index) bool { return o == x })
	if len(rest) == 0 {
		delete(st.indexes, x.label)
		return
	}
	st.indexes[x.label] = rest
}
