package kube

import (
	"context"
	"time"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/controller/api"
)

const (
	// tookWithin is how long a fault may take until it is seen to have had effect,
	// and until nothing is left of it: a rollout takes all pods of a StatefulSet,
	// one after the other.
	tookWithin = 6 * time.Minute
	// overWithin is how long clients may have to wait. What is promised is far
	// less and is judged from their side; this only ends the wait.
	overWithin = 60 * time.Second
)

// Target is the release as something that faults are done to.
func (r *Release) Target() fault.Target {
	return fault.Target{Fleet: r.Fleet, ControlPlane: r.ControlPlane(), Status: r.Status}
}

// Round injects one fault while the load goes on, waits until the release is
// whole again, and keeps the longest time in which no write was acknowledged. over
// tells, by what a controller says, that clients are served again; it may be nil.
func (l *Load) Round(ctx context.Context, f fault.Fault, over func(api.Status) bool) {
	s := l.s
	s.Helper()
	check(s, f.Prepare(ctx), "prepare to "+f.Name())
	before := l.steady(ctx, l.rate, "before "+f.Name())
	began := time.Now()
	healed := false
	defer func() {
		if !healed { // the test ends early
			if err := f.Heal(context.WithoutCancel(ctx)); err != nil {
				s.Errorf("heal %s: %v", f.Name(), err)
			}
		}
	}()
	check(s, f.Inject(ctx), f.Name())
	s.took(ctx, f)
	if over != nil {
		s.Until(ctx, s, "clients are served after "+f.Name(), overWithin, over)
	}
	l.Acknowledged(ctx, 20, overWithin)
	check(s, f.Heal(ctx), "heal "+f.Name())
	healed = true
	s.Eventually(ctx, "nothing is left of "+f.Name(), tookWithin, f.Healed)
	s.Whole(ctx, s)
	l.steady(ctx, before, "after "+f.Name())
	gap := l.History().Gap(began.Add(-100*time.Millisecond), time.Now())
	s.Logf("%s: %s without an acknowledged write, whole after %s", f.Name(), gap.Round(time.Millisecond), time.Since(began).Round(time.Second))
	l.gaps = append(l.gaps, gap)
}

// took waits until a fault has taken effect. One that has none proves nothing.
func (s *Scenario) took(ctx context.Context, f fault.Fault) {
	s.Helper()
	if err := Await(ctx, f.Name()+" acts", tookWithin, f.Injected); err != nil {
		s.Void("%v", err)
	}
}

func check(s *Scenario, err error, what string) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", what, err)
	}
}
