package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// pauseFor is a scene in the midst of a pause that every gateway has carried out,
// and in which the main was asked since.
func pauseFor(plan topology.Plan) *scene {
	s := newScene()
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, plan, noon.Add(-tick)
	return s
}

// A paused client hangs; one that is cut learns that it has to wait.
func TestPauseThatTakesLongBecomesAClosedGate(t *testing.T) {
	for name, pause := range map[string]func() *scene{
		"for a new voter": func() *scene {
			s := pauseFor(topology.PlanVoter)
			s.record.Voter = ""
			s.row("b", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
			s.row("c", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
			return s
		},
		"for a refresh": func() *scene {
			s := pauseFor(topology.PlanRefresh)
			s.record.Main, s.record.Heir, s.record.From = "", "a", "a"
			s.lose("a", topology.HealthUnknown)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := pause()
			s.record.Since = noon.Add(-3 * time.Second)
			step, reason := s.next()
			require.Equal(t, topology.ActWait, step.Do, reason)
			s.record.Since = noon.Add(-3*time.Second - 1)
			step, reason = s.next()
			require.Equal(t, topology.GateClosed, step.Record.Gate, reason)
			require.Equal(t, s.record.Plan, step.Record.Plan, "it goes on")
		})
	}
}

func TestLossOfTheMainEndsAPause(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
	require.Equal(t, topology.GateClosed, step.Record.Gate)
}

// E.9: an empty main would make its replicas empty too.
func TestMainThatRestartedInAPauseIsAskedForItsDataFirst(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.restart("a")
	s.change("a", func(i *topology.Instance) { i.StorageKnown = false })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	require.Contains(t, reason, "still holds its data")
}

func TestPauseWaitsForTheAnswerOfItsMain(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.lose("a", topology.HealthSuspect)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Equal(t, "waiting for an answer of main a, which is suspect", reason)
}

// A switchover is a wish: when it turns out to take long, clients come first.
func TestSwitchoverIsGivenUpWhenItsTargetCannotFollow(t *testing.T) {
	for says, spoil := range map[string]func(*scene){
		"c is not fit to be main any more: it does not answer": func(s *scene) { s.lose("c", topology.HealthSuspect) },
		"c restarted and would refuse the others":              func(s *scene) { s.restart("c") },
		"c does not catch up": func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
			s.record.Since = noon.Add(-2500*time.Millisecond - 1)
		},
	} {
		t.Run(says, func(t *testing.T) {
			s := pauseFor(topology.PlanSwitchover)
			s.ask(topology.RequestSwitchover, "c", false)
			spoil(s)
			step, reason := s.next()
			require.Equal(t, "switchover given up: "+says, reason)
			require.Equal(t, topology.GateOpen, step.Record.Gate)
			require.Equal(t, topology.PlanNone, step.Record.Plan)
			require.Equal(t, "a", step.Record.Main)
			require.Nil(t, step.Record.Request)
		})
	}
}

// Of 3 s, a controller that is missing takes the first 1.75 s.
func TestSwitchoverHasTimeToCatchUpBehindAMissingController(t *testing.T) {
	s := pauseFor(topology.PlanSwitchover)
	s.ask(topology.RequestSwitchover, "c", false)
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
	s.record.Since = noon.Add(-2500 * time.Millisecond)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}

// E.7, E.31: a main that has to go takes even a voter that restarted, but not
// before that one has shown that it has the last write.
func TestVoterThatRestartedVotesBeforeItFollowsAMainThatIsBeingStopped(t *testing.T) {
	s := pauseFor(topology.PlanSwitchover)
	s.setVoted("b/1")
	s.restart("b")
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 }) // there is no better one
	s.change("a", func(i *topology.Instance) { i.Terminating = true })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActMark, Instance: "a", Target: "b"}, step, reason)

	s.row("b", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	require.Contains(t, reason, "waiting for b, which restarted, to show")

	s.row("b", func(r *topology.Replica) { r.Status = topology.StatusReady })
	s.setVoted("b/2")
	step, reason = s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
}

// E.4: a fourth instance, and what the main said of both when the gateways had
// closed.
func TestStalledMainHandsOverToTheBestReplicaThatHasEverything(t *testing.T) {
	type rows = map[string]topology.Replica
	row := func(status topology.Status, behind int64) topology.Replica {
		return topology.Replica{Status: status, Behind: behind}
	}
	for name, c := range map[string]struct {
		rows    rows
		unclean string
		heir    string
	}{
		"the first of two":             {rows{"c": row(topology.StatusReady, 0), "d": row(topology.StatusReady, 0)}, "", "c"},
		"the clean one is the second":  {rows{"c": row(topology.StatusReady, 0), "d": row(topology.StatusReady, 0)}, "c", "d"},
		"the clean one is the first":   {rows{"c": row(topology.StatusReady, 0), "d": row(topology.StatusReady, 0)}, "d", "c"},
		"the stalled commit is on its": {rows{"c": row(topology.StatusReplicating, 0)}, "", "c"},
		"one lacks a write":            {rows{"c": row(topology.StatusReady, -2), "d": row(topology.StatusReady, 0)}, "", "d"},
		"one is being brought up":      {rows{"c": row(topology.StatusRecovery, 0), "d": row(topology.StatusReady, 0)}, "", "d"},
		"one is invalid":               {rows{"c": row(topology.StatusInvalid, 0), "d": row(topology.StatusReady, 0)}, "", "d"},
		"one is being stopped":         {rows{"c": row(topology.StatusReady, 0), "d": row(topology.StatusReady, 0)}, "", "d"},
		"nobody has everything":        {rows{"c": row(topology.StatusReady, -2), "d": row(topology.StatusRecovery, 0)}, "", ""},
		"nobody is registered":         {rows{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := pauseFor(topology.PlanHandover)
			s.record.Gate = topology.GateClosed
			s.addReplica("d")
			s.lose("b", topology.HealthSilent)
			s.change("a", func(i *topology.Instance) {
				i.Answer.Replicas = []topology.Replica{{Name: "b", Mode: topology.StrictSync, Status: topology.StatusReplicating}}
				for _, n := range []string{"c", "d"} {
					if r, ok := c.rows[n]; ok {
						r.Name, r.Mode = n, topology.Async
						i.Answer.Replicas = append(i.Answer.Replicas, r)
					}
				}
			})
			if c.unclean != "" {
				s.restart(c.unclean)
			}
			s.change("c", func(i *topology.Instance) { i.Terminating = name == "one is being stopped" })
			step, reason := s.next()
			require.Equal(t, c.heir, step.Record.Heir, reason)
			if c.heir != "" {
				require.Equal(t, "b", step.Record.Voter, "it holds every acknowledged write too")
				require.Equal(t, s.record.Members["a"], step.Record.Members["a"], "it is restarted before it joins the new reign")
				require.NotEqual(t, s.record.Members[c.heir], step.Record.Members[c.heir])
			}
		})
	}
}

// addReplica adds one more instance that is registered ASYNC at a.
func (s *scene) addReplica(name string) {
	s.view.Instances[name] = s.view.Instances["c"]
	s.change(name, func(i *topology.Instance) { i.Name, i.Process, i.Replication = name, name+"/1", name+":10000" })
	s.record.Members[name] = topology.Member{Process: name + "/1", Reign: 3}
	s.change("a", func(i *topology.Instance) {
		i.Answer.Replicas = append(i.Answer.Replicas, topology.Replica{
			Name: name, Address: name + ":10000", Mode: topology.Async, Status: topology.StatusReady, TS: 40,
		})
	})
}

// E.4: what the main said before the gateways had closed may be out of date.
func TestHandoverTrustsOnlyWhatTheMainSaysAfterTheGatewaysHaveClosed(t *testing.T) {
	s := pauseFor(topology.PlanHandover)
	s.record.Gate = topology.GateClosed
	s.lose("b", topology.HealthSilent)
	s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: 9, At: noon}
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Equal(t, "waiting for a to say that a replica has everything", reason)
}

func TestHandoverEndsWhenTheVoterAnswersAgain(t *testing.T) {
	s := pauseFor(topology.PlanHandover)
	s.record.Gate = topology.GateClosed
	step, reason := s.next()
	require.Equal(t, "voter b answers again", reason)
	require.Equal(t, topology.GateOpen, step.Record.Gate)
	require.Equal(t, topology.PlanNone, step.Record.Plan)
	require.Equal(t, "b", step.Record.Voter)
}

// The gateways are named in order: the reason must not change with each look.
func TestGatewaysThatAreWaitedForAreNamedInOrder(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	for _, n := range []string{"g4", "g2", "g5", "g1", "g3"} {
		s.view.Gateways[n] = topology.Gateway{Name: n, Epoch: 8}
	}
	_, reason := s.next()
	require.Equal(t, "waiting for gateway g1, g2, g3, g4, g5 to carry out epoch 9", reason)
}

// What it may have missed when it voted the main has given it since, and says so.
func TestReplicaThatVotedOnceFollowsAsAnyOther(t *testing.T) {
	s := pauseFor(topology.PlanSwitchover)
	s.ask(topology.RequestSwitchover, "c", false)
	s.record.Members["c"] = topology.Member{Process: "c/1", Reign: 3, Voted: "c/0"}
	step, reason := s.next()
	require.Equal(t, "c", step.Record.Heir, reason)
	require.Equal(t, "c/1", step.Record.Members["c"].Voted)
}
