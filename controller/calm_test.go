package controller

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

func TestControllerThatDoesNotLeadAsksLessWhileAllIsWell(t *testing.T) {
	o := &observer{detection: BalancedDetection(), now: time.Now, leading: new(atomic.Bool)}
	every := o.detection.ProbeInterval
	require.Equal(t, calm*every, o.interval())
	o.seen.probe.Failures = 1
	require.Equal(t, every, o.interval(), "its evidence is needed")
	o.seen.probe.Failures = 0
	o.leading.Store(true)
	require.Equal(t, every, o.interval())
}

func TestReadsHaveMoreTimeToEndBeforeAPlannedChangeThanBeforeAFailover(t *testing.T) {
	limit := func(plan topology.Plan) time.Duration {
		c := &Controller{record: topology.Record{Epoch: 1, Plan: plan}}
		return c.readRoute(topology.View{}).LeaveWithin
	}
	for _, plan := range []topology.Plan{topology.PlanNone, topology.PlanSwitchover, topology.PlanRefresh, topology.PlanVoter} {
		require.Equal(t, plannedReadDrain, limit(plan), plan)
	}
	for _, plan := range []topology.Plan{topology.PlanFailover, topology.PlanHandover, topology.PlanReturn} {
		require.Zero(t, limit(plan), "%s waits for what the gateway is configured with", plan)
	}
}

func TestDeadVoterIsDroppedWhereItsAddressRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Voter)
		r.until("another voter", func(record topology.Record) bool {
			return record.Gate == topology.GateOpen && record.Voter != "" && record.Voter != before.Voter
		})
		require.Contains(t, r.fleet.called(), "drop "+before.Voter+" at "+before.Main)
	})
}

// The address of a pod that is gone swallows packets, and DROP would kill the main.
func TestDeadVoterIsNotDroppedWhereItsAddressIsSilent(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.change(before.Voter, func(d *fakeDatabase) { d.process.Dead, d.silent = true, true })
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.NotContains(t, r.fleet.called(), "drop "+before.Voter+" at "+before.Main)
	})
}
