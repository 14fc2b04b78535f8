package cypher

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"memgraph-controller/clusters/standin/graph"
)

// run is one execution of a statement.
type run struct {
	ctx     context.Context
	tx      *graph.Tx
	params  map[string]any
	now     time.Time
	stats   Stats
	writers []*writer
	steps   int
}

// cursor yields rows until io.EOF.
type cursor interface{ next() ([]any, error) }

// clause is a parsed part of a statement: it turns rows into rows. It is
// immutable, the cursors are not.
type clause interface {
	open(x *run, in cursor) cursor
}

// step is called for every row or candidate that costs work, so that a
// statement ends soon after its context does.
func (x *run) step() error {
	x.steps++
	if x.steps%128 == 0 {
		return x.ctx.Err()
	}
	return nil
}

func (x *run) hasLabels(v *graph.Vertex, labels []string) (bool, error) {
	if len(labels) == 0 {
		return true, nil
	}
	have, err := x.tx.Labels(v)
	if err != nil {
		return false, failed("Trying to get labels from a deleted node.")
	}
	for _, label := range labels {
		if !slices.Contains(have, label) {
			return false, nil
		}
	}
	return true, nil
}

// holds reports whether all conditions are true; null is not.
func (x *run) holds(row []any, conditions []expr) (bool, error) {
	for _, condition := range conditions {
		value, err := condition.eval(x, row)
		if err != nil {
			return false, err
		}
		switch value {
		case true:
		case nil, false:
			return false, nil
		default:
			return false, failed("Filter expression must evaluate to bool or null, got %s.", typeName(value))
		}
	}
	return true, nil
}

// once is a cursor over one row.
type once struct {
	row  []any
	done bool
}

func (c *once) next() ([]any, error) {
	if c.done {
		return nil, io.EOF
	}
	c.done = true
	return c.row, nil
}

// rowList is a cursor over rows that are there already.
type rowList struct{ rows [][]any }

func (c *rowList) next() ([]any, error) {
	if len(c.rows) == 0 {
		return nil, io.EOF
	}
	row := c.rows[0]
	c.rows = c.rows[1:]
	return row, nil
}

// drain calls take for every row that is left.
func drain(c cursor, take func(row []any) error) error {
	for {
		row, err := c.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(row); err != nil {
			return err
		}
	}
}
