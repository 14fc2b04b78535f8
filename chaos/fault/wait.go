package fault

import (
	"context"
	"time"
)

// lookEvery is the time between two looks at something that takes a while.
const lookEvery = 100 * time.Millisecond

// wait lets a time pass, or ctx end.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
