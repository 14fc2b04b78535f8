package clients

import (
	"context"
	"time"

	"memgraph-controller/e2e/workload"
)

// Crew is clients that work together.
type Crew []Client

// History is what they saw so far. It is a copy.
func (c Crew) History() (workload.History, error) {
	var all []workload.History
	for _, client := range c {
		all = append(all, client.History())
	}
	return workload.Merge(all...)
}

// Acknowledged counts their acknowledged writes so far.
func (c Crew) Acknowledged() (n int) {
	for _, client := range c {
		n += client.Acknowledged()
	}
	return n
}

// Rate is how many writes per second were acknowledged within the time to come.
func (c Crew) Rate(ctx context.Context, within time.Duration) (float64, error) {
	before, since := c.Acknowledged(), time.Now()
	select {
	case <-time.After(within):
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	return float64(c.Acknowledged()-before) / time.Since(since).Seconds(), nil
}

// Stop stops them; see Stop.
func (c Crew) Stop(ctx context.Context) (workload.History, error) { return Stop(ctx, c...) }
