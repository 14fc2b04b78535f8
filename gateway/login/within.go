package login

import (
	"context"
	"net"
	"time"
)

// within runs do, in which reading and writing end at a time or with ctx, whose error is
// the result then. No deadline is left behind.
func within(ctx context.Context, until time.Time, do func() error, conns ...net.Conn) error {
	limit := func(at time.Time) {
		for _, conn := range conns {
			_ = conn.SetDeadline(at)
		}
	}
	limit(until)
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		limit(time.Unix(1, 0))
	})
	err := do()
	if !stop() {
		<-interrupted
	}
	limit(time.Time{})
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
