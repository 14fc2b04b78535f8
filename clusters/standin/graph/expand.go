package graph

import "slices"

// Direction of edges as seen from a vertex.
type Direction uint8

const (
	Out Direction = 1 << iota
	In
	Both = Out | In
)

// Edges is an expansion in progress. It belongs to its transaction.
type Edges struct {
	tx    *Tx
	v     *Vertex
	todo  Direction // sides not finished
	types []string
	loops bool  // the in side shows loops too: the out side does not
	last  int64 // on the side in progress; -1 at its beginning
	page  int
	buf   []*Edge
}

// Expand returns the edges at v in that direction whose type is one of types;
// no types means any. Both shows a loop once. What the transaction writes while
// the expansion runs may or may not show.
func (tx *Tx) Expand(v *Vertex, d Direction, types ...string) *Edges {
	return &Edges{tx: tx, v: v, todo: d, types: types, loops: d == In, last: -1, page: firstPage}
}

// Next returns the next edge, or nil after the last one.
func (c *Edges) Next() *Edge {
	for len(c.buf) == 0 {
		if c.todo == 0 {
			return nil
		}
		c.fill()
	}
	e := c.buf[0]
	c.buf = c.buf[1:]
	return e
}

// fill looks at one page of edges under the lock.
func (c *Edges) fill() {
	st := c.tx.st
	st.mu.RLock()
	defer st.mu.RUnlock()
	side, edges := Out, &c.v.out
	if c.todo&Out == 0 {
		side, edges = In, &c.v.in
	}
	looked := 0
	edges.ascend(byID[Edge]{id: c.last + 1}, func(entry byID[Edge]) bool {
		if looked == c.page {
			return false
		}
		looked++
		c.last = entry.id
		if c.matches(side, entry.item) {
			c.buf = append(c.buf, entry.item)
		}
		return true
	})
	if looked < c.page {
		c.todo &^= side
		c.last = -1
	}
	c.page = min(2*c.page, lastPage)
}

func (c *Edges) matches(side Direction, e *Edge) bool {
	if len(c.types) > 0 && !slices.Contains(c.types, e.kind) {
		return false
	}
	if side == In && e.from == c.v && !c.loops {
		return false
	}
	return e.liveFor(c.tx) != nil
}
