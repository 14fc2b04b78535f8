package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

func TestTransitionsSayInOneWordWhatChanged(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Main)
		r.until("a failover", func(record topology.Record) bool {
			return record.Main == before.Voter && record.Gate == topology.GateOpen
		})
		var kinds []api.TransitionKind
		for _, t := range r.Status().Transitions {
			kinds = append(kinds, t.Kind)
		}
		require.Subset(t, kinds, []api.TransitionKind{"BootstrapBegun", "BootstrapDone", "FailoverBegun", "FailoverDone"})
	})
}

func TestQuarantineIsATransition(t *testing.T) {
	c := &Controller{config: Config{Now: time.Now}}
	healthy := topology.Record{Members: map[string]topology.Member{"a": {}, "b": {}}}
	ill := topology.Record{Members: map[string]topology.Member{"a": {}, "b": {Quarantined: &topology.Quarantine{Reason: "diverged"}}}}
	c.tellOfMembers(healthy, ill)
	c.tellOfMembers(ill, ill)
	c.tellOfMembers(ill, healthy)
	require.Len(t, c.transitions, 2)
	require.Equal(t, api.TransitionQuarantined, c.transitions[0].Kind)
	require.Contains(t, c.transitions[0].Text, "diverged")
	require.Equal(t, api.TransitionRejoined, c.transitions[1].Kind)
}
