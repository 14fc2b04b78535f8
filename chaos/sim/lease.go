package sim

import (
	"context"
	"sync"
	"time"

	"memgraph-controller/controller"
)

// The times of the election, as in controller/kube; followers look at the lease
// instead of watching it.
const (
	leaseDuration = 2500 * time.Millisecond
	leaseRenew    = time.Second
	leaseTimeout  = 600 * time.Millisecond
	leaseRetry    = 250 * time.Millisecond
)

// election is the lease as the API server has it.
type election struct {
	mu      sync.Mutex
	holder  *lease
	version int
}

// lease is one controller's part in the election.
type lease struct {
	plane *controlPlane

	mu    sync.Mutex
	until time.Time
	// The lease as it was last seen, and when it was first seen like that.
	holder  *lease
	version int
	since   time.Time
}

func newLease(p *controlPlane) *lease { return &lease{plane: p} }

// Until implements controller.Lease.
func (l *lease) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !time.Now().Before(l.until) {
		return time.Time{}
	}
	return l.until
}

// Leader implements controller.Lease.
func (l *lease) Leader() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == nil {
		return ""
	}
	return l.holder.plane.name
}

func (l *lease) run(ctx context.Context) {
	for pause := time.Duration(0); sleep(ctx, pause) == nil; {
		l.turn(ctx)
		pause = leaseRetry
		if !l.Until().IsZero() {
			pause = leaseRenew
		}
	}
}

// turn looks at the lease, and renews or takes it. Whoever took it and is not told so
// does not lead.
func (l *lease) turn(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, leaseTimeout)
	defer cancel()
	sent := time.Now()
	if l.ask(ctx, l.plane.reach, l.see) != nil || !l.mayTake() || l.ask(ctx, l.plane.request, l.take) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = sent.Add(leaseDuration)
}

// ask does something with the lease at the API server. What a watch would bring is no
// request.
func (l *lease) ask(ctx context.Context, at func(context.Context, func() error) error, do func(*election) error) error {
	return at(ctx, func() error {
		if err := sleep(ctx, l.plane.cluster.options.StoreLatency); err != nil {
			return err
		}
		e := l.plane.cluster.election
		e.mu.Lock()
		defer e.mu.Unlock()
		l.mu.Lock()
		defer l.mu.Unlock()
		return do(e)
	})
}

func (l *lease) see(e *election) error {
	if e.version != l.version || e.holder != l.holder {
		l.holder, l.version, l.since = e.holder, e.version, time.Now()
	}
	return nil
}

// mayTake tells whether nobody else holds the lease, as far as is known.
func (l *lease) mayTake() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holder == nil || l.holder == l || time.Since(l.since) >= leaseDuration
}

// take replaces the very version that was seen.
func (l *lease) take(e *election) error {
	switch {
	case !l.plane.alive():
		return errDead
	case e.version != l.version:
		return controller.ErrConflict
	}
	e.version++
	e.holder = l
	return l.see(e)
}
