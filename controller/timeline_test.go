package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// story drives a timeline through a failover with a clock of its own.
type story struct {
	timeline
	told   []api.Failover
	record topology.Record
	now    time.Time
	counts counts
}

func newStory() *story {
	s := &story{now: time.Unix(1000, 0), record: topology.Record{Epoch: 4, Main: "a", Voter: "b", Gate: topology.GateOpen}}
	s.ended = func(f api.Failover) { s.told = append(s.told, f) }
	return s
}

func (s *story) turnTo(after topology.Record, first time.Time) {
	after.Epoch = s.record.Epoch + 1
	view := topology.View{Instances: map[string]topology.Instance{"a": {Health: topology.HealthDead}}}
	s.turn(change{before: s.record, after: after, view: view, first: first}, s.counts, s.now)
	s.record = after
}

func (s *story) after(d time.Duration, do topology.Action) {
	s.now = s.now.Add(d)
	s.observe(topology.Step{Do: do}, s.counts.applied >= s.record.Epoch, s.counts, s.now)
}

func (s *story) applied() { s.counts.applied = s.record.Epoch }

func TestTimelineFilesAFailoverWithItsPhases(t *testing.T) {
	s := newStory()
	s.turnTo(topology.Record{Heir: "b", From: "a", Gate: topology.GateClosed, Plan: topology.PlanFailover}, s.now.Add(-40*time.Millisecond))
	s.after(5*time.Millisecond, topology.ActWait) // the gateways close
	s.counts.cut += 7
	s.applied()
	s.after(0, topology.ActPromote)
	s.after(100*time.Millisecond, topology.ActRegister)
	s.after(4*time.Millisecond, topology.ActWait)
	s.after(6*time.Millisecond, topology.ActRegister)
	s.after(2*time.Millisecond, topology.ActMark)
	s.after(3*time.Millisecond, topology.ActSave)
	s.turnTo(topology.Record{Main: "b", Voter: "c", Gate: topology.GateOpen}, time.Time{})
	opened := s.now
	require.Len(t, s.list(), 1)
	require.True(t, s.list()[0].Running(), "nobody has written yet")

	s.after(time.Millisecond, topology.ActWait)
	s.counts.released += 3
	s.applied()
	s.after(time.Millisecond, topology.ActWait)
	s.counts.firstAnswer = opened.Add(9 * time.Millisecond)
	s.after(20*time.Millisecond, topology.ActWait)

	require.Nil(t, s.running)
	require.Equal(t, s.filed, s.told)
	f := s.filed[0]
	require.Equal(t, api.KindFailover, f.Kind)
	require.Equal(t, api.ResultCompleted, f.Result)
	require.Equal(t, "dead", f.Reason)
	require.Equal(t, [2]string{"a", "b"}, [2]string{f.From, f.To})
	require.Equal(t, 7, f.SessionsCut)
	require.Equal(t, 3, f.Held)
	require.Equal(t, opened, f.Finished)
	got := map[api.PhaseName]time.Duration{}
	for _, p := range f.Phases {
		got[p.Name] = time.Duration(p.Duration)
	}
	ms := time.Millisecond
	require.Equal(t, map[api.PhaseName]time.Duration{
		api.PhaseDetect: 40 * ms, api.PhaseFence: 5 * ms, api.PhasePromote: 100 * ms, api.PhaseRegister: 6 * ms,
		api.PhaseVoter: 9 * ms, api.PhaseRoute: 2 * ms, api.PhaseFirstWrite: 9 * ms,
	}, got)
}

func TestTimelineFilesAFailoverWithoutWriters(t *testing.T) {
	s := newStory()
	s.turnTo(topology.Record{Heir: "b", Gate: topology.GateClosed, Plan: topology.PlanFailover}, time.Time{})
	s.turnTo(topology.Record{Main: "b", Gate: topology.GateOpen}, time.Time{})
	s.applied()
	s.after(firstWriteWithin, topology.ActWait)
	require.NotNil(t, s.running)
	s.after(time.Millisecond, topology.ActWait)
	require.Nil(t, s.running)
	require.Equal(t, api.ResultCompleted, s.filed[0].Result)
	for _, p := range s.filed[0].Phases {
		require.NotEqual(t, api.PhaseFirstWrite, p.Name)
	}
}

func TestTimelineTellsRevertedAndSuperseded(t *testing.T) {
	s := newStory()
	s.turnTo(topology.Record{Main: "a", Voter: "b", Gate: topology.GatePaused, Plan: topology.PlanSwitchover}, time.Time{})
	s.turnTo(topology.Record{Main: "a", Voter: "b", Gate: topology.GateOpen}, time.Time{})
	s.turnTo(topology.Record{Main: "a", Gate: topology.GatePaused, Plan: topology.PlanVoter}, time.Time{})
	require.Equal(t, api.ResultReverted, s.filed[0].Result)
	s.turnTo(topology.Record{Heir: "a", Gate: topology.GateClosed, Plan: topology.PlanReturn}, time.Time{})
	require.Equal(t, api.ResultSuperseded, s.filed[1].Result)
	require.Equal(t, api.KindFailover, s.running.Kind)
}

// The record does not say any more who the main was when its successor is lost as well.
func TestTimelineKnowsWhomAnotherSuccessorFollowsAndWhy(t *testing.T) {
	s := newStory()
	s.turnTo(topology.Record{Heir: "c", From: "a", Voter: "b", Gate: topology.GateClosed, Plan: topology.PlanHandover}, time.Time{})
	s.record.Heir = "a" // whom the story's view has as dead
	s.turnTo(topology.Record{Heir: "b", Voter: "c", Gate: topology.GateClosed, Plan: topology.PlanFailover}, time.Time{})
	require.Equal(t, api.ResultSuperseded, s.filed[0].Result)
	require.Equal(t, "a", s.running.From)
	require.Equal(t, "b", s.running.To)
	require.Equal(t, string(topology.HealthDead), s.running.Reason)
}

func TestTimelineForgetsTheOldest(t *testing.T) {
	s := newStory()
	for range failoversKept + 5 {
		s.turnTo(topology.Record{Heir: "b", Gate: topology.GateClosed, Plan: topology.PlanFailover}, time.Time{})
		s.turnTo(topology.Record{Main: "b", Gate: topology.GateOpen}, time.Time{})
	}
	require.LessOrEqual(t, len(s.filed), failoversKept)
}
