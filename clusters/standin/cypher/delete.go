package cypher

import (
	"errors"

	"memgraph-controller/clusters/standin/graph"
)

// remove is DELETE or DETACH DELETE. Relationships of all rows go before nodes,
// so that a node goes whose relationships are deleted by the same clause.
type remove struct {
	writing
	detach bool
	items  []expr
}

func (c *remove) open(x *run, in cursor) cursor {
	var edges []*graph.Edge
	var vertices []*graph.Vertex
	collect := func(row []any) error {
		for _, item := range c.items {
			value, err := item.eval(x, row)
			if err != nil {
				return err
			}
			switch value := value.(type) {
			case nil:
			case *graph.Edge:
				edges = append(edges, value)
			case *graph.Vertex:
				vertices = append(vertices, value)
			default:
				return failed("Only nodes and relationships can be deleted, not %s.", typeName(value))
			}
		}
		return nil
	}
	return c.start(x, in, collect, func() error {
		if err := x.deleteEdges(edges); err != nil {
			return err
		}
		return x.deleteVertices(vertices, c.detach)
	})
}

// deleteEdges takes what is deleted already for done: rows repeat.
func (x *run) deleteEdges(edges []*graph.Edge) error {
	for _, e := range edges {
		switch err := x.tx.DeleteEdge(e); {
		case err == nil:
			x.stats.RelationshipsDeleted++
		case !errors.Is(err, graph.ErrDeleted):
			return err
		}
		if err := x.step(); err != nil {
			return err
		}
	}
	return nil
}

func (x *run) deleteVertices(vertices []*graph.Vertex, detach bool) error {
	for _, v := range vertices {
		edges, err := 0, error(nil)
		if detach {
			edges, err = x.tx.DetachDelete(v)
		} else {
			err = x.tx.DeleteVertex(v)
		}
		switch {
		case err == nil:
			x.stats.NodesDeleted++
			x.stats.RelationshipsDeleted += int64(edges)
		case !errors.Is(err, graph.ErrDeleted):
			return err
		}
		if err := x.step(); err != nil {
			return err
		}
	}
	return nil
}
