package kube

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/fault"
)

const (
	// outage is how long the API server is away, and frozen how long it swallows
	// requests: a gateway that nobody vouches for falls silent after 1.5 s.
	outage = time.Minute
	frozen = 20 * time.Second
	// aftermath is how long the programs of Kubernetes may wait before they ask it
	// again: until then the network of a node keeps new pods out, as its policies
	// do not know them (45 s were seen), and the next test would judge that: right after
	// 20 s of silence clients reached none of three new controllers for half a minute.
	aftermath = time.Minute
)

func TestAPIServerIsStoppedForAMinute(t *testing.T) {
	scenario(t, "the data path does not notice and nobody is promoted", func(ctx context.Context, s *Scenario) {
		s.without(ctx, fault.StopAPIServer(s.Target()), outage)
		s.pass(ctx, aftermath)
	})
}

func TestAPIServerSwallowsRequests(t *testing.T) {
	scenario(t, "the data path does not notice and nobody is promoted", func(ctx context.Context, s *Scenario) {
		s.without(ctx, fault.FreezeAPIServer(s.Target()), frozen)
		s.pass(ctx, aftermath)
	})
}

// without takes the API server away under load, and judges that nobody notices.
func (s *Scenario) without(ctx context.Context, away fault.Fault, lasts time.Duration) {
	s.Helper()
	load := s.Load(ctx)
	before := s.Whole(ctx, s)
	check(s, away.Prepare(ctx), "prepare to "+away.Name())
	rate := load.steady(ctx, load.rate, "before the outage")
	began := time.Now()
	s.Cleanup(func() {
		if err := away.Heal(context.WithoutCancel(ctx)); err != nil {
			s.Errorf("heal %s: %v", away.Name(), err)
		}
	})
	check(s, away.Inject(ctx), away.Name())
	s.took(ctx, away)
	s.pass(ctx, lasts)
	if err := away.Injected(ctx); err != nil {
		s.Void("%s is over by itself: %v", away.Name(), err)
	}
	during := load.steady(ctx, rate, "during the outage")
	s.Logf("%.0f writes per second before the outage, %.0f at its end", rate, during)
	require.NoError(s, away.Heal(ctx))
	s.Eventually(ctx, "nothing is left of "+away.Name(), tookWithin, away.Healed)
	after := s.Whole(ctx, s)
	load.steady(ctx, rate, "after the outage")
	load.gaps = append(load.gaps, load.History().Gap(began, time.Now()))
	require.Equal(s, before.Record.Main, after.Record.Main, "the main")
	require.Equal(s, before.Record.Reign, after.Record.Reign, "somebody was promoted")
	load.Judge(ctx, Promise{Gap: time.Second, Connections: true, NoErrors: true, NoReseed: true})
}
