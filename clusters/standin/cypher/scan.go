package cypher

import (
	"memgraph-controller/clusters/standin/graph"
)

// bound is a condition on a property of the vertex a scan looks for, which may
// let it use an index: vertex.key op value.
type bound struct {
	key   string
	op    string // =, <, <=, > or >=
	value expr
}

// bounds finds what is known of a vertex before it is found.
func (m *matcher) bounds(slot int) []bound {
	var found []bound
	for _, condition := range m.conditions {
		c, ok := condition.(*comparison)
		if !ok || c.op == "<>" {
			continue
		}
		if key, ok := propertyAt(c.a, slot); ok && m.knows(c.b) {
			found = append(found, bound{key: key, op: c.op, value: c.b})
		} else if key, ok := propertyAt(c.b, slot); ok && m.knows(c.a) {
			found = append(found, bound{key: key, op: mirrored(c.op), value: c.a})
		}
	}
	return found
}

// propertyAt recognises a property of the variable at that place.
func propertyAt(e expr, slot int) (key string, ok bool) {
	p, ok := e.(*property)
	if !ok {
		return "", false
	}
	switch of := p.of.(type) {
	case *variable:
		return p.key, of.slot == slot
	case *placed:
		return p.key, of.slot == slot
	}
	return "", false
}

func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}

// scan finds vertices, or checks one that is known.
type scan struct {
	sc         *scope
	slot       int
	known      bool
	labels     []string
	bounds     []bound
	conditions []expr
}

func (s *scan) open(x *run, in cursor) cursor { return &scanRows{scan: s, x: x, in: in} }

type scanRows struct {
	*scan
	x        *run
	in       cursor
	row      []any
	vertices *graph.Vertices // nil: take the next row
}

func (c *scanRows) next() ([]any, error) {
	for {
		v, err := c.candidate()
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if err := c.x.step(); err != nil {
			return nil, err
		}
		if ok, err := c.x.hasLabels(v, c.labels); err != nil {
			return nil, err
		} else if !ok {
			continue
		}
		row := c.sc.newRow(c.row)
		row[c.slot] = v
		if ok, err := c.x.holds(row, c.conditions); ok || err != nil {
			return row, err
		}
	}
}

// candidate returns the next vertex to look at; nil if there is to be another
// try.
func (c *scanRows) candidate() (*graph.Vertex, error) {
	if c.vertices != nil {
		v := c.vertices.Next()
		if v == nil {
			c.vertices = nil
		}
		return v, nil
	}
	row, err := c.in.next()
	if err != nil {
		return nil, err
	}
	c.row = row
	if c.known {
		return vertexAt(row, c.slot)
	}
	filter, possible, err := c.filter(row)
	if possible {
		c.vertices = c.x.tx.Scan(filter)
	}
	return nil, err
}

// vertexAt returns the vertex in a row, or nil for null.
func vertexAt(row []any, slot int) (*graph.Vertex, error) {
	switch v := row[slot].(type) {
	case nil:
		return nil, nil
	case *graph.Vertex:
		return v, nil
	default:
		return nil, failed("Expected a node in the pattern, got %s.", typeName(v))
	}
}

// filter chooses how to search: by an index on an equality, by an index on a
// range, by any equality, by a label. possible is false where a bound is null.
func (c *scanRows) filter(row []any) (f graph.Filter, possible bool, err error) {
	best := -1
	for _, label := range c.labels {
		for i, b := range c.bounds {
			rank := 0
			if c.x.tx.HasIndex(label, b.key) {
				rank = 2
			}
			if b.op == "=" {
				rank++
			}
			if rank > best {
				best = rank
				f = graph.Filter{Label: label, Property: c.bounds[i].key}
			}
		}
	}
	if best < 0 {
		return c.labelFilter(), true, nil
	}
	for _, b := range c.bounds {
		if b.key != f.Property {
			continue
		}
		value, err := b.value.eval(c.x, row)
		if value == nil || err != nil {
			return f, false, err
		}
		narrow(&f, b.op, value)
	}
	return f, true, nil
}

// narrow adds a bound to a filter. Every condition is checked again on what the
// scan returns, so of two bounds on the same side any will do.
func narrow(f *graph.Filter, op string, value any) {
	end := graph.Bound{Value: value, Open: op == "<" || op == ">"}
	switch op {
	case "=":
		f.Min, f.Max = end, end
	case "<", "<=":
		f.Max = end
	default:
		f.Min = end
	}
}

func (c *scanRows) labelFilter() graph.Filter {
	for _, label := range c.labels {
		if c.x.tx.HasIndex(label) {
			return graph.Filter{Label: label}
		}
	}
	if len(c.labels) > 0 {
		return graph.Filter{Label: c.labels[0]}
	}
	return graph.Filter{}
}

// placed is a variable without a name.
type placed struct{ slot int }

func (e *placed) eval(_ *run, row []any) (any, error) { return row[e.slot], nil }
func (e *placed) children() []expr                    { return nil }
