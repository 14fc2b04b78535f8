package cli

import (
	"context"
	"fmt"
	"time"

	"memgraph-controller/controller/api"
)

const (
	// followInterval is short against the fractions of a second that a
	// switchover takes, and nothing for the server.
	followInterval = 100 * time.Millisecond
	// forgotten is how often in a row a request may be neither pending nor under
	// way before it counts as dropped: it passes from one state to the other
	// between two looks.
	forgotten = 10
	// silentLooks is after how many looks without news it is said that it goes on.
	silentLooks = 50
)

// waitFlags say how long to wait for a request to be carried out.
type waitFlags struct {
	Wait    bool          `help:"Wait until it is done." default:"true" negatable:""`
	Timeout time.Duration `help:"How long to wait." default:"60s"`
}

// follower waits for one accepted request and prints how it goes on.
type follower struct {
	client   api.Client
	terminal *Terminal
	id       string
	// printed is how many phases were printed, reason the last reason for
	// waiting that was.
	printed int
	reason  string
	missing int
	// looks counts all, silent those since something was printed.
	looks, silent int
}

// follow waits until the request is done. It fails when the request ends any
// other way than completed.
func (w waitFlags) follow(ctx context.Context, client api.Client, terminal *Terminal, accepted api.Accepted) error {
	terminal.printf("%s\n", accepted.Message)
	if !w.Wait {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	f := &follower{client: client, terminal: terminal, id: accepted.ID}
	ticker := time.NewTicker(followInterval)
	defer ticker.Stop()
	for {
		done, err := f.look(bounded)
		if bounded.Err() != nil {
			return f.unfinished(ctx, w.Timeout)
		}
		if err != nil || done {
			return err
		}
		select {
		case <-bounded.Done():
		case <-ticker.C:
		}
	}
}

// unfinished is the error of whoever stops waiting before the end.
func (f *follower) unfinished(ctx context.Context, after time.Duration) error {
	why := "not done after " + after.String()
	if ctx.Err() != nil {
		why = "interrupted"
	}
	return fmt.Errorf("%s: the controller goes on with %s, see %s", why, f.id, f.terminal.call("status"))
}

// look asks once how far the request is.
func (f *follower) look(ctx context.Context) (done bool, err error) {
	f.looks++
	if f.silent++; f.silent == silentLooks {
		f.printf("  still under way after %s\n", followInterval*time.Duration(f.looks))
	}
	failovers, err := f.client.Failovers(ctx)
	if err != nil {
		return false, err
	}
	for _, failover := range failovers {
		if failover.ID == f.id {
			f.missing = 0
			return f.progress(failover)
		}
	}
	return false, f.pending(ctx)
}

// printf prints news.
func (f *follower) printf(format string, args ...any) {
	f.silent = 0
	f.terminal.printf(format, args...)
}

// progress prints the phases that have ended since the last look.
func (f *follower) progress(failover api.Failover) (done bool, err error) {
	for ; f.printed < len(failover.Phases); f.printed++ {
		phase := failover.Phases[f.printed]
		f.printf("  %-11s %s\n", phase.Name, short(time.Duration(phase.Duration)))
	}
	switch {
	case failover.Running():
		return false, nil
	case failover.Result == api.ResultCompleted:
		f.printf("%s is the main: %s in all, %d sessions cut, %d connections held\n", failover.To,
			short(failover.Finished.Sub(failover.Started)), failover.SessionsCut, failover.Held)
		return true, nil
	default:
		return false, fmt.Errorf("the %s was %s: %s", failover.Kind, failover.Result, failover.Detail)
	}
}

// pending prints why the request has not begun.
func (f *follower) pending(ctx context.Context) error {
	status, err := f.client.Status(ctx)
	if err != nil {
		return err
	}
	if request := status.Record.Request; request == nil || request.ID != f.id {
		if f.missing++; f.missing > forgotten {
			return fmt.Errorf("the controller gave the request up: %s", status.Routing.Decision.Reason)
		}
		return nil
	}
	f.missing = 0
	if reason := status.Routing.Decision.Reason; reason != f.reason {
		f.reason = reason
		f.printf("  waiting: %s\n", reason)
	}
	return nil
}
