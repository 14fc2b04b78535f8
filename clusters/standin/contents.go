package standin

import (
	"slices"

	"memgraph-controller/clusters/standin/graph"
)

// Contents is what an instance holds at a moment. A simulation looks at it after each of
// its steps, so it takes no part in anything: no lock of the engine is waited for, and no
// timestamp is used up, as a client's question would.
type Contents struct {
	tx    *graph.Tx
	voted []graph.Delta
}

// Contents returns what the instance holds now, until Close.
func (i *Instance) Contents() *Contents {
	e := i.engine
	e.mu.Lock()
	defer e.mu.Unlock()
	c := &Contents{tx: e.graph.Begin()}
	if e.pending != nil {
		c.voted = e.pending.deltas
	}
	return c
}

// Close lets the storage forget what nobody else sees any more.
func (c *Contents) Close() { c.tx.Abort() }

// Has tells whether a vertex is there, with that value of a property.
func (c *Contents) Has(vertex int64, key string, value any) bool {
	v := c.tx.Vertex(vertex)
	if v == nil {
		return false
	}
	found, err := c.tx.Property(v, key)
	return err == nil && found == value
}

// Voted tells whether a vertex is about to be created with that property, by a
// transaction that the instance has voted for and that is not decided.
func (c *Contents) Voted(vertex int64, key string, value any) bool {
	return slices.ContainsFunc(c.voted, func(d graph.Delta) bool {
		with := slices.ContainsFunc(d.Props, func(p graph.Property) bool { return p.Key == key && p.Value == value })
		return d.Op == graph.VertexCreate && d.ID == vertex && with
	})
}
