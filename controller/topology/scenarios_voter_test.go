package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// E.4: neither is the main lost, which answers, nor can the voter be promoted,
// which does not.
func TestMainThatStallsBehindASilentVoterHandsOverToTheOther(t *testing.T) {
	w := begin(t, 3)
	w.freeze("b", true)
	b := w.databases["b"]
	never(t, w, 3*time.Second, "b is promoted", func() bool { return b.role == topology.RoleMain })
	require.True(t, w.runUntil(3*time.Second, w.isMain("c")), "well before the 30 s of the stalled commit")
	require.Equal(t, "a", w.record.Voter)
	require.Contains(t, w.record.Members["a"].Process, "a/2", "its restart came before anything of this epoch")
	healed(t, w)
}

// E.5
func TestVoterThatRestartsIsWaitedForBeforeAnotherTakesItsPlace(t *testing.T) {
	s := newScene()
	s.restart("b")
	s.row("b", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
	s.change("b", func(i *topology.Instance) { i.Started = noon.Add(-s.policy.VoterGrace) })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.change("b", func(i *topology.Instance) { i.Started = i.Started.Add(-1) })
	step, reason = s.next()
	require.Equal(t, topology.PlanVoter, step.Record.Plan, reason)
	require.Equal(t, "b", step.Record.Voter, "until the main is about to drop it")
}

// E.6: with another replica at hand writes go on within a second.
func TestVoterWhoseProcessIsGoneIsReplacedInPlace(t *testing.T) {
	w := begin(t, 3)
	w.databases["b"].kill()
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Voter == "c" && w.record.Gate == topology.GateOpen }))
	require.Equal(t, "a", w.record.Main)
	require.Nil(t, w.databases["a"].replica("b"))
	healed(t, w)
}

// E.6, policy strict
func TestNoWriteIsTakenWithoutAVoter(t *testing.T) {
	w := begin(t, 2)
	w.databases["b"].kill()
	w.run(time.Second)
	acked := len(w.acked)
	w.run(time.Minute)
	require.Len(t, w.acked, acked)
	require.Equal(t, "b", w.record.Voter, "it may follow all the same when it is back")
	healed(t, w)
}

// E.6, policy degrade-after: the record says that nobody could follow before the
// main is let off its voter.
func TestWritesGoOnWithoutAVoterAfterAWhileIfThePolicyAllowsIt(t *testing.T) {
	for name, silent := range map[string]bool{"gone": false, "silent": true} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 2)
			w.policy.DegradeAfter = 10 * time.Second
			if silent {
				w.freeze("b", true)
			} else {
				w.databases["b"].kill()
			}
			w.run(9 * time.Second)
			acked := len(w.acked)
			require.Equal(t, "b", w.record.Voter)
			require.True(t, w.runUntil(time.Minute, func() bool { return len(w.acked) > acked }), w.reason())
			require.Empty(t, w.record.Voter)
			w.run(5 * time.Second)
			healed(t, w)
		})
	}
}

// E.6: the gate was opened for a main that turns out to refuse everybody else.
func TestMainWithoutAVoterThatRefusesTheOthersGetsOneByAReseed(t *testing.T) {
	w := begin(t, 3)
	w.policy.DegradeAfter = 2 * time.Second
	poison(w)
	w.databases["c"].kill()
	require.True(t, w.runUntil(10*time.Second, func() bool { return w.isMain("b")() && w.record.Voter == "" }))
	w.databases["a"].start(w.startDelay)
	w.databases["c"].start(w.startDelay)
	require.True(t, w.runUntil(20*time.Second, func() bool { return w.record.Voter != "" }), w.reason())
	healed(t, w)
}

// E.20, E.23: the voter may lack a write whose second phase failed, of which the
// main says nothing but that it is behind.
func TestSwitchoverWaitsForAVoterThatIsBehind(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "", false)
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
	s.row("b", func(r *topology.Replica) { r.Behind = -2 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.row("b", func(r *topology.Replica) { r.Behind = 0 })
	step, reason = s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
}

// E.20: whoever has to go does not go to one that would refuse the others, as
// long as there is a better one.
func TestMainThatIsBeingStoppedDoesNotHandOverToAnUncleanReplicaThatSomebodyWanted(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "c", false)
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
	s.change("a", func(i *topology.Instance) { i.Terminating = true })
	s.restart("c")
	step, reason := s.next()
	require.Equal(t, topology.GateOpen, step.Record.Gate, reason)
	require.Nil(t, step.Record.Request)
	s.follow(step)
	step, _ = s.next()
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
}

// E.20, E.31: a rolling update stops the replicas first, the main last. Nobody's
// session is cut before it is quiet, and the main hands over before it ends.
func TestMainThatIsBeingStoppedHandsOverBeforeItEnds(t *testing.T) {
	w := begin(t, 3)
	for _, name := range []string{"c", "b", "a"} {
		w.databases[name].terminating = true
		if name == w.record.Main {
			require.True(t, w.runUntil(time.Second, func() bool { return w.record.Plan == topology.PlanSwitchover }))
			require.Equal(t, topology.GatePaused, w.record.Gate)
		}
		require.True(t, w.runUntil(3*time.Second, func() bool {
			return w.record.Main != name && w.record.Voter != name && w.record.Gate == topology.GateOpen
		}))
		w.restart(name)
		require.True(t, w.runUntil(20*time.Second, func() bool { return w.idle > 40 && w.unhealed() == "" }), w.unhealed())
	}
	healed(t, w)
}

// E.32
func TestInstancesCanBeTakenAwayForGood(t *testing.T) {
	w := begin(t, 5)
	for _, name := range []string{"e", "b", "a"} {
		w.databases[name].terminating = true
		require.True(t, w.runUntil(3*time.Second, func() bool {
			return w.record.Main != name && w.record.Voter != name && w.record.Gate == topology.GateOpen
		}))
		w.remove(name)
		healed(t, w)
	}
	require.Len(t, w.names, 2)
}
