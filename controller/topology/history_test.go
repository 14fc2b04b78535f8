package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// Only a process that is known to have restarted within the reign is unclean:
// where nobody can tell, the cluster must not turn away from its replicas.
func TestHistoryIsCleanUnlessTheProcessIsKnownToHaveRestartedInThisReign(t *testing.T) {
	for name, c := range map[string]struct {
		member topology.Member
		now    string
		clean  bool
	}{
		"the same process":               {topology.Member{Process: "c/1", Reign: 3}, "c/1", true},
		"restarted":                      {topology.Member{Process: "c/1", Reign: 3}, "c/2", false},
		"restarted before this reign":    {topology.Member{Process: "c/1", Reign: 2}, "c/2", true},
		"nobody knows who it was":        {topology.Member{Reign: 3}, "c/2", true},
		"nobody knows who it is":         {topology.Member{Process: "c/1", Reign: 3}, "", true},
		"it was never part of a cluster": {topology.Member{}, "c/2", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.record.Members["c"] = c.member
			s.change("c", func(i *topology.Instance) { i.Process = c.now })
			require.Equal(t, c.clean, topology.Clean(s.record, s.view.Instances["c"]))
		})
	}
}

// A new reign counts those that run. One that is down, or whose data are to be
// set aside, could come back with a restart of the old reign in its history.
func TestNewReignTakesInWhoeverRuns(t *testing.T) {
	s := voted()
	s.record.Members["d"] = topology.Member{Process: "d/1", Reign: 2, Quarantined: &topology.Quarantine{Reason: "diverged", Process: "d/1"}}
	s.view.Instances["d"] = s.view.Instances["c"]
	s.change("d", func(i *topology.Instance) { i.Name, i.Process = "d", "d/1" })
	s.restart("c")
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
	require.Equal(t, map[string]topology.Member{
		"a": s.record.Members["a"],
		"b": {Process: "b/1", Reign: 4, Voted: "b/1", Sound: true},
		"c": {Process: "c/2", Reign: 4},
		"d": s.record.Members["d"],
	}, step.Record.Members)
}

func TestFailoverKeepsInTheRecordWhoHoldsEveryWrite(t *testing.T) {
	s := newScene()
	s.lose("a", topology.HealthDead)
	step, _ := s.next()
	r := step.Record
	require.Equal(t, []string{"", "b", "a", ""}, []string{r.Main, r.Heir, r.From, r.Voter}, "the voter is the heir now, and no one votes")
	require.Equal(t, topology.PlanFailover, r.Plan)
	require.Equal(t, topology.GateClosed, r.Gate)
	require.Equal(t, noon, r.Since)
	require.Equal(t, noon, r.Written)
}

// Of a target that is not the voter it is known from then on that the process
// which took over has every write; another one might not.
func TestSwitchoverToAnotherTargetCountsOnItsProcess(t *testing.T) {
	for target, want := range map[string]topology.Member{
		"b": {Process: "b/1", Reign: 4, Sound: true},
		"c": {Process: "c/1", Reign: 4, Voted: "c/1", Sound: true},
	} {
		t.Run(target, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, target, false)
			s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
			step, reason := s.next()
			require.Equal(t, target, step.Record.Heir, reason)
			require.Equal(t, topology.PlanSwitchover, step.Record.Plan)
			require.Equal(t, topology.GateClosed, step.Record.Gate)
			require.Equal(t, want, step.Record.Members[target])
			require.Equal(t, topology.Member{Process: "a/1", Reign: 4, Sound: true}, step.Record.Members["a"], "the old main runs on as a replica")
		})
	}
}

func TestRefreshWaitsForAnInstanceThatIsDownOnlyForAWhile(t *testing.T) {
	for name, c := range map[string]struct {
		down      time.Duration
		refreshes bool
	}{
		"it may come back":     {15 * time.Second, false},
		"it has been too long": {15*time.Second + 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.restart("c")
			s.view.Instances["d"] = topology.Instance{Name: "d", Health: topology.HealthDead, Since: noon.Add(-c.down)}
			step, reason := s.next()
			require.Equal(t, c.refreshes, step.Record.Plan == topology.PlanRefresh, reason)
			if c.refreshes {
				require.Equal(t, topology.GatePaused, step.Record.Gate, "nobody is cut")
				require.Equal(t, "a", step.Record.Main, "the new epoch begins when all clients are paused")
				require.Equal(t, "b", step.Record.Voter)
			}
		})
	}
}

// A new epoch on a main that itself restarted would make it refuse everybody, so
// where nobody else is clean there is nothing to do, or a clean one to wait for.
func TestMainThatRestartedStaysWhereNobodyCleanCanFollow(t *testing.T) {
	for says, prepare := range map[string]func(*scene){
		"a takes writes, b votes; d is not in sync yet": func(s *scene) { // nor is it reseeded before anybody knows it
			s.addReplica("d")
			s.restart("d")
			s.lose("d", topology.HealthSuspect)
			delete(s.view.Instances, "c")
		},
		"a takes writes, b votes, all replicas are in sync": func(s *scene) { delete(s.view.Instances, "c") },
		"a takes writes, b votes; c is not in sync yet": func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
		},
	} {
		t.Run(says, func(t *testing.T) {
			s := newScene()
			s.restart("a")
			s.restart("b")
			prepare(s)
			step, reason := s.next()
			require.Equal(t, topology.ActWait, step.Do, reason)
			require.Equal(t, says, reason)
		})
	}
}

func TestMainThatRestartedDoesNotHandOverToAVoterThatIsBeingStopped(t *testing.T) {
	s := newScene()
	s.restart("a")
	s.change("b", func(i *topology.Instance) { i.Terminating = true })
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}
