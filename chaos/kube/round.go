package kube

import (
	"context"
	"errors"
	"fmt"
	"time"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	"memgraph-controller/controller/api"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

const (
	// actsWithin is how long a fault may take until it is seen to act, and
	// goneWithin until nothing is left of it: a node boots, a container waits for
	// the kubelet's patience with one that died before.
	actsWithin = 20 * time.Second
	goneWithin = 3 * time.Minute
	// servedWithin ends the wait for clients to be served again. What is promised
	// is judged by the gap.
	servedWithin = 60 * time.Second
)

// round runs one case. The error says why it did not pass.
func (e *engine) round(ctx context.Context, c *crew, one Case) (r figures.Round, err error) {
	r = figures.Round{Fault: one.Fault.Name(), Way: wayOf(one.Fault), Hold: one.Hold.Seconds(), Number: e.rounds + 1, Began: time.Now(), Verdict: figures.Passed}
	if err := one.Fault.Prepare(ctx); err != nil {
		return r, errors.Join(fmt.Errorf("prepare: %w", err), one.Fault.Heal(context.WithoutCancel(ctx)))
	}
	if err := e.ready(ctx, c, one); err != nil {
		r.Verdict, r.Why = figures.Void, err.Error()
		return r, errors.Join(err, one.Fault.Heal(context.WithoutCancel(ctx)))
	}
	before, err := e.release.Status(ctx)
	if err != nil {
		return r, err
	}
	r.Began = time.Now()
	acted, err := e.suffer(ctx, one)
	r.Acted = acted.Seconds()
	if errors.Is(err, errNoEffect) || errors.Is(err, fault.ErrMissed) {
		r.Verdict, r.Why = figures.Void, err.Error()
	}
	after, healing := e.heal(ctx, c)
	r.Whole = time.Since(r.Began).Seconds()
	if err := errors.Join(err, healing); err != nil {
		return r, err
	}
	return r, e.measure(ctx, c, one, &r, before, after)
}

// ready waits until the clients work at their rate, on a release that is whole.
func (e *engine) ready(ctx context.Context, c *crew, one Case) error {
	if one.Settle {
		if _, err := e.release.AwaitWhole(ctx); err != nil {
			return err
		}
	}
	return c.steady(ctx)
}

// errNoEffect makes a round void.
var errNoEffect = errors.New("the fault was not seen to act")

// suffer injects a fault, sees it act, leaves it to act and takes it back, whatever
// happens meanwhile. It returns how long the fault took to act.
func (e *engine) suffer(ctx context.Context, one Case) (acted time.Duration, err error) {
	began := time.Now()
	defer func() {
		err = errors.Join(err, one.Fault.Heal(context.WithoutCancel(ctx)), cluster.Await(context.WithoutCancel(ctx), one.Fault.Name()+" is healed", goneWithin, one.Fault.Healed))
	}()
	if err := one.Fault.Inject(ctx); err != nil {
		return 0, fmt.Errorf("inject: %w", err)
	}
	if one.Hold > 0 && one.Hold < time.Second {
		// Too short to look meanwhile: what acts for that long is seen in the end.
		if err := cluster.Pass(ctx, one.Hold); err != nil {
			return 0, err
		}
	}
	if err := cluster.Await(ctx, one.Fault.Name()+" acts", actsWithin, one.Fault.Injected); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoEffect, err)
	}
	acted = time.Since(began)
	if left := one.Hold - acted; left > 0 {
		return acted, cluster.Pass(ctx, left)
	}
	return acted, nil
}

// heal waits until clients are served and the release is whole, and returns what a
// controller says then.
func (e *engine) heal(ctx context.Context, c *crew) (api.Status, error) {
	before := c.Acknowledged()
	err := cluster.Await(ctx, "clients are served", servedWithin, func(context.Context) error {
		if n := c.Acknowledged() - before; n < 20 {
			return fmt.Errorf("%d writes were acknowledged after the fault", n)
		}
		return nil
	})
	status, whole := e.release.AwaitWhole(ctx)
	if whole != nil {
		return status, errors.Join(errBroken, whole, err)
	}
	return status, err
}

// measure fills in what was seen of a round that is over, and returns what was
// promised and not kept.
func (e *engine) measure(ctx context.Context, c *crew, one Case, r *figures.Round, before, after api.Status) error {
	now := time.Now()
	history, err := c.History()
	if err != nil {
		return err
	}
	held, err := e.release.IDs(ctx, after.Record.Main)
	if err != nil {
		return err
	}
	from := r.Began.Add(-100 * time.Millisecond)
	r.WriteGap, r.ReadGap = history.Gap(from, now).Seconds(), figures.ReadGap(history, from, now).Seconds()
	fill(r, figures.Between(history, from, now))
	list, err := e.timelines(ctx, from)
	if err != nil {
		return err
	}
	count(r, list)
	if len(r.Failovers) == 0 && before.Record.Main != after.Record.Main {
		// The leader that led it is gone, and with it what it knew.
		r.Failovers = []figures.Failover{{Kind: "failover", Reason: "leader lost", From: before.Record.Main, To: after.Record.Main}}
	}
	r.Bound = figures.InFlight(history, from, now) * (1 + len(r.Failovers))
	r.Diverged = diverged(after, from)
	lost := figures.Lost(history, held)
	r.Lost = len(lost)
	return verdict(one, r, lost)
}

// fill counts what clients saw in the time of a round.
func fill(r *figures.Round, h workload.History) {
	r.Acknowledged, r.Unknown = h.Acknowledged(), h.Unknown()
	r.Connections, r.ConnectionsFailed = len(h.Connections), len(h.FailedConnections())
	r.ManagedErrors = h.ManagedErrors()
}

// verdict is what a round did not keep of its promises; nil: nothing.
func verdict(one Case, r *figures.Round, lost []workload.Write) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(lost) > 0 {
		fail("%d acknowledged writes are lost, the first one %d of %s at %s", len(lost), lost[0].ID, lost[0].Client, lost[0].End.Format(time.StampMilli))
	}
	if r.Unknown > r.Bound {
		fail("%d writes are of unknown outcome, more than the %d commits in flight", r.Unknown, r.Bound)
	}
	if one.Gap > 0 && r.WriteGap > one.Gap.Seconds() {
		fail("%.2f s without an acknowledged write, more than %s", r.WriteGap, one.Gap)
	}
	switch {
	case one.Outcome == Failover && len(r.Failovers) == 0 && !r.Returned:
		fail("nobody else became the main")
	case one.Outcome == Stay && len(r.Failovers) > 0:
		r.False = len(r.Failovers)
		fail("false failover")
	}
	return errors.Join(errs...)
}
