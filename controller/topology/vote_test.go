package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// voted is a scene in which b is known to have every write as the process that
// runs.
func voted() *scene {
	s := newScene()
	s.setVoted("b/1")
	return s
}

func (s *scene) setVoted(process string) {
	m := s.record.Members["b"]
	m.Voted = process
	s.record.Members["b"] = m
}

// succession goes on from the failover to b that next begins.
func (s *scene) succession(t *testing.T) {
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
	s.record = step.Record
	s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: s.record.Epoch, At: noon}
}

// E.7, E.23
func TestVoterThatRestartedDoesNotFollowALostMain(t *testing.T) {
	s := voted()
	s.restart("b")
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Contains(t, reason, "voter b restarted")
	require.Equal(t, topology.GateClosed, step.Record.Gate)
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, "a", step.Record.Heir, "b may lack the last write: %s", reason)
	require.Contains(t, reason, "voter b restarted")
	s = voted()
	s.restart("b")
	s.lose("a", topology.HealthSilent)
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Contains(t, reason, "failover --force")
}

func TestVoterThatRestartedVotesForAMarkerAndCountsAgain(t *testing.T) {
	s := voted()
	s.restart("b")
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActMark, Instance: "a", Target: "b"}, step, reason)
	s.change("b", func(i *topology.Instance) { i.Vouched = true })
	step, reason = s.next()
	require.Equal(t, "b/2", step.Record.Members["b"].Voted, reason)
	require.Equal(t, s.record.Epoch, step.Record.Epoch, "no gateway has to do anything")
	s.record = step.Record
	s.succession(t)
}

func TestHeirThatRestartedWaitsForTheOldMain(t *testing.T) {
	s := voted()
	s.succession(t)
	s.restart("b")
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Contains(t, reason, "every acknowledged write (a): start")
	s.change("a", func(i *topology.Instance) { i.Health = topology.HealthUp })
	step, reason = s.next()
	require.Equal(t, "a", step.Record.Heir, reason)
}

func TestHeirThatRestartedAfterItOutlivedTheMainIsPromoted(t *testing.T) {
	s := voted()
	s.succession(t)
	require.False(t, topology.Outlived(s.record, s.view, "b"), "its answer is older than the end of the last gateway")
	s.change("b", func(i *topology.Instance) { i.Answer.Asked = noon.Add(tick) })
	require.True(t, topology.Outlived(s.record, s.view, "b"))
	s.restart("b")
	s.change("b", func(i *topology.Instance) { i.Outlived = s.record.Reign })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActPromote, Instance: "b"}, step, reason)
}

func TestHeirThatRestartedCanBeForced(t *testing.T) {
	s := voted()
	s.succession(t)
	s.restart("b")
	s.ask(topology.RequestFailover, "b", true)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
	require.Nil(t, step.Record.Request)
	s.record = step.Record
	s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: s.record.Epoch, At: noon}
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActPromote, Instance: "b"}, step, reason)
}

// A voter that nobody saw registered may be shown as ready from before it
// restarted, so it votes for a marker first. E.7.
func TestGateOpensForAVoterOnlyWhenItsPositionIsKnown(t *testing.T) {
	s := newScene()
	s.record.Voter, s.record.Gate, s.record.Plan, s.record.Since = "", topology.GatePaused, topology.PlanVoter, noon
	s.record.Members["a"] = topology.Member{Process: "a/1", Reign: 3, Voted: "a/0"} // from when it was the voter
	s.change("a", func(i *topology.Instance) { i.Crowned = 0 })                     // by this leader
	s.change("b", func(i *topology.Instance) { i.Joined = 0 })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActMark, Instance: "a", Target: "b"}, step, reason)
	s.change("b", func(i *topology.Instance) { i.Joined = 3 })
	step, reason = s.next()
	require.Equal(t, topology.GateOpen, step.Record.Gate, reason)
	require.Equal(t, "b/1", step.Record.Members["b"].Voted)
	require.Empty(t, step.Record.Members["a"].Voted)
}

// Where nobody can tell processes apart the voter is taken for the one that voted.
func TestVoterWhoseProcessNobodyKnowsFollowsALostMain(t *testing.T) {
	s := voted()
	s.change("b", func(i *topology.Instance) { i.Process = "" })
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
}

// E.7: what was true while nobody could write is not, once there is a main again.
func TestVoterThatOutlivedTheMainBeforeCountsForNothingAfterARestart(t *testing.T) {
	s := voted()
	s.change("b", func(i *topology.Instance) { i.Outlived = 3 })
	s.restart("b")
	s.lose("a", topology.HealthDead)
	step, _ := s.next()
	s.follow(step)
	step, reason := s.next()
	require.Equal(t, "a", step.Record.Heir, reason)
}

func TestFencedIsWhereNoGatewayMayLetAnybodyThrough(t *testing.T) {
	for name, c := range map[string]struct {
		gateway topology.Gateway
		fenced  bool
	}{
		"it has carried out the epoch": {topology.Gateway{Name: "h", Epoch: 9}, true},
		"it has not":                   {topology.Gateway{Name: "h", Epoch: 8}, false},
		"its process is gone":          {topology.Gateway{Name: "h", Epoch: 8, Gone: true}, true},
		"it has silenced itself":       {topology.Gateway{Name: "h", Epoch: 8, Silenced: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.view.Gateways["h"] = c.gateway
			require.Equal(t, c.fenced, topology.Fenced(s.record, s.view))
		})
	}
}
