package cypher

import (
	"errors"
	"io"
	"slices"

	"memgraph-controller/clusters/standin/graph"
)

// match is MATCH or OPTIONAL MATCH. Its conditions are those of WHERE together
// with the property maps in the patterns, each checked as soon as what it needs
// is known.
type match struct {
	sc       *scope
	optional bool
	steps    []step
}

// step extends each row by a vertex or an edge.
type step interface {
	open(x *run, in cursor) cursor
}

// matcher collects what a match consists of while it is put together.
type matcher struct {
	sc         *scope
	known      map[int]bool // places that have a value by now
	conditions []expr       // not yet attached to a step
	edges      []int        // of this clause: all must differ
	steps      []step
}

// newMatch binds patterns and condition in sc and decides in which order they
// are searched. The first known places of a row have values already.
func newMatch(sc *scope, known int, paths []*path, where expr, optional bool) (*match, error) {
	m := &matcher{sc: sc, known: make(map[int]bool)}
	for slot := range known {
		m.known[slot] = true
	}
	for _, chain := range paths {
		if err := m.declare(chain); err != nil {
			return nil, err
		}
	}
	if where != nil {
		m.addConditions(where)
	}
	if err := sc.bindAll(m.conditions); err != nil {
		return nil, err
	}
	for _, chain := range paths {
		m.plan(chain)
	}
	return &match{sc: sc, optional: optional, steps: m.steps}, nil
}

// declare gives places to a chain's variables.
func (m *matcher) declare(chain *path) error {
	for _, n := range chain.nodes {
		n.slot = m.place(n.name)
		if n.param != nil {
			return semantic("Parameter maps cannot be used in MATCH and MERGE patterns.")
		}
		m.addProperties(n.slot, n.props)
	}
	for _, e := range chain.edges {
		e.slot = m.place(e.name)
		if e.param != nil {
			return semantic("Parameter maps cannot be used in MATCH and MERGE patterns.")
		}
		m.addProperties(e.slot, e.props)
	}
	return nil
}

func (m *matcher) place(name string) int {
	if slot, ok := m.sc.names[name]; ok {
		return slot
	}
	return m.sc.declare(name)
}

// addProperties turns {key: value} into conditions.
func (m *matcher) addProperties(slot int, props *mapOf) {
	if props == nil {
		return
	}
	for i, key := range props.keys {
		of := &property{of: &placed{slot: slot}, key: key}
		m.conditions = append(m.conditions, &comparison{op: "=", a: of, b: props.values[i]})
	}
}

// addConditions splits a condition at its ANDs.
func (m *matcher) addConditions(where expr) {
	if both, ok := where.(*logic); ok && both.op == "AND" {
		m.addConditions(both.a)
		m.addConditions(both.b)
		return
	}
	m.conditions = append(m.conditions, where)
}

// plan adds the steps for one chain, beginning where the search is narrowest.
func (m *matcher) plan(chain *path) {
	first := m.start(chain)
	m.addNode(chain.nodes[first])
	for i := first; i < len(chain.edges); i++ {
		m.addEdge(chain.nodes[i], chain.edges[i], chain.nodes[i+1], chain.edges[i].direction)
	}
	for i := first - 1; i >= 0; i-- {
		m.addEdge(chain.nodes[i+1], chain.edges[i], chain.nodes[i], reverse(chain.edges[i].direction))
	}
}

func reverse(d graph.Direction) graph.Direction {
	switch d {
	case graph.Out:
		return graph.In
	case graph.In:
		return graph.Out
	}
	return d
}

// start prefers a node that is known, then one with a property to look up,
// then one with a label.
func (m *matcher) start(chain *path) int {
	best, bestRank := 0, 0
	for i, n := range chain.nodes {
		rank := 0
		switch {
		case m.known[n.slot]:
			rank = 3
		case len(n.labels) > 0 && len(m.bounds(n.slot)) > 0:
			rank = 2
		case len(n.labels) > 0:
			rank = 1
		}
		if rank > bestRank {
			best, bestRank = i, rank
		}
	}
	return best
}

func (m *matcher) addNode(n *nodePattern) {
	s := &scan{sc: m.sc, slot: n.slot, labels: n.labels, known: m.known[n.slot]}
	if !s.known {
		s.bounds = m.bounds(n.slot)
	}
	m.known[n.slot] = true
	s.conditions = m.ready()
	m.steps = append(m.steps, s)
}

func (m *matcher) addEdge(from *nodePattern, e *edgePattern, to *nodePattern, direction graph.Direction) {
	x := &expand{
		sc: m.sc, from: from.slot, edge: e.slot, to: to.slot,
		edgeKnown: m.known[e.slot], toKnown: m.known[to.slot],
		direction: direction, types: e.types, labels: to.labels,
		others: slices.Clone(m.edges),
	}
	m.known[e.slot], m.known[to.slot] = true, true
	m.edges = append(m.edges, e.slot)
	x.conditions = m.ready()
	m.steps = append(m.steps, x)
}

// ready takes the conditions that can be checked by now.
func (m *matcher) ready() []expr {
	var ready []expr
	m.conditions = slices.DeleteFunc(m.conditions, func(e expr) bool {
		if !m.knows(e) {
			return false
		}
		ready = append(ready, e)
		return true
	})
	return ready
}

func (m *matcher) knows(e expr) bool {
	for _, slot := range slotsOf(e) {
		if !m.known[slot] {
			return false
		}
	}
	return true
}

func (c *match) open(x *run, in cursor) cursor {
	if c.optional {
		return &optionalRows{x: x, match: c, in: in}
	}
	return c.search(x, in)
}

func (c *match) search(x *run, in cursor) cursor {
	for _, s := range c.steps {
		in = s.open(x, in)
	}
	return in
}

// optionalRows yields each row at least once: without a match, the variables
// that the match would have bound are null.
type optionalRows struct {
	x      *run
	match  *match
	in     cursor
	row    []any
	found  cursor // nil: take the next row
	gotOne bool
}

func (c *optionalRows) next() ([]any, error) {
	for {
		if c.found == nil {
			row, err := c.in.next()
			if err != nil {
				return nil, err
			}
			c.row, c.gotOne = row, false
			c.found = c.match.search(c.x, &once{row: row})
		}
		row, err := c.found.next()
		if err == nil {
			c.gotOne = true
			return row, nil
		}
		if !errors.Is(err, io.EOF) {
			return nil, err
		}
		c.found = nil
		if !c.gotOne {
			return c.match.sc.newRow(c.row), nil
		}
	}
}
