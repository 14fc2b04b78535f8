package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// crowned is a scene in which b was just promoted for a, which is gone. rows are
// what it says of its replicas.
func crowned(plan topology.Plan, rows ...topology.Replica) *scene {
	s := newScene()
	s.addReplica("d")
	s.succeedTo("b")
	s.record.Plan, s.record.Since = plan, noon
	s.change("b", func(i *topology.Instance) { i.Answer.Replicas = rows })
	return s
}

func registered(name string, mode topology.Mode, status topology.Status) topology.Replica {
	return topology.Replica{Name: name, Address: name + ":10000", Mode: mode, Status: status, TS: 40}
}

// E.4, before the new main has served anybody: it cannot get rid of a voter that
// says nothing either, and is left for a replica that has everything.
func TestNewMainThatStallsBehindItsVoterHandsOverToo(t *testing.T) {
	s := crowned(topology.PlanRefresh,
		registered("c", topology.StrictSync, topology.StatusReplicating), registered("d", topology.Async, topology.StatusReady))
	s.record.Gate = topology.GatePaused
	s.lose("c", topology.HealthSilent)
	step, reason := s.next()
	r := step.Record
	require.Equal(t, []string{"", "d", "b"}, []string{r.Main, r.Heir, r.From}, reason)
	require.Equal(t, topology.PlanHandover, r.Plan)
	require.Equal(t, topology.GateClosed, r.Gate)
	require.Equal(t, topology.Member{Process: "d/1", Reign: 4, Voted: "d/1"}, r.Members["d"], "this process has everything")

	s.change("b", func(i *topology.Instance) { i.Answer.Replicas[1].Status = topology.StatusRecovery })
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do, "not to one that lacks something: %s", reason)
}

func TestNewMainDropsAVoterWhoseProcessIsGone(t *testing.T) {
	s := crowned(topology.PlanFailover, registered("c", topology.StrictSync, topology.StatusReady), registered("d", topology.Async, topology.StatusReady))
	s.lose("c", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "b", Target: "c"}, step, reason)
}

// E.4: a pause in which the voter falls silent becomes a handover.
func TestVoterThatFallsSilentInThePauseForAnotherIsNotDropped(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.record.Voter = ""
	s.lose("b", topology.HealthSilent)
	step, reason := s.next()
	require.Equal(t, topology.PlanHandover, step.Record.Plan, reason)
	require.Equal(t, topology.GateClosed, step.Record.Gate)
	require.Equal(t, "a", step.Record.Main)
	require.Empty(t, step.Record.Heir, "a has yet to say who has everything")
}

// E.6: even if nobody else can vote yet.
func TestVoterThatIsGoneLeavesTheRecordBeforeItsMainDropsIt(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.lose("b", topology.HealthDead)
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
	step, reason := s.next()
	require.Equal(t, topology.ActSave, step.Do, reason)
	require.Empty(t, step.Record.Voter)
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "b"}, step, reason)
}

// Where a drop would hang on an address that swallows packets, a new database
// epoch clears the list, unless that makes things worse.
func TestVoterThatMovedIsShedOnlyWhereANewEpochIsGood(t *testing.T) {
	moved := func(s *scene) {
		s.lose("b", topology.HealthDead)
		s.change("b", func(i *topology.Instance) { i.Moving = true })
	}
	t.Run("it is good", func(t *testing.T) {
		s := pauseFor(topology.PlanVoter)
		moved(s)
		step, reason := s.next()
		require.Empty(t, step.Record.Voter, reason)
		require.Equal(t, "a", step.Record.Main, "it leaves the record first")
		s.follow(step)
		step, reason = s.next()
		require.Equal(t, "a", step.Record.Heir, reason)
		require.Equal(t, topology.PlanRefresh, step.Record.Plan)
		require.Equal(t, topology.GatePaused, step.Record.Gate, "nobody is cut")
	})
	for name, spoil := range map[string]func(*scene){
		"nobody else can vote":            func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusRecovery }) },
		"the main restarted":              func(s *scene) { s.restart("a") },
		"the main is on its way to be it": func(s *scene) { s.record.Main, s.record.Heir = "", "a" },
	} {
		t.Run(name, func(t *testing.T) {
			s := pauseFor(topology.PlanVoter)
			moved(s)
			spoil(s)
			step, reason := s.next()
			require.Equal(t, topology.Step{Do: topology.ActWait}, step)
			require.Equal(t, "waiting until a finds b, which has moved", reason)
		})
	}
}

// E.4, E.31: a process that is being stopped anyhow is not restarted. Nor is its end
// waited for: where there is another replica, that votes meanwhile.
func TestStalledMainIsRestartedAndNotWaitedFor(t *testing.T) {
	for _, terminating := range []bool{false, true} {
		s := crowned(topology.PlanHandover, registered("d", topology.Async, topology.StatusReady))
		s.change("a", func(i *topology.Instance) { i.Health, i.Terminating = topology.HealthUp, terminating })
		step, reason := s.next()
		if terminating {
			require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "b", Target: "c", Mode: topology.StrictSync}, step, reason)
		} else {
			require.Equal(t, topology.Step{Do: topology.ActRestart, Instance: "a"}, step, reason)
		}
	}
}

// Only the voter that fell silent is left: it may wake up and end the stalled commit
// together with the old main, so that one's end is waited for.
func TestStalledMainIsWaitedForWhereNobodyElseCanVote(t *testing.T) {
	s := crowned(topology.PlanHandover, registered("d", topology.Async, topology.StatusReady))
	s.record.Voter = "c"
	s.change("a", func(i *topology.Instance) { i.Health, i.Terminating = topology.HealthUp, true })
	s.change("d", func(i *topology.Instance) { i.Health = topology.HealthSilent })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Equal(t, "waiting for the end of a, which stalls behind the silent voter", reason)
}

// The vote goes to the one that keeps the cluster promotable, and does not wander
// without need: each change is a registration that clients wait for.
func TestVoteGoesToWhoShouldHaveIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		voter  string // who is made the voter, or is it when the gate opens
		opens  bool
	}{
		"it stays": {func(s *scene) {
			s.row("b", func(r *topology.Replica) { r.Mode = topology.Async })
			s.row("c", func(r *topology.Replica) { r.Mode = topology.StrictSync })
		}, "c", true},
		"it stays with one that moved": {func(s *scene) {
			s.change("b", func(i *topology.Instance) { i.Moving = true })
			s.lose("c", topology.HealthDead)
		}, "b", true},
		"it goes to nobody that moved": {func(s *scene) {
			s.row("b", func(r *topology.Replica) { r.Mode = topology.Async })
			s.change("b", func(i *topology.Instance) { i.Moving = true })
		}, "c", false},
		"clean before unclean": {func(s *scene) {
			s.row("b", func(r *topology.Replica) { r.Mode = topology.Async })
			s.restart("b")
		}, "c", false},
		"of two that missed a transaction the clean one, if it is the second": {func(s *scene) {
			s.missed("b", "c")
			s.restart("b")
		}, "c", false},
		"of two that missed a transaction the clean one, if it is the first": {func(s *scene) {
			s.missed("b", "c")
			s.restart("c")
		}, "b", false},
		"of two that missed a transaction not the one that is being stopped": {func(s *scene) {
			s.missed("b", "c")
			s.change("b", func(i *topology.Instance) { i.Terminating = true })
		}, "c", false},
		"of two that missed a transaction not the one that moved": {func(s *scene) {
			s.missed("b", "c")
			s.change("b", func(i *topology.Instance) { i.Moving = true })
		}, "c", false},
		"of two that missed a transaction the first": {func(s *scene) { s.missed("b", "c") }, "b", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := pauseFor(topology.PlanVoter)
			s.record.Voter = ""
			c.change(s)
			step, reason := s.next()
			if c.opens {
				require.Equal(t, c.voter, step.Record.Voter, reason)
				require.Equal(t, topology.GateOpen, step.Record.Gate)
			} else {
				require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: c.voter, Mode: topology.StrictSync}, step, reason)
			}
		})
	}
}

// missed lets replicas lack a transaction that others got.
func (s *scene) missed(names ...string) {
	for _, n := range names {
		s.row(n, func(r *topology.Replica) { r.Mode, r.Status, r.Behind = topology.Async, topology.StatusInvalid, -2 })
	}
}

// One that lags aborts every write, whatever its data turn out to be.
func TestVoteDoesNotStayWithOneThatLags(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.record.Voter = ""
	s.change("b", func(i *topology.Instance) { i.StorageKnown = false })
	s.row("b", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusRecovery, -2 })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "b", Mode: topology.Async}, step, reason)
}

// E.12: it is reseeded later, when clients do not wait for it.
func TestRefusedReplicaDoesNotKeepTheGateShutWhileAnotherCanVote(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.change("c", func(i *topology.Instance) { i.Refused = 3 })
	step, reason := s.next()
	require.Equal(t, topology.GateOpen, step.Record.Gate, reason)
	require.Nil(t, step.Record.Members["c"].Quarantined)
}

// E.12: a restart cures a history that refuses others; other data it does not.
func TestMainIsNotRestartedForAReplicaThatHoldsOtherData(t *testing.T) {
	s := crowned(topology.PlanFailover)
	s.change("b", func(i *topology.Instance) { i.Marked = 3 })
	delete(s.view.Instances, "d")
	s.change("c", func(i *topology.Instance) { i.Database = "foreign" })
	step, reason := s.next()
	require.Equal(t, "it holds another database", step.Record.Members["c"].Quarantined.Reason, reason)
}

// Found by chaos on kind, once in 130 failovers: the main was killed between its commit
// and the voter's decision, came back, and was refused. Its successor was restarted in
// vain, or all others were reseeded while nobody took writes.
func TestMainThatHasMoreThanItsHeirIsMainAgain(t *testing.T) {
	unsound := topology.Member{Process: "b/1", Reign: 3}
	for name, c := range map[string]struct {
		change func(s *scene)
		back   bool
	}{
		"and so has another":         {func(*scene) {}, true},
		"there is no other":          {func(s *scene) { delete(s.view.Instances, "c") }, true},
		"it is being stopped":        {func(s *scene) { s.change("a", func(i *topology.Instance) { i.Terminating = true }) }, false},
		"it has other data":          {func(s *scene) { s.change("a", func(i *topology.Instance) { i.Database = "foreign" }) }, false},
		"it is not refused yet":      {func(s *scene) { s.change("a", func(i *topology.Instance) { i.Refused = 2 }) }, false},
		"the heir may be poisoned":   {func(s *scene) { s.record.Members["b"] = unsound }, false},
		"the heir restarted":         {func(s *scene) { s.restart("b") }, false},
		"another one can vote":       {func(s *scene) { s.change("b", votes("c")); s.change("c", func(i *topology.Instance) { i.Refused = 0 }) }, false},
		"it is not the old main":     {func(s *scene) { s.record.From = "c" }, false},
		"the other is written to":    {func(s *scene) { s.change("b", func(i *topology.Instance) { i.Marked = 3 }) }, false},
		"clients write to the other": {func(s *scene) { s.record.Main, s.record.Heir, s.record.Gate = "b", "", topology.GatePaused }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := crowned(topology.PlanFailover)
			delete(s.view.Instances, "d")
			s.record.Members["b"] = topology.Member{Process: "b/1", Reign: 3, Sound: true}
			s.change("c", func(i *topology.Instance) { i.Refused = 3 })
			s.restart("a")
			s.record.Members["a"] = topology.Member{Process: "a/2", Reign: 3}
			s.change("a", func(i *topology.Instance) {
				i.Health, i.Answer.Role, i.Refused = topology.HealthUp, topology.RoleReplica, 3
			})
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.back, step.Record.Heir == "a", reason)
			if c.back {
				require.Equal(t, []string{"", "b"}, []string{step.Record.From, step.Record.Voter})
				require.Equal(t, topology.Member{Process: "b/1", Reign: 4, Sound: true}, step.Record.Members["b"])
				require.True(t, step.Record.Members["a"].Sound, "a restart of it would be in vain")
			}
		})
	}
}

// Found by chaos on kind: the silent voter woke up and ended with the old main, which was
// being stopped, the commit that stalled both. The successor refused both, was written
// to, gave way to the old main, was refused by it, took its place when that was restarted
// as a cure, and so on for 54 s.
func TestVoterThatWokeUpAndHasMoreIsMainInsteadOfTheHeir(t *testing.T) {
	s := crowned(topology.PlanHandover)
	delete(s.view.Instances, "d")
	s.record.Voter = "c"
	s.record.Members["b"] = topology.Member{Process: "b/1", Reign: 3, Sound: true}
	s.change("c", func(i *topology.Instance) { i.Refused = 3 })
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, []string{"c", "", "b"}, []string{step.Record.Heir, step.Record.From, step.Record.Voter}, reason)
}

func votes(name string) func(*topology.Instance) {
	return func(i *topology.Instance) {
		i.Answer.Replicas = []topology.Replica{registered(name, topology.StrictSync, topology.StatusReady)}
	}
}

// An old main that is still starting may have the write that others have, and accept
// everybody; it is not waited for longer than a start takes.
func TestOldMainThatMayHaveMoreIsWaitedForWhileItStarts(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *scene)
		waits  bool
	}{
		"it starts":        {func(*scene) {}, true},
		"it starts slowly": {func(s *scene) { s.record.Since = noon.Add(-s.policy.FastRecovery) }, false},
		"it was given up":  {func(s *scene) { s.record.From = "" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := crowned(topology.PlanFailover)
			delete(s.view.Instances, "d")
			s.record.Members["b"] = topology.Member{Process: "b/1", Reign: 3, Sound: true}
			s.change("c", func(i *topology.Instance) { i.Refused = 3 })
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.waits, step.Do == topology.ActWait, reason)
			if !c.waits {
				if s.record.From != "" {
					require.Equal(t, topology.ActSave, step.Do, reason)
					require.Equal(t, []string{"", ""}, []string{step.Record.From, step.Record.Voter}, "a lacks what b is about to be given")
					s.follow(step)
					step, reason = s.next()
				}
				require.Equal(t, topology.Step{Do: topology.ActMark, Instance: "b"}, step, "before c is reseeded: "+reason)
			}
		})
	}
}

// A process that is new in the reign may hold its epoch twice, and then refuses those
// whose data are right. So may one that was adopted.
func TestOnlyAHeirThatIsTheProcessOfBeforeIsSound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(s *scene)
		sound  bool
	}{
		"it is":     {func(*scene) {}, true},
		"restarted": {func(s *scene) { s.restart("b") }, false},
		"adopted":   {func(s *scene) { s.record.Members["b"] = topology.Member{} }, false},
		"unsound in the reign before, which nobody got to rule": {func(s *scene) {
			s.succeedTo("c")
			s.lose("c", topology.HealthDead)
			s.record.Voter = "b"
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.lose("a", topology.HealthDead)
			c.change(s)
			step, reason := s.next()
			require.Equal(t, "b", step.Record.Heir, reason)
			require.Equal(t, c.sound, step.Record.Members["b"].Sound)
		})
	}
}

// E.12: or it would be taken for one that may lack what it voted for.
func TestRefusingMainThatVotedCountsWithItsDataBeforeItIsRestarted(t *testing.T) {
	s := crowned(topology.PlanFailover)
	s.setVoted("b/1")
	for _, n := range []string{"c", "d"} {
		s.change(n, func(i *topology.Instance) { i.Refused = 3 })
	}
	step, reason := s.next()
	require.Equal(t, topology.ActSave, step.Do, reason)
	require.Empty(t, step.Record.Members["b"].Voted)
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRestart, Instance: "b"}, step, reason)
}

// E.12: the old voter's data are set aside, so it cannot take the heir's place.
func TestReseededVoterOfBeforeIsNoHolderAnyMore(t *testing.T) {
	s := crowned(topology.PlanFailover)
	s.policy.FastRecovery = 0
	s.record.Voter = "c"
	delete(s.view.Instances, "d")
	s.change("b", func(i *topology.Instance) { i.Marked = 3 })
	s.change("c", func(i *topology.Instance) { i.Refused = 3 })
	step, reason := s.next()
	require.NotNil(t, step.Record.Members["c"].Quarantined, reason)
	require.Empty(t, step.Record.Voter)
	require.Equal(t, "a", step.Record.From)
}

// What opens the gate is also what the next failover goes by.
func TestRecordOfAnOpenGateNamesMainVoterAndWhatIsKnownOfThem(t *testing.T) {
	s := crowned(topology.PlanFailover, registered("c", topology.StrictSync, topology.StatusReady), registered("d", topology.Async, topology.StatusReady))
	s.setVoted("b/1")
	s.record.Database = ""
	s.change("b", func(i *topology.Instance) { i.Marked = 3 })
	step, reason := s.next()
	r := step.Record
	require.Equal(t, "main b, voter c", reason)
	require.Equal(t, []string{"b", "c", "", ""}, []string{r.Main, r.Voter, r.Heir, r.From})
	require.Equal(t, topology.GateOpen, r.Gate)
	require.Equal(t, topology.PlanNone, r.Plan)
	require.Equal(t, "ours", r.Database)
	require.Equal(t, topology.Member{Process: "b/1", Reign: 3}, r.Members["b"], "it is the main whichever process runs")
	require.Equal(t, topology.Member{Process: "c/1", Reign: 3, Voted: "c/1"}, r.Members["c"])

	s.change("b", func(i *topology.Instance) { i.StorageKnown, i.Database = false, "" })
	s.record.Database = "ours"
	step, reason = s.next()
	require.Equal(t, "ours", step.Record.Database, "what is not known changes nothing: %s", reason)
}

// E.6, policy degrade-after: loudly, and only when the time is over.
func TestGateOpensWithoutAVoterOnlyAfterTheTimeThatThePolicySays(t *testing.T) {
	s := crowned(topology.PlanFailover)
	s.policy.DegradeAfter = 10 * time.Second
	s.change("b", func(i *topology.Instance) { i.Marked = 3 })
	s.lose("c", topology.HealthDead)
	s.lose("d", topology.HealthDead)
	s.record.Since = noon.Add(-10 * time.Second)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.record.Since = s.record.Since.Add(-1)
	step, reason = s.next()
	require.Equal(t, topology.GateOpen, step.Record.Gate, reason)
	require.Empty(t, step.Record.Voter)
	require.Contains(t, reason, "main b WITHOUT A VOTER")
}

// E.6, policy degrade-after: the one replica that is left was registered as voter
// while the gate was shut, and lags. As long as it is one it aborts every write.
func TestReplicaThatLagsVotesNoMoreWhenWritesGoOnWithoutAVoter(t *testing.T) {
	w := begin(t, 3)
	w.policy.DegradeAfter = 10 * time.Second
	w.databases["c"].lagging = true
	w.run(time.Second)
	w.databases["a"].kill()
	acked := len(w.acked)
	w.run(9 * time.Second)
	require.Len(t, w.acked, acked)
	require.True(t, w.runUntil(3*time.Second, func() bool { return len(w.acked) > acked }), w.reason())
	require.Empty(t, w.record.Voter)
	healed(t, w)
}

func TestNothingIsRegisteredAnewBeforeThePolicyGivesUpOnAVoter(t *testing.T) {
	s := crowned(topology.PlanFailover, registered("c", topology.StrictSync, topology.StatusRecovery))
	s.policy.DegradeAfter = 10 * time.Second
	delete(s.view.Instances, "d")
	s.record.Since = noon.Add(-10 * time.Second)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.record.Since = s.record.Since.Add(-1)
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "b", Target: "c", Mode: topology.Async}, step, reason)
	require.Equal(t, "c votes no more: it lags, and writes go on without it", reason)
}

// E.12: a restart would end the sessions that a pause keeps alive.
func TestMainThatClientsKnowIsNotRestartedToCureARefusal(t *testing.T) {
	s := pauseFor(topology.PlanVoter)
	s.record.Voter = ""
	delete(s.view.Instances, "b")
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
	s.change("c", func(i *topology.Instance) { i.Refused = 3 })
	step, reason := s.next()
	require.NotNil(t, step.Record.Members["c"].Quarantined, reason)
}
