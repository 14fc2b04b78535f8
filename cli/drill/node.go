package drill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/controller/memgraph"
)

// Label is that of the node that a drill writes to.
const Label = "MemgraphDrill"

// removedWithin is how long removing the node is tried for.
const removedWithin = 15 * time.Second

// errNodeGone: an acknowledged write is not there.
var errNodeGone = errors.New("the node of the drill is not there")

// node is the one node that is written to. Every write is tried once: the next one
// tells as much. Its id is the same on every instance: replication carries it.
type node struct {
	created bool
	// doubtful: an attempt to make it ended without an answer, so there may be two.
	doubtful bool
	// checked: what was acknowledged was there; only its removal is left.
	checked bool
	id      int64
	// tried and acknowledged are the newest values.
	tried, acknowledged int64
}

// write makes the node, or sets it to the next value.
func (n *node) write(ctx context.Context, link memgraph.Link) error {
	if !n.created {
		rows, err := link.Run(ctx, "CREATE (n:"+Label+" {count: 0}) RETURN id(n) AS id")
		if err != nil {
			n.doubtful = n.doubtful || !answered(err)
			return err
		}
		id, err := number(rows, "id")
		n.id, n.created = id, err == nil
		return err
	}
	n.tried++
	value := n.tried
	if _, err := n.run(ctx, link, fmt.Sprintf("SET n.count = %d RETURN n.count AS count", value)); err != nil {
		return err
	}
	n.acknowledged = value
	return nil
}

// run does something to the node, which has to be there.
func (n *node) run(ctx context.Context, link memgraph.Link, what string) (int64, error) {
	rows, err := link.Run(ctx, fmt.Sprintf("MATCH (n:%s) WHERE id(n) = %d %s", Label, n.id, what))
	if err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, errNodeGone
	}
	return number(rows, "count")
}

func number(rows []map[string]any, column string) (int64, error) {
	if len(rows) == 1 {
		if value, ok := rows[0][column].(int64); ok {
			return value, nil
		}
	}
	return 0, fmt.Errorf("the database answered %v instead of a number %q", rows, column)
}

// byHand is how a person removes what a drill left.
const byHand = "do so with 'MATCH (n:" + Label + ") DELETE n' at the write gateway"

// clean checks that the last acknowledged write is there, and removes the node. It
// goes on after the drill was interrupted: nothing is to be left.
func (c *client) clean(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removedWithin)
	defer cancel()
	for c.node.created {
		err := c.cleanOnce(ctx)
		if errors.Is(err, errWriteLost) {
			return err
		}
		if err == nil {
			break
		}
		sleep(ctx, newcomerEvery)
		if ctx.Err() != nil {
			return fmt.Errorf("the node of the drill could not be checked and removed (%w): %s", err, byHand)
		}
	}
	if c.node.doubtful {
		return errors.New("making the node of the drill was once not answered, and one may be left to remove: " + byHand)
	}
	return nil
}

// errWriteLost: what was acknowledged is gone.
var errWriteLost = errors.New("AN ACKNOWLEDGED WRITE IS LOST")

func (c *client) cleanOnce(ctx context.Context) error {
	link := c.gateway.Dial()
	defer link.Close(ctx)
	if !c.node.checked {
		value, err := c.node.run(ctx, link, "RETURN n.count AS count")
		switch {
		case errors.Is(err, errNodeGone):
			return fmt.Errorf("%w: %w", errWriteLost, err)
		case err != nil:
			return err
		case value < c.node.acknowledged:
			return fmt.Errorf("%w: %d was acknowledged, and %d is there", errWriteLost, c.node.acknowledged, value)
		}
		c.node.checked = true
	}
	_, err := link.Run(ctx, fmt.Sprintf("MATCH (n:%s) WHERE id(n) = %d DELETE n", Label, c.node.id))
	return err
}
