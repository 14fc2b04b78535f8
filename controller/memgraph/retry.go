package memgraph

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A commit holds the lock for about a millisecond, so the first retries come
// soon; under full load 1 to 6 tries were needed (memgraph-observed 1.6).
const (
	firstPause   = 10 * time.Millisecond
	longestPause = 100 * time.Millisecond
)

// again in an error tells retry that what failed may pass.
type again struct{ *Failure }

func (a again) Unwrap() error { return a.Failure }

// retry calls try until it succeeds, fails with something else than again, or
// ctx ends; the last again is then wrapped by ErrBusy.
func (c *Client) retry(ctx context.Context, try func(context.Context) error) error {
	var last error
	for tries, pause := 1, firstPause; ; tries, pause = tries+1, min(2*pause, longestPause) {
		err := try(ctx)
		var refusal again
		switch {
		case errors.As(err, &refusal):
			last = refusal.Failure
		case last != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
			// It ran out of time in the middle of a try; what matters is why.
		default:
			return err
		}
		c.log.Debug("refused, trying again", "refusal", last, "tries", tries)
		if !c.sleep(ctx, pause) {
			return fmt.Errorf("%w (%d tries): %w", ErrBusy, tries, last)
		}
	}
}

// sleep waits for between a half and the whole of pause; false when ctx ended.
func (c *Client) sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause/2 + time.Duration(c.config.Rand()*float64(pause/2)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing marks a refusal that waiting may cure for retry; every other error
// stays as it is.
func passing(err error) error {
	if failure := refused(err); failure != nil && failure.passing() {
		return again{failure}
	}
	return err
}
