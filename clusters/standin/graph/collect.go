package graph

// leftover is what a commit may have made obsolete: once every open
// transaction sees that commit, older versions of what it touched can go.
type leftover struct {
	seq     uint64
	touched []Entity
}

// minCollect is how many objects one commit or abort cleans up at least. It
// bounds how long the lock is held when a long reader ends behind a million
// commits; since each call cleans more than it leaves, the rest goes over time.
const minCollect = 512

// collect drops versions that no transaction can see. It needs the lock.
func (st *state) collect(touched int) {
	horizon := st.seq
	if st.oldest != nil {
		horizon = st.oldest.snapshot
	}
	budget := max(minCollect, 2*touched)
	for len(st.garbage) > 0 && st.garbage[0].seq <= horizon && budget > 0 {
		list := st.garbage[0].touched
		n := min(budget, len(list))
		for _, e := range list[:n] {
			st.prune(e, horizon)
		}
		clear(list[:n])
		budget -= max(n, 1)
		if n == len(list) {
			st.garbage[0] = leftover{}
			st.garbage = st.garbage[1:]
		} else {
			st.garbage[0].touched = list[n:]
		}
	}
	if len(st.garbage) == 0 {
		st.garbage = nil
	}
}

// prune keeps the newest version that everybody sees, and what is newer.
func (st *state) prune(e Entity, horizon uint64) {
	base := e.base()
	keep := base.head
	for keep != nil && (keep.by.seq == 0 || keep.by.seq > horizon) {
		keep = keep.prev
	}
	if keep == nil {
		return
	}
	old := keep.prev
	keep.prev = nil
	keep.by = &st.ancient // frees the stamp
	if keep == base.head && keep.deleted {
		base.head = nil
		st.forget(e)
	}
	if v, ok := e.(*Vertex); ok {
		for ; old != nil; old = old.prev {
			st.unindex(v, old)
		}
	}
}

// undo takes back the newest version of an object.
func (st *state) undo(e Entity) {
	base := e.base()
	undone := base.head
	base.head = undone.prev
	if v, ok := e.(*Vertex); ok {
		st.unindex(v, undone)
	}
	if base.head == nil {
		st.forget(e)
	}
}

// forget takes an object without versions out of the store.
func (st *state) forget(e Entity) {
	switch e := e.(type) {
	case *Vertex:
		st.vertices.remove(byID[Vertex]{id: e.id})
	case *Edge:
		entry := byID[Edge]{id: e.id}
		st.edges.remove(entry)
		e.from.out.remove(entry)
		e.to.in.remove(entry)
	}
}
