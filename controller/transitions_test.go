package controller

import (
	"slices"
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

// Whoever asked for a switchover learns that there is none, and why.
func TestRequestThatIsGivenUpIsATransition(t *testing.T) {
	asked := topology.Record{Epoch: 9, Main: "a", Voter: "b", Gate: topology.GateOpen, Request: &topology.Request{Target: "c"}}
	paused := asked
	paused.Epoch, paused.Gate, paused.Plan = 10, topology.GatePaused, topology.PlanSwitchover
	open := topology.Record{Epoch: 11, Main: "a", Voter: "b", Gate: topology.GateOpen}
	crowned := topology.Record{Epoch: 11, Heir: "c", From: "a", Gate: topology.GateClosed, Plan: topology.PlanSwitchover}
	refused := open
	refused.Epoch = asked.Epoch
	require.True(t, gaveUp(asked, refused))
	require.Equal(t, api.TransitionGivenUp, kindOf(paused, open), "given up in the pause for it")
	require.False(t, gaveUp(asked, paused))
	require.False(t, gaveUp(paused, crowned), "it is being done")
	require.False(t, gaveUp(open, open), "nobody asked")
}

func TestRefusedRequestIsTold(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		target := r.third(before)
		r.fleet.kill(target)
		dead := func(i api.Instance) bool { return i.Name == target && i.Health == topology.HealthDead }
		for !slices.ContainsFunc(r.Status().Instances, dead) {
			time.Sleep(tick)
		}
		_, err := r.Switchover(t.Context(), api.SwitchoverRequest{Target: target, By: "ann"})
		require.NoError(t, err)
		var told api.Transition
		r.until("the refusal is told", func(topology.Record) bool {
			told = last(r.Status().Transitions)
			return told.Kind == api.TransitionGivenUp
		})
		require.Contains(t, told.Text, target+" is not fit to be main: it does not answer")
	})
}

func last(list []api.Transition) api.Transition { return list[len(list)-1] }

// third is neither main nor voter.
func (r running) third(record topology.Record) string {
	for _, i := range r.Status().Instances {
		if i.Name != record.Main && i.Name != record.Voter {
			return i.Name
		}
	}
	return ""
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
