package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

const analytical = "storage_mode=IN_MEMORY_ANALYTICAL"

// unreplicated lets it be known that what an instance writes reaches nobody.
func (s *scene) unreplicated(name string) {
	s.change(name, func(i *topology.Instance) { i.Unreplicated = analytical })
}

// wroteAlone is a record that remembers a main of before.
func (s *scene) wroteAlone(name string) {
	m := s.record.Members[name]
	m.Unreplicated = &topology.Unreplicated{Reason: analytical, Since: noon.Add(-time.Minute)}
	s.record.Members[name] = m
}

// storageMode changes the mode of an instance between two commits.
func (w *world) storageMode(t *testing.T, name string, analytical bool) {
	d := w.databases[name]
	d.finishVoted()
	d.setAnalytical(analytical)
	require.Equal(t, analytical, d.analytical)
}

func (w *world) openWith(main, voter string) func() bool {
	return func() bool {
		return w.record.Main == main && w.record.Voter == voter && w.record.Gate == topology.GateOpen
	}
}

// analyticalMain is a cluster of three whose main a has written in analytical mode, and
// whose leader knows it.
func analyticalMain(t *testing.T) *world {
	w := begin(t, 3)
	w.storageMode(t, "a", true)
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.noted(w.record, "a") != nil }))
	require.NotEmpty(t, w.databases["a"].unlogged, "it wrote before it was known")
	return w
}

// E.33
func TestMainWhoseWritesReachNobodyHasNoVoterAndTakesNoMore(t *testing.T) {
	w := analyticalMain(t)
	require.Empty(t, w.record.Voter)
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Gate == topology.GateClosed }))
	acked := len(w.acked)
	never(t, w, time.Minute, "the gate opens", func() bool { return w.record.Gate != topology.GateClosed })
	require.Len(t, w.acked, acked)
	for _, says := range []string{"a runs with " + analytical, "policy strict", "failover --force --to INSTANCE", "backup of a"} {
		require.Contains(t, w.reason(), says)
	}
}

// E.33, policy degrade-after
func TestMainWhoseWritesReachNobodyGoesOnWithoutAVoterIfThePolicyAllowsIt(t *testing.T) {
	w := begin(t, 3)
	w.policy.DegradeAfter = 10 * time.Second
	w.storageMode(t, "a", true)
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Voter == "" }))
	never(t, w, time.Minute, "the gate is not open", func() bool { return w.record.Gate != topology.GateOpen })
	require.Contains(t, w.reason(), "a takes writes that reach no replica, because it runs with "+analytical)
	w.databases["a"].takeSnapshot()
	w.databases["a"].kill()
	never(t, w, time.Minute, "somebody follows", func() bool { return w.record.Main != "a" && w.record.Heir != "a" && w.record.Heir != "" })
	w.databases["a"].start(w.startDelay)
	require.True(t, w.runUntil(time.Minute, w.openWith("a", "")), w.reason())
	require.Empty(t, w.broken)
}

// E.33: the replicas are shown as ready with behind 0, and lack what it wrote; neither the
// mode of before, nor another leader, nor a restart changes that.
func TestNobodyFollowsAMainThatOnceWroteAlone(t *testing.T) {
	for name, meanwhile := range map[string]func(*world){
		"still in that mode":     func(*world) {},
		"the mode is back":       func(w *world) { w.storageMode(t, "a", false); w.run(10 * time.Second) },
		"another leader":         func(w *world) { w.storageMode(t, "a", false); w.changeLeader() },
		"it took a snapshot":     func(w *world) { w.databases["a"].takeSnapshot() },
		"it restarted with that": func(w *world) { w.databases["a"].takeSnapshot(); w.restart("a"); w.run(10 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			w := analyticalMain(t)
			meanwhile(w)
			for _, row := range w.databases["a"].rows() {
				require.Zero(t, row.Behind)
			}
			w.databases["a"].kill()
			never(t, w, time.Minute, "somebody else is promoted", func() bool {
				return w.record.Heir == "b" || w.record.Heir == "c" || w.isMain("b")() || w.isMain("c")()
			})
			require.Contains(t, w.reason(), "failover --force --to INSTANCE")
		})
	}
}

// E.33: the stated way out. What was set aside is on the old main's volume.
func TestForcedFailoverEndsItAndTheOldMainIsReseeded(t *testing.T) {
	for name, instances := range map[string]int{"three": 3, "two": 2} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, instances)
			w.storageMode(t, "a", true)
			require.True(t, w.runUntil(5*time.Second, func() bool { return w.noted(w.record, "a") != nil }))
			storage := w.databases["a"].storage
			w.request(topology.RequestFailover, "b", true)
			require.True(t, w.runUntil(30*time.Second, func() bool { return w.isMain("b")() && w.record.Voter != "" }), w.reason())
			require.True(t, w.runUntil(30*time.Second, func() bool { return w.noted(w.record, "a") == nil && w.idle > 20 }), w.reason())
			require.Greater(t, w.databases["a"].starts, 1, "storage %d was set aside", storage)
			healed(t, w)
		})
	}
}

func TestSwitchoverFromAMainWhoseWritesReachNobodyIsRefused(t *testing.T) {
	for name, kind := range map[string]topology.RequestKind{"switchover": topology.RequestSwitchover, "failover": topology.RequestFailover} {
		for gate, closed := range map[string]bool{"open": false, "closed": true} {
			t.Run(name+", "+gate, func(t *testing.T) {
				s := newScene()
				s.wroteAlone("a")
				s.record.Voter = ""
				s.policy.DegradeAfter = time.Second
				if closed {
					s.policy.DegradeAfter = 0
					s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanVoter
				}
				s.ask(kind, "c", false)
				step, reason := s.next()
				require.Equal(t, topology.ActSave, step.Do)
				require.Nil(t, step.Record.Request)
				require.Equal(t, "a", step.Record.Main)
				require.Contains(t, reason, string(kind)+" refused: a was seen to run with "+analytical)
			})
		}
	}
}

// A person's pause is when data are loaded: nothing is done, but it is written down.
func TestPauseDoesNotKeepItFromBeingRemembered(t *testing.T) {
	s := newScene()
	s.unreplicated("a")
	s.record.Pause = &topology.Pause{Until: noon.Add(time.Hour), By: "ann"}
	step, reason := s.next()
	require.Equal(t, &topology.Unreplicated{Reason: analytical, Since: noon}, step.Record.Members["a"].Unreplicated, reason)
	require.Empty(t, step.Record.Voter)
	require.Equal(t, topology.GateOpen, step.Record.Gate)
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}

// Whatever is under way when it is noticed, nobody follows such a main.
func TestPlanThatWouldLeaveAMainThatWroteAloneIsGivenUp(t *testing.T) {
	for _, plan := range []topology.Plan{topology.PlanSwitchover, topology.PlanRefresh, topology.PlanHandover, topology.PlanVoter} {
		t.Run(string(plan), func(t *testing.T) {
			s := newScene()
			s.record.Gate, s.record.Plan = topology.GatePaused, plan
			s.unreplicated("a")
			for range 5 {
				step, reason := s.next()
				require.Contains(t, []topology.Action{topology.ActSave, topology.ActWait}, step.Do, reason)
				if step.Do == topology.ActWait {
					break
				}
				require.Equal(t, "a", step.Record.Main, reason)
				s.follow(step)
			}
			require.Empty(t, s.record.Voter)
			require.NotNil(t, s.record.Members["a"].Unreplicated)
		})
	}
}

// The heir was not promoted yet when the main that it follows turned out to have more.
func TestHeirGivesWayToTheMainThatWroteAlone(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "b", "a", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanSwitchover
	s.unreplicated("a")
	step, _ := s.next()
	s.follow(step)
	step, reason := s.next()
	require.Equal(t, "a", step.Record.Heir, reason)
	require.Contains(t, reason, "b lacks what a wrote")
}

// It came back with another setting, and no client has written to it since.
func TestOldMainThatRestartedWithoutALogKeepsNobodyFromFollowing(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "b", "a", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
	s.restart("a")
	s.unreplicated("a")
	step, reason := s.next()
	require.Equal(t, "a/2", step.Record.Members["a"].Unreplicated.Process, reason)
	s.follow(step)
	s.change("a", func(i *topology.Instance) { i.Answer.Role = topology.RoleReplica })
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActPromote, Instance: "b"}, step, reason)
}

// It may have been emptied while its main showed it as ready (memgraph-observed 3).
func TestReplicaInAnotherStorageModeIsNobodysSuccessor(t *testing.T) {
	w := begin(t, 3)
	w.storageMode(t, "b", true)
	require.True(t, w.runUntil(10*time.Second, w.openWith("a", "c")), w.reason())
	w.storageMode(t, "b", false)
	w.changeLeader()
	w.databases["c"].kill()
	never(t, w, 20*time.Second, "b votes again", func() bool { return w.record.Voter == "b" })
	w.restart("b")
	require.True(t, w.runUntil(20*time.Second, w.openWith("a", "b")), "it has what is on its disk, and the rest from its main: "+w.reason())
	healed(t, w)
}

func TestVoterInAnotherStorageModeIsNotPromotedWhereNobodyElseCanVote(t *testing.T) {
	s := newScene()
	s.change("c", func(i *topology.Instance) { i.Health = topology.HealthDead })
	s.unreplicated("b")
	step, _ := s.next()
	s.follow(step)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Contains(t, reason, "a takes writes, but nobody would follow it by itself: voter b runs with "+analytical)
	s.lose("a", topology.HealthSilent)
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Contains(t, reason, "voter b runs with "+analytical)
}

// A voter that has voted for hours is known, though a new leader has not asked it for its
// settings: a failover waits for nothing.
func TestSettingsThatAreNotKnownYetDelayNoFailover(t *testing.T) {
	s := newScene()
	for _, name := range []string{"a", "b", "c"} {
		s.change(name, func(i *topology.Instance) { i.StorageKnown, i.Database = false, "" })
	}
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "b", step.Record.Heir, reason)
}

func TestFirstMainIsOneWhoseWritesReachTheOthers(t *testing.T) {
	for want, unreplicated := range map[string][]string{"a": nil, "b": {"a"}, "c": {"a", "b"}} {
		s := newScene()
		s.record = topology.Record{Format: topology.Format, Gate: topology.GateClosed}
		for _, name := range []string{"a", "b", "c"} {
			s.change(name, func(i *topology.Instance) { i.Empty, i.Answer.Role, i.Answer.Replicas = true, topology.RoleMain, nil })
		}
		for _, name := range unreplicated {
			s.unreplicated(name)
		}
		step, reason := s.next()
		require.Equal(t, want, step.Record.Heir, reason)
	}
}

// A cluster that never had a log: no client has written, so to correct it is enough.
func TestClusterWithoutALogDoesNotOpenAndSaysWhatToCorrect(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Voter, s.record.Heir = "", "", "a"
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanBootstrap
	for _, name := range []string{"a", "b", "c"} {
		s.change(name, func(i *topology.Instance) { i.Unreplicated = "storage_wal_enabled=false" })
	}
	var step topology.Step
	var reason string
	for range 6 {
		if step, reason = s.next(); step.Do != topology.ActSave {
			break
		}
		s.follow(step)
	}
	require.Equal(t, topology.ActWait, step.Do, reason)
	require.Contains(t, reason, "a runs with storage_wal_enabled=false: what it writes reaches no replica")
	require.Contains(t, reason, "correct the setting and restart a")
	require.Equal(t, "a/1", s.record.Members["a"].Unreplicated.Process, "it was no main that clients wrote to")
}

// What a main has in memory alone may end with its process, so nobody is reseeded from it.
func TestNobodyIsReseededFromAMainWhoseWritesReachNobody(t *testing.T) {
	for name, spoil := range map[string]func(*topology.Instance){
		"refused": func(i *topology.Instance) { i.Refused = 3 },
		"foreign": func(i *topology.Instance) { i.Database = "foreign" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.wroteAlone("a")
			s.record.Voter, s.policy.DegradeAfter = "", time.Second
			s.change("c", spoil)
			step, reason := s.next()
			require.Equal(t, topology.ActWait, step.Do, reason)
			require.Contains(t, reason, "reach no replica")
		})
	}
}

// Its writes and theirs differ, and no position tells: a person chooses.
func TestMainThatWroteAloneAndLostSomethingIsNotReplacedByWhoIsAhead(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "a", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanReturn
	s.wroteAlone("a")
	s.change("a", func(i *topology.Instance) { i.Crowned = 0 })
	s.row("b", func(r *topology.Replica) { r.Mode, r.Behind = topology.Async, 4 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	require.Contains(t, reason, "a lost writes that b has, which lacks what a wrote")
}

func TestReplicaThatWroteAloneServesNoReadsAndTheOthersDo(t *testing.T) {
	s := newScene()
	s.wroteAlone("c")
	reads := topology.ReadPool(s.record, s.view, s.policy, nil)
	require.Equal(t, []string{"b"}, reads.Pool)
	require.Contains(t, reads.Why["c"], analytical)
	s = newScene()
	s.wroteAlone("a")
	require.Equal(t, []string{"b", "c"}, topology.ReadPool(s.record, s.view, s.policy, nil).Pool)
}
