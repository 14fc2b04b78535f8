package kube

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// What a controller may cost while nothing happens, with three instances.
const (
	idleCPU      = 0.02     // of a core
	idleMemory   = 64 << 20 // bytes
	idleRequests = 3.0      // per second at the API server
)

func TestIdleClusterCostsLittle(t *testing.T) {
	scenario(t, "a controller that has nothing to do does little", func(ctx context.Context, s *Scenario) {
		remove, err := s.Meter(ctx)
		require.NoError(s, err)
		s.Cleanup(func() {
			if err := remove(context.WithoutCancel(ctx)); err != nil {
				s.Errorf("remove the meter: %v", err)
			}
		})
		s.Eventually(ctx, "requests are counted", 30*time.Second, func(ctx context.Context) error {
			n, err := s.Requests(ctx)
			if err == nil && n == 0 {
				err = errors.New("none was")
			}
			return err
		})
		over := time.Minute
		if s.Full {
			over = 5 * time.Minute
		}
		requests, costs, began := s.spent(ctx), s.costs(ctx), time.Now()
		s.pass(ctx, over)
		lasted := time.Since(began)
		after := s.costs(ctx)
		rate := float64(s.spent(ctx)-requests) / lasted.Seconds() / float64(len(costs))
		s.Whole(ctx, s)
		for name, before := range costs {
			now, same := after[name]
			if !same || now.CPU < before.CPU {
				s.Void("controller %s was restarted meanwhile", name)
			}
			share := (now.CPU - before.CPU).Seconds() / lasted.Seconds()
			s.Logf("%s: %.2f %% of a core, %.1f MiB, over %s", name, 100*share, float64(now.Memory)/(1<<20), lasted.Round(time.Second))
			s.Count(name+" CPU in 1/10000 of a core", int(share*10000))
			s.Count(name+" memory in KiB", int(now.Memory>>10))
			assert.Less(s, share, idleCPU, "CPU of %s", name)
			assert.Less(s, now.Memory, int64(idleMemory), "memory of %s", name)
		}
		s.Logf("%.2f requests per second and controller at the API server", rate)
		s.Count("API requests in 1/1000 per second", int(rate*1000))
		if rate == 0 {
			s.Void("no request was counted")
		}
		assert.Less(s, rate, idleRequests, "requests per second of one controller")
	})
}

func (s *Scenario) spent(ctx context.Context) int {
	s.Helper()
	n, err := s.Requests(ctx)
	require.NoError(s, err)
	return n
}

// costs is what each controller has used so far.
func (s *Scenario) costs(ctx context.Context) map[string]node.Cost {
	s.Helper()
	pods, err := s.Pods(ctx, s.Controllers)
	require.NoError(s, err)
	require.NotEmpty(s, pods)
	costs := map[string]node.Cost{}
	for i := range pods {
		process, err := fleet.Process(ctx, &pods[i], fleet.Controller)
		require.NoError(s, err)
		costs[pods[i].Name], err = process.Cost(ctx)
		require.NoError(s, err)
	}
	return costs
}
