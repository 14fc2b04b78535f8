package kube

import (
	"context"
	"fmt"
	"time"

	cluster "memgraph-controller/e2e/kube"
)

// poll is how often the suite looks. Each look at a node is a process on two busy
// cores.
const poll = 200 * time.Millisecond

// until asks until there is no error, or returns the last one when the time is over.
func until(ctx context.Context, within time.Duration, met func(context.Context) error) error {
	for deadline := time.Now().Add(within); ; {
		err := met(ctx)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("not within %s: %w", within, err)
		}
		if err := cluster.Pass(ctx, poll); err != nil {
			return err
		}
	}
}
