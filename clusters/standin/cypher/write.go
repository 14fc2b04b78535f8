package cypher

import (
	"memgraph-controller/clusters/standin/graph"
)

// writer runs a clause that changes the graph over all rows, before it yields
// the first. Where clauses before it touch the graph, all rows are there before
// anything is written, so that no clause sees writes of a later one.
type writer struct {
	x      *run
	in     cursor
	buffer bool                  // read everything first
	keep   bool                  // somebody wants the rows afterwards
	write  func(row []any) error // per row, in order
	finish func() error          // after the last row; nil is nothing
	out    rowList
	done   bool
}

// writing tells a writing clause how it stands in its statement. Parse sets it.
type writing struct{ buffer, keep bool }

func (w *writing) waitForReads() { w.buffer = true }
func (w *writing) keepRows()     { w.keep = true }

// writeClause is a clause that writes.
type writeClause interface {
	clause
	waitForReads()
	keepRows()
}

func (w *writing) start(x *run, in cursor, write func([]any) error, finish func() error) cursor {
	wr := &writer{x: x, in: in, buffer: w.buffer, keep: w.keep, write: write, finish: finish}
	x.writers = append(x.writers, wr)
	return wr
}

func (w *writer) next() ([]any, error) {
	if err := w.prime(); err != nil {
		return nil, err
	}
	return w.out.next()
}

// prime does all the writing, once.
func (w *writer) prime() error {
	if w.done {
		return nil
	}
	w.done = true
	in := w.in
	if w.buffer {
		var rows rowList
		if err := drain(in, func(row []any) error {
			rows.rows = append(rows.rows, row)
			return w.x.step()
		}); err != nil {
			return err
		}
		in = &rows
	}
	err := drain(in, func(row []any) error {
		if err := w.x.step(); err != nil {
			return err
		}
		if w.keep {
			w.out.rows = append(w.out.rows, row)
		}
		return w.write(row)
	})
	if err != nil || w.finish == nil {
		return err
	}
	return w.finish()
}

// create is CREATE.
type create struct {
	writing
	paths []*creation
}

// creation is a path of which some elements are there already.
type creation struct {
	*path
	newNodes []bool
}

// newCreation binds a path that is to be created.
func newCreation(sc *scope, p *path) (*creation, error) {
	c := &creation{path: p, newNodes: make([]bool, len(p.nodes))}
	for i, n := range p.nodes {
		if err := c.bindNode(sc, i, n); err != nil {
			return nil, err
		}
	}
	for _, e := range p.edges {
		if err := bindNewEdge(sc, e); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *creation) bindNode(sc *scope, i int, n *nodePattern) error {
	if n.props != nil {
		if err := sc.bind(n.props); err != nil {
			return err
		}
	}
	if !sc.has(n.name) {
		n.slot = sc.declare(n.name)
		c.newNodes[i] = true
		return nil
	}
	n.slot = sc.names[n.name]
	if len(c.edges) == 0 || len(n.labels) > 0 || n.props != nil || n.param != nil {
		return semantic("Redeclaring variable: %s.", n.name)
	}
	return nil
}

func bindNewEdge(sc *scope, e *edgePattern) error {
	switch {
	case len(e.types) != 1:
		return semantic("Exactly one relationship type must be specified when creating a relationship.")
	case sc.has(e.name):
		return semantic("Redeclaring variable: %s.", e.name)
	}
	if e.props != nil {
		if err := sc.bind(e.props); err != nil {
			return err
		}
	}
	e.slot = sc.declare(e.name)
	return nil
}

func (c *create) open(x *run, in cursor) cursor {
	return c.start(x, in, func(row []any) error {
		for _, p := range c.paths {
			if err := p.create(x, row); err != nil {
				return err
			}
		}
		return nil
	}, nil)
}

// create adds what is new of the path and puts it into the row.
func (c *creation) create(x *run, row []any) error {
	for i, n := range c.nodes {
		if !c.newNodes[i] {
			continue
		}
		props, err := newProperties(x, row, n.props, n.param)
		if err != nil {
			return err
		}
		v, err := x.tx.CreateVertex(n.labels, props)
		if err != nil {
			return err
		}
		x.stats.NodesCreated++
		x.stats.LabelsAdded += int64(len(n.labels))
		row[n.slot] = v
	}
	for i, e := range c.edges {
		if err := c.createEdge(x, row, i, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *creation) createEdge(x *run, row []any, i int, e *edgePattern) error {
	var ends [2]*graph.Vertex
	for j, n := range c.nodes[i : i+2] {
		v, err := vertexAt(row, n.slot)
		if err != nil {
			return err
		}
		if v == nil {
			return failed("Cannot create a relationship to null.")
		}
		ends[j] = v
	}
	if e.direction == graph.In {
		ends[0], ends[1] = ends[1], ends[0]
	}
	props, err := newProperties(x, row, e.props, e.param)
	if err != nil {
		return err
	}
	edge, err := x.tx.CreateEdge(ends[0], ends[1], e.types[0], props)
	if err != nil {
		return err
	}
	x.stats.RelationshipsCreated++
	row[e.slot] = edge
	return nil
}

func newProperties(x *run, row []any, props *mapOf, param *parameter) (map[string]any, error) {
	switch {
	case props != nil:
		return props.evalMap(x, row)
	case param == nil:
		return nil, nil
	}
	value, err := param.eval(x, row)
	if err != nil {
		return nil, err
	}
	m, ok := value.(map[string]any)
	if !ok {
		return nil, failed("Parameter $%s must be a map of properties, not %s.", param.name, typeName(value))
	}
	return m, nil
}
