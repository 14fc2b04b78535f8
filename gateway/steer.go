package gateway

import (
	"context"
	"time"
)

// steer does what takes time: it looks at everything that is due, sleeps until
// the next thing is or until it is roused, and looks again. It keeps nothing in
// mind between two looks, so rousing it once too often does no harm.
func (g *Gateway) steer(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.wake:
		case <-timer.C:
		}
		now := time.Now()
		next := earliest(g.isolate(now), g.settle(now), g.tend(ctx, now))
		if next.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(next.Sub(now))
		}
	}
}

// earliest returns the first of the times that are not zero.
func earliest(times ...time.Time) (first time.Time) {
	for _, t := range times {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	return first
}
