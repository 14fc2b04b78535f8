package topology_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// begin boots a cluster and notes every later step in the test's log.
func begin(t *testing.T, instances int) *world {
	w := newWorld(instances, 2)
	w.trace = func(s string) { t.Logf("%6.2f %s", float64(w.ticks)*tick.Seconds(), s) }
	boot(w)
	require.Empty(t, w.converge())
	return w
}

// healed requires that nothing broke and that the cluster becomes whole.
func healed(t *testing.T, w *world) {
	w.heal()
	wrong := w.converge()
	require.Empty(t, w.broken)
	require.Empty(t, wrong)
}

// E.1, E.5
func TestEveryInstanceMayRestartInPlaceWhileTheGateIsOpen(t *testing.T) {
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 3)
			w.restart(name)
			w.run(3 * time.Second)
			healed(t, w)
		})
	}
}

// poison lets the voter b restart and vote on, which is all that the leader had
// time to note, and the main a die before the epoch was refreshed: b has to be
// promoted and refuses all others.
func poison(w *world) {
	w.frozen = true
	w.restart("b")
	w.run(3 * time.Second)
	m := w.record.Members["b"]
	m.Voted = w.databases["b"].process()
	w.record.Members["b"] = m
	w.databases["a"].kill()
	w.run(deadAfterExit)
	w.frozen = false
}

// E.12
func TestQuarantinedInstanceThatRestartsByItselfIsReseededAllTheSame(t *testing.T) {
	w := begin(t, 3)
	w.policy.FastRecovery = 0
	poison(w)
	quarantined := func() bool { return w.record.Members["c"].Quarantined != nil }
	require.True(t, w.runUntil(10*time.Second, quarantined))
	w.restart("c")
	healed(t, w)
}

func TestNobodyBecomesVoterBesideOneThatMayComeBack(t *testing.T) {
	w := begin(t, 3)
	w.startDelay = time.Second
	w.databases["b"].kill()
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Plan == "voter" }))
	w.databases["b"].start(w.startDelay)
	healed(t, w)
}

// E.12
func TestUnpromotableMainHealsByReseedingTheOthersOneAtATime(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		w := begin(t, n)
		w.policy.FastRecovery = 0
		poison(w)
		w.run(3 * time.Second)
		require.Equal(t, "main", string(w.databases["b"].role))
		healed(t, w)
	}
}

func TestUnpromotableMainHealsByItsRestart(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		w := begin(t, n)
		poison(w)
		w.run(3 * time.Second)
		require.Equal(t, "main", string(w.databases["b"].role))
		healed(t, w)
		for name, o := range w.databases {
			require.LessOrEqual(t, o.starts, 3, "%s was restarted in vain", name)
		}
	}
}

// E.6
func TestVoterThatIsReplacedStaysAHolderUntilItsMainDropsIt(t *testing.T) {
	w := begin(t, 3)
	w.gateways[0].beginSlow(1200 * time.Millisecond) // its answer outlives the pause
	w.databases["b"].terminating = true
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Plan == "voter" }))
	require.Equal(t, "b", w.record.Voter)
	w.run(5 * time.Second)
	require.Equal(t, "c", w.record.Voter)
	healed(t, w)
}

// E.20
func TestSwitchoverToAnUncleanTargetWaitsForTheRefresh(t *testing.T) {
	w := begin(t, 3)
	w.restart("b")
	w.databases["c"].kill() // so that the refresh has to wait
	w.run(2 * time.Second)
	w.request("switchover", "b", false)
	w.run(5 * time.Second)
	require.Equal(t, "a", w.record.Main)
	require.NotNil(t, w.record.Request)
	w.databases["c"].start(w.startDelay)
	require.True(t, w.runUntil(10*time.Second, func() bool { return w.record.Main == "b" }))
	healed(t, w)
}

func TestSwitchoverIsGivenUpWhenItsTargetRestarts(t *testing.T) {
	w := begin(t, 3)
	w.gateways[0].beginSlow(900 * time.Millisecond)
	w.request("switchover", "b", false)
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Plan == "switchover" }))
	w.restart("b")
	w.run(2 * time.Second)
	require.Equal(t, "a", w.record.Main)
	healed(t, w)
}

func TestMainAndOnlyVoterThatBothRestartedAreLeftAlone(t *testing.T) {
	w := begin(t, 2)
	w.frozen = true
	w.restart("a")
	w.restart("b")
	w.run(3 * time.Second)
	w.frozen = false
	w.run(20 * time.Second)
	require.Equal(t, "a", w.record.Main)
	require.Equal(t, 2, w.databases["a"].starts)
	healed(t, w)
}

func TestLostHeirOfARefreshClosesTheGate(t *testing.T) {
	w := begin(t, 3)
	w.restart("c")
	require.True(t, w.runUntil(3*time.Second, func() bool { return w.record.Plan == "refresh" }))
	w.databases["a"].kill()
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Heir == "b" }))
	require.EqualValues(t, "closed", w.record.Gate)
	healed(t, w)
}

// DNS tells the new address of a pod late: a main that is told to connect to the
// old one is locked for 10 s.
func TestReplicaThatMovedIsLeftAloneUntilItsNameLeadsToIt(t *testing.T) {
	w := begin(t, 3)
	w.addressDelay = 6 * time.Second
	w.restart("c")
	w.run(5 * time.Second)
	require.NotEqual(t, "refresh", string(w.record.Plan))
	require.Empty(t, w.broken)
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Plan == "refresh" }))
	healed(t, w)
}

func TestSwitchoverWaitsForAReplicaThatMoved(t *testing.T) {
	w := begin(t, 3)
	w.addressDelay = 6 * time.Second
	w.restart("c")
	w.run(2 * time.Second)
	w.request("switchover", "b", false)
	w.run(2 * time.Second)
	require.Equal(t, "a", w.record.Main)
	require.Contains(t, w.reason(), "the switchover that ann asked for waits: not every main finds c")
	require.True(t, w.runUntil(10*time.Second, w.isMain("b")))
	healed(t, w)
}

// E.20: under load an ASYNC replica is in recovery now and then. Whoever asked
// for it to be main in that moment gets it a moment later.
func TestSwitchoverWaitsForATargetThatIsBeingBroughtUpToDate(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "c", false)
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Equal(t, "a takes writes; the switchover that ann asked for waits: c lags too far behind a", reason)

	s.row("c", func(r *topology.Replica) { r.Status = topology.StatusInvalid })
	step, reason = s.next()
	require.Equal(t, topology.PlanSwitchover, step.Record.Plan, reason)
}

func TestSwitchoverThatCannotBeDoneForLongIsGivenUpWithTheReason(t *testing.T) {
	for name, lag := range map[string]int64{"its target lags": -1e6, "something else was in the way": 0} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, "c", false)
			s.record.Request.At = noon.Add(-31 * time.Second)
			s.row("c", func(r *topology.Replica) { r.Behind = lag })
			step, reason := s.next()
			require.Nil(t, step.Record.Request, reason)
			require.Equal(t, topology.GateOpen, step.Record.Gate)
			require.Contains(t, reason, "switchover refused: it could not be done within 30s")
			require.Equal(t, lag != 0, strings.Contains(reason, "c lags too far behind a"), reason)
		})
	}
}

// A wish that waits keeps nobody from what is more urgent.
func TestSwitchoverThatWaitsHoldsNothingElseUp(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		plan   topology.Plan
		kept   bool
	}{
		"the voter is lost": {func(s *scene) { s.restart("c"); s.lose("b", topology.HealthDead) }, topology.PlanVoter, true},
		"the main is being stopped": {func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Status = topology.StatusRecovery })
			s.change("a", func(i *topology.Instance) { i.Terminating = true })
		}, topology.PlanSwitchover, false},
		"a replica restarted": {func(s *scene) { s.restart("c") }, topology.PlanRefresh, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, "c", false)
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.plan, step.Record.Plan, reason)
			require.Equal(t, c.kept, step.Record.Request != nil, reason)
		})
	}
}

// Found by simulation (schedule 1427): the way from the main to a replica was cut, the
// controller was restarted, and it dropped the replica that answered to it but not to
// the main.
func TestReplicaOutOfItsMainsReachIsNotDroppedByAControllerThatHasJustStarted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		want   topology.Action
	}{
		"it joined as it is":               {func(*scene) {}, topology.ActWait},
		"it is invalid for a minute":       {func(s *scene) { s.change("c", func(i *topology.Instance) { i.InvalidSince = noon.Add(-time.Minute) }) }, topology.ActDrop},
		"it is another process":            {func(s *scene) { s.restart("c") }, topology.ActDrop},
		"it joined another main":           {func(s *scene) { s.record.Members["c"] = topology.Member{Process: "c/1", Reign: 2} }, topology.ActDrop},
		"it answered with another history": {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusDiverged }) }, topology.ActDrop},
		"this controller has registered it": {func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.Joined, i.InvalidSince = 3, noon.Add(-40*time.Second) })
		}, topology.ActWait},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("c", func(i *topology.Instance) { i.Joined, i.InvalidSince = 0, noon.Add(-time.Second) })
			s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, -2 })
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.want, step.Do, reason)
		})
	}
}

// Found by schedule 9046: a transaction that a client had left open on the old main kept
// it from following the new one for ever.
func TestReplicaThatCannotFollowIsRestartedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*scene)
		restarts bool
	}{
		"for 45 s": {func(*scene) {}, true},
		"for less": {func(s *scene) {
			s.change("c", func(i *topology.Instance) { i.StuckSince = noon.Add(-44 * time.Second) })
		}, false},
		"it was away":           {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Since = noon.Add(-time.Second) }) }, false},
		"it gets on":            {func(s *scene) { s.change("c", func(i *topology.Instance) { i.StuckSince = time.Time{} }) }, false},
		"it is on its way":      {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusRecovery }) }, false},
		"it restarted since":    {func(s *scene) { s.restart("c") }, false},
		"it was told to end":    {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Ended = true }) }, false},
		"it is the voter":       {func(s *scene) { s.record.Voter = "c" }, false},
		"it is being stopped":   {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Terminating = true }) }, false},
		"nobody may write":      {func(s *scene) { s.record.Gate, s.record.Plan = topology.GatePaused, topology.PlanVoter }, false},
		"its name leads astray": {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Moving = true }) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("c", func(i *topology.Instance) { i.StuckSince = noon.Add(-45 * time.Second) })
			s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, -2 })
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.restarts, step.Do == topology.ActRestart, "%s: %s", step.Do, reason)
		})
	}
}

// Found by chaos on kind: an instance was ordered to restart fifty times in half a
// second, while its pod ended and until the next one had started its process.
func TestWhoIsEndingAlreadyIsNotEndedAgain(t *testing.T) {
	t.Run("to cure a main that refuses everybody", func(t *testing.T) {
		s := newScene()
		s.record.Main, s.record.Heir, s.record.Voter, s.record.From = "", "a", "", ""
		s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
		for _, name := range []string{"b", "c"} {
			s.change(name, func(i *topology.Instance) { i.Refused = 3 })
		}
		s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
		step, reason := s.next()
		require.Equal(t, topology.Step{Do: topology.ActRestart, Instance: "a"}, step, reason)
		s.change("a", func(i *topology.Instance) { i.Ended = true })
		step, reason = s.next()
		require.Equal(t, topology.ActWait, step.Do, reason)
	})
	t.Run("to set its data aside", func(t *testing.T) {
		s := newScene()
		s.record.Members["c"] = topology.Member{Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/1"}}
		step, reason := s.next()
		require.Equal(t, topology.Step{Do: topology.ActReseed, Instance: "c"}, step, reason)
		s.change("c", func(i *topology.Instance) { i.Ended = true })
		step, reason = s.next()
		require.Equal(t, topology.ActWait, step.Do, reason)
	})
}

// Found by random faults: the heir was killed between the record that gave up the only
// other holder and its reseed, and from then on nobody's data counted.
func TestHeirsDataCountBeforeTheOtherHoldersAreGivenUp(t *testing.T) {
	s := newScene()
	s.policy.FastRecovery = 0 // no restart cures it
	s.record.Main, s.record.Heir, s.record.Voter, s.record.From = "", "a", "", "b"
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
	s.record.Members["a"] = topology.Member{Process: "a/1", Reign: 3, Voted: "a/1"}
	for _, name := range []string{"b", "c"} {
		s.change(name, func(i *topology.Instance) { i.Refused = 3 })
	}
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
	step, reason := s.next()
	require.Empty(t, step.Record.Members["a"].Voted, reason)
	require.Nil(t, step.Record.Members["b"].Quarantined)
	s.record = step.Record
	step, reason = s.next()
	require.NotNil(t, step.Record.Members["b"].Quarantined, reason)
}

// Found by random faults: two forced failovers in a row, to an instance that had never
// been registered, left nobody of whom the record knew that it has the data.
func TestForcedFailoverToAnInstanceWithoutTheDataIsRefused(t *testing.T) {
	for name, open := range map[string]bool{"a main takes writes": true, "another one is on its way": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			if !open {
				s.record.Main, s.record.Heir, s.record.From, s.record.Gate, s.record.Plan = "", "a", "b", topology.GateClosed, topology.PlanFailover
			}
			s.restart("c")
			s.change("c", func(i *topology.Instance) { i.StorageKnown = false })
			s.ask(topology.RequestFailover, "c", true)
			step, reason := s.next()
			require.Equal(t, topology.ActWait, step.Do, reason)
			s.change("c", func(i *topology.Instance) { i.StorageKnown, i.Database, i.Empty = true, "another", true })
			step, reason = s.next()
			require.Equal(t, topology.ActSave, step.Do)
			require.Nil(t, step.Record.Request)
			require.Equal(t, s.record.Heir, step.Record.Heir, reason)
			require.Contains(t, reason, "choose an instance that has")
		})
	}
}

// A second voter aborts writes when it is lost, and nobody counts on it.
func TestReplicaThatSomebodyMadeASecondVoterVotesNoMore(t *testing.T) {
	s := newScene()
	s.row("c", func(r *topology.Replica) { r.Mode = topology.StrictSync })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}, step, reason)
	s.view.Instances["c"] = topology.Instance{Name: "c", Health: topology.HealthSilent, Since: noon.Add(-time.Minute)}
	step, reason = s.next()
	require.NotEqual(t, topology.ActRegister, step.Do, "to let go of a silent one kills the main: %s", reason)
}

// Whoever was a main has to join anew, also if the leader changes before it does.
func TestMemberThatSomebodyPromotedHasToJoinAnew(t *testing.T) {
	s := newScene()
	s.change("c", func(i *topology.Instance) { i.Answer.Role = topology.RoleMain })
	step, reason := s.next()
	require.Equal(t, topology.ActSave, step.Do, reason)
	require.Equal(t, topology.Member{Process: "c/1"}, step.Record.Members["c"])
	s.record = step.Record
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDemote, Instance: "c"}, step, reason)
	s.change("c", func(i *topology.Instance) { i.Answer.Role, i.Joined, i.InvalidSince = topology.RoleReplica, 0, noon })
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, 1 })
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}, step, reason)
}

func TestVoterThatIsBeingStoppedIsDroppedInsteadOfRegisteredAnew(t *testing.T) {
	w := begin(t, 3)
	var steps []string
	w.trace = func(s string) { steps = append(steps, s) }
	w.databases["b"].terminating = true
	require.True(t, w.runUntil(3*time.Second, func() bool { return w.record.Voter == "c" && w.record.Gate == "open" }))
	require.Contains(t, strings.Join(steps, "\n"), "drop b at a")
	require.NotContains(t, strings.Join(steps, "\n"), "register b")
	healed(t, w)
}

// A pod that was deleted by force is gone before its process is: its address will
// swallow packets, and nobody may be dropped there.
func TestVoterWhoseAddressIsGoneIsShedByANewEpoch(t *testing.T) {
	w := begin(t, 3)
	w.run(7 * time.Second)
	w.addressDelay = 6 * time.Second
	w.observers["b"].started = w.now
	w.databases["b"].terminating = true
	require.True(t, w.runUntil(2*time.Second, func() bool { return w.record.Voter == "c" && w.record.Gate == "open" }))
	require.Equal(t, "a", w.record.Main)
	require.Empty(t, w.broken)
	healed(t, w)
}
