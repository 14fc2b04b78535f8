package kube

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

func TestPhasesAreThoseOfTheTimeInQuestionByKind(t *testing.T) {
	since := time.Unix(1000, 0)
	failover := func(kind api.FailoverKind, started time.Time, took time.Duration) api.Failover {
		return api.Failover{Kind: kind, Started: started, Phases: []api.Phase{{Name: api.PhaseFence, Duration: api.Duration(took)}}}
	}
	got := phasesOf([]api.Failover{
		failover(api.KindFailover, since.Add(-time.Second), 1*time.Second),
		failover(api.KindFailover, since.Add(time.Second), 2*time.Second),
		failover(api.KindSwitchover, since.Add(time.Second), 3*time.Second),
		failover(api.KindFailover, since.Add(time.Minute), 4*time.Second),
	}, since)
	require.Equal(t, map[string]workload.Distribution{
		"failover fence": {2 * time.Second, 4 * time.Second}, "switchover fence": {3 * time.Second},
	}, got)
}
