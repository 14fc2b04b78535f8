package memgraph

import (
	"context"
	"fmt"
	"strings"
)

// markLabel is reserved: no node carries it.
const markLabel = "__memgraph_controller"

// Mark runs the marker transaction: it creates an index on a reserved label and
// drops it, which leaves no user data. At least one transaction of the current
// epoch has then reached every replica that is in sync; an epoch without one
// does not clean a history (memgraph-observed 1.1). An index that a crash
// between the two left behind does not disturb: then the DROP is the marker.
//
// An error of a STRICT_SYNC replica that is not ready yet is tried again until
// ctx ends, and then is wrapped by ErrBusy.
func (c *Client) Mark(ctx context.Context) error {
	return c.call(ctx, "mark the epoch on "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		if err := c.index(ctx, "CREATE", "already exist"); err != nil {
			return err
		}
		return c.index(ctx, "DROP", "exist")
	})
}

// index runs CREATE or DROP INDEX. Up to now the server answers with a
// notification when there is nothing to do; should it refuse, that is no error
// either, for the other of the two statements is the marker then.
func (c *Client) index(ctx context.Context, verb, nothingToDo string) error {
	return c.retry(ctx, func(ctx context.Context) error {
		_, err := c.statement(ctx, fmt.Sprintf("%s INDEX ON :%s", verb, markLabel))
		if failure := refused(err); failure != nil && strings.Contains(strings.ToLower(failure.Text), nothingToDo) {
			return nil
		}
		return passing(err)
	})
}
