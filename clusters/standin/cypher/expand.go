package cypher

import (
	"memgraph-controller/clusters/standin/graph"
)

// expand goes from a known vertex along its edges.
type expand struct {
	sc                 *scope
	from, edge, to     int
	edgeKnown, toKnown bool
	direction          graph.Direction
	types, labels      []string
	others             []int // edges of the same clause, which must differ
	conditions         []expr
}

func (s *expand) open(x *run, in cursor) cursor { return &expandRows{expand: s, x: x, in: in} }

type expandRows struct {
	*expand
	x     *run
	in    cursor
	row   []any
	at    *graph.Vertex
	edges *graph.Edges // nil: take the next row
}

func (c *expandRows) next() ([]any, error) {
	for {
		e, err := c.candidate()
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		if err := c.x.step(); err != nil {
			return nil, err
		}
		row, err := c.follow(e)
		if err != nil {
			return nil, err
		}
		if row == nil {
			continue
		}
		if ok, err := c.x.holds(row, c.conditions); ok || err != nil {
			return row, err
		}
	}
}

// candidate returns the next edge to look at; nil if there is to be another
// try.
func (c *expandRows) candidate() (*graph.Edge, error) {
	if c.edges != nil {
		e := c.edges.Next()
		if e == nil {
			c.edges = nil
		}
		return e, nil
	}
	row, err := c.in.next()
	if err != nil {
		return nil, err
	}
	c.row = row
	if c.at, err = vertexAt(row, c.from); c.at == nil || err != nil {
		return nil, err
	}
	c.edges = c.x.tx.Expand(c.at, c.direction, c.types...)
	return nil, nil
}

// follow returns the row with the edge and its other end, or nil where they do
// not fit.
func (c *expandRows) follow(e *graph.Edge) ([]any, error) {
	end := e.To()
	if e.From() != c.at {
		end = e.From()
	}
	if c.edgeKnown && c.row[c.edge] != any(e) || c.toKnown && c.row[c.to] != any(end) {
		return nil, nil
	}
	for _, other := range c.others {
		if c.row[other] == any(e) {
			return nil, nil
		}
	}
	if ok, err := c.x.hasLabels(end, c.labels); !ok || err != nil {
		return nil, err
	}
	row := c.sc.newRow(c.row)
	row[c.edge], row[c.to] = e, end
	return row, nil
}
