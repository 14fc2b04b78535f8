package graph

import "math"

// A cursor looks at this many entries before it lets go of the lock: few at
// first, since most scans want one vertex, then more.
const (
	firstPage = 8
	lastPage  = 512
)

// Filter says which vertices a scan returns. The zero value is all of them.
type Filter struct {
	Label    string // "" is any
	Property string // "" is any; only counts together with a bound
	Min, Max Bound
}

// Bound is one end of a range. Values lie in a range only if they are of the
// bounds' kind: numbers, strings, booleans, lists or maps. NaN lies in none.
// Equality is a range from a value to itself.
type Bound struct {
	Value any // nil: no bound
	Open  bool
}

// covers reports whether a value lies in the filter's range.
func (f *Filter) covers(value any) bool {
	if f.Property == "" || (f.Min.Value == nil && f.Max.Value == nil) {
		return true
	}
	return f.Min.allows(value, 1) && f.Max.allows(value, -1)
}

// allows compares value with the bound: wanted is the sign that is inside.
func (b Bound) allows(value any, wanted int) bool {
	if b.Value == nil {
		return true
	}
	if rank(value) != rank(b.Value) || isNaN(value) || isNaN(b.Value) {
		return false
	}
	c := Compare(value, b.Value)
	return c == wanted || (c == 0 && !b.Open)
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}

// start is the least value that a range can hold, nil for no range.
func (f *Filter) start() any {
	if f.Min.Value != nil {
		return f.Min.Value
	}
	switch f.Max.Value.(type) {
	case string:
		return ""
	case bool:
		return false
	case int64, float64:
		return math.Inf(-1)
	case []any:
		return []any{}
	}
	return map[string]any{}
}

// HasIndex reports whether scans by that label, or by that label and property,
// use an index.
func (tx *Tx) HasIndex(label string, props ...string) bool {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	x := tx.st.findIndex(label, props, false)
	return x != nil && x.ready
}

// Vertices is a scan in progress. It belongs to its transaction.
type Vertices struct {
	tx     *Tx
	filter Filter
	index  *index  // nil: all vertices
	last   byValue // the last entry looked at, or where to begin
	begun  bool
	ended  bool
	page   int
	buf    []*Vertex
}

// Scan returns the vertices that match: in the order of the property's value
// where there is an index on label and property, else by their numbers. The
// transaction must not write while the scan runs, or else the scan may or may
// not show what it wrote.
func (tx *Tx) Scan(f Filter) *Vertices {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	c := &Vertices{tx: tx, filter: f, page: firstPage, last: byValue{id: -1}}
	if f.Property != "" && (f.Min.Value != nil || f.Max.Value != nil) {
		if x := tx.st.findIndex(f.Label, []string{f.Property}, false); x != nil && x.ready {
			c.index = x
			c.last.value = f.start()
			return c
		}
	}
	if x := tx.st.findIndex(f.Label, nil, false); x != nil && x.ready {
		c.index = x
	}
	return c
}

// Next returns the next vertex, or nil after the last one.
func (c *Vertices) Next() *Vertex {
	for len(c.buf) == 0 {
		if c.ended {
			return nil
		}
		c.fill()
	}
	v := c.buf[0]
	c.buf = c.buf[1:]
	return v
}

// fill looks at one page of entries under the lock.
func (c *Vertices) fill() {
	st := c.tx.st
	st.mu.RLock()
	defer st.mu.RUnlock()
	c.ended = true
	looked := 0
	look := func(entry byValue) bool {
		if looked == c.page {
			c.ended = false
			return false
		}
		if c.begun && entry.compare(c.last) == 0 {
			return true
		}
		if c.beyond(entry) {
			return false
		}
		looked++
		c.last, c.begun = entry, true
		if c.matches(entry) {
			c.buf = append(c.buf, entry.v)
		}
		return true
	}
	if c.index != nil {
		c.index.entries.ascend(c.last, look)
	} else {
		st.vertices.ascend(byID[Vertex]{id: c.last.id}, func(e byID[Vertex]) bool {
			return look(byValue{id: e.id, v: e.item})
		})
	}
	c.page = min(2*c.page, lastPage)
}

// beyond reports whether an entry of a property's index ends the range.
func (c *Vertices) beyond(entry byValue) bool {
	if c.index == nil || len(c.index.props) == 0 {
		return false
	}
	if rank(entry.value) != rank(c.filter.start()) {
		return true
	}
	return c.filter.Max.Value != nil && Compare(entry.value, c.filter.Max.Value) > 0
}

// matches looks at the version that the transaction sees. An index may list a
// vertex under values of other versions: only the one it has now counts.
func (c *Vertices) matches(entry byValue) bool {
	n := entry.v.liveFor(c.tx)
	if n == nil || (c.filter.Label != "" && !n.hasLabel(c.filter.Label)) {
		return false
	}
	if c.filter.Property == "" {
		return true
	}
	value := n.property(c.filter.Property)
	if c.index != nil && len(c.index.props) > 0 && Compare(value, entry.value) != 0 {
		return false
	}
	return c.filter.covers(value)
}
