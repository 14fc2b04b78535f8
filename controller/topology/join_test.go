package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// E.14: it may be that it was registered before it became a replica. The voter is
// not let go while clients write: it has a grace of its own.
func TestReplicaIsRegisteredAnewOnlyWhereThatHelps(t *testing.T) {
	for name, c := range map[string]struct {
		row  func(*topology.Replica)
		want topology.Step
	}{
		"it stays invalid":        {func(r *topology.Replica) { r.Status = topology.StatusInvalid }, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}},
		"its history is in doubt": {func(r *topology.Replica) { r.Status = topology.StatusDiverged }, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}},
		"it is being written to":  {func(r *topology.Replica) { r.Status = topology.StatusReplicating }, topology.Step{Do: topology.ActWait}},
		"it is being brought up":  {func(r *topology.Replica) { r.Status = topology.StatusRecovery }, topology.Step{Do: topology.ActWait}},
		"it is somewhere else": {func(r *topology.Replica) { r.Status, r.Address = topology.StatusInvalid, "elsewhere:10000" },
			topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("c", func(i *topology.Instance) { i.Joined = 0 })
			s.row("c", c.row)
			step, reason := s.next()
			require.Equal(t, c.want, step, reason)
		})
	}
}

func TestVoterThatStaysInvalidIsRegisteredAnewInAPauseOnly(t *testing.T) {
	s := newScene()
	s.change("b", func(i *topology.Instance) { i.Joined = 0 })
	s.row("b", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, -3000 })
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)

	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanVoter, noon
	step, reason = s.next()
	require.Equal(t, topology.ActSave, step.Do, reason)
	require.Empty(t, step.Record.Voter, "first it is no holder any more")
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "b"}, step, reason)
}

// An empty disk has no history that could be unclean; a process on an old one has.
func TestReplicaThatRestartedCountsAsCleanOnlyIfItIsKnownToHaveStartedEmpty(t *testing.T) {
	for name, c := range map[string]struct {
		known, empty bool
		database     string
		fresh        bool
	}{
		"with its data":        {true, false, "ours", false},
		"not known yet":        {false, false, "", false},
		"on an empty disk":     {true, true, "new", true},
		"empty like the other": {true, true, "ours", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.row("c", func(r *topology.Replica) { r.Name = "x" })
			s.restart("c")
			s.change("c", func(i *topology.Instance) { i.StorageKnown, i.Empty, i.Database = c.known, c.empty, c.database })
			step, reason := s.next()
			if c.fresh {
				require.Equal(t, topology.Member{Process: "c/2", Reign: 3}, step.Record.Members["c"], reason)
				s.follow(step)
				step, reason = s.next()
			}
			require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}, step, reason)
		})
	}
}

// E.9: after its registration it has the UUID of the data and nothing else.
func TestHolderThatLostItsDataLeavesTheRecordBeforeItIsRegistered(t *testing.T) {
	for _, name := range []string{"a", "c"} {
		t.Run(name, func(t *testing.T) {
			s := crowned(topology.PlanFailover)
			s.record.Voter = "c"
			s.restart(name)
			s.change(name, func(i *topology.Instance) {
				i.Health, i.Empty, i.Database, i.StorageKnown = topology.HealthUp, true, "new", false
				i.Answer.Role = topology.RoleReplica
			})
			step, reason := s.next()
			require.Equal(t, topology.ActRegister, step.Do, "the others do not wait for it: %s", reason)
			require.NotEqual(t, name, step.Target, "nobody knows yet")
			s.change(name, func(i *topology.Instance) { i.StorageKnown = true })
			step, reason = s.next()
			require.Equal(t, name+" came back without its data", reason)
			want := map[string][]string{"a": {"", "c"}, "c": {"a", ""}}[name]
			require.Equal(t, want, []string{step.Record.From, step.Record.Voter})
		})
	}
}

// A voter that lags aborts every write; in a pause there are none.
func TestFirstReplicaIsRegisteredAsVoterOnlyWhileNobodyWrites(t *testing.T) {
	s := newScene()
	s.record.Voter = ""
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "b", Mode: topology.Async}, step, reason)
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanVoter, noon
	step, reason = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "b", Mode: topology.StrictSync}, step, reason)
}

// E.12: what an instance in quarantine goes through, and what it waits for.
func TestQuarantineIsCarriedOutStepByStep(t *testing.T) {
	wait := topology.Step{Do: topology.ActWait}
	type state struct {
		process string // that runs
		joins   string // that the record knows
		reign   uint64 // in which
		change  func(*topology.Instance)
		row     func(*topology.Replica)
	}
	none := func(r *topology.Replica) { r.Name = "x" }
	as := func(status topology.Status) func(*topology.Replica) {
		return func(r *topology.Replica) { r.Status = status }
	}
	empty := func(i *topology.Instance) { i.Empty, i.Database, i.Joined = true, "new", 0 }
	is := func(change func(*topology.Instance)) func(*topology.Instance) {
		return func(i *topology.Instance) { empty(i); change(i) }
	}
	for name, c := range map[string]struct {
		state
		want topology.Step
	}{
		"its data are there": {state{"c/1", "", 0, func(*topology.Instance) {}, none}, topology.Step{Do: topology.ActReseed, Instance: "c"}},
		"its data are there, and it says it is main": {
			state{"c/1", "", 0, func(i *topology.Instance) { i.Answer.Role = topology.RoleMain }, none}, topology.Step{Do: topology.ActReseed, Instance: "c"}},
		"the new process does not answer yet": {
			state{"c/2", "", 0, is(func(i *topology.Instance) { i.Health = topology.HealthSuspect }), none}, wait},
		"nobody knows yet that it is empty":    {state{"c/2", "", 0, is(func(i *topology.Instance) { i.StorageKnown = false }), none}, wait},
		"it says it is main":                   {state{"c/2", "", 0, is(func(i *topology.Instance) { i.Answer.Role = topology.RoleMain }), none}, topology.Step{Do: topology.ActDemote, Instance: "c"}},
		"its name leads elsewhere":             {state{"c/2", "c/2", 3, is(func(i *topology.Instance) { i.Moving = true }), none}, wait},
		"the main still lists the one before":  {state{"c/2", "", 0, empty, as(topology.StatusReady)}, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}},
		"it is known":                          {state{"c/2", "c/2", 3, empty, none}, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}},
		"its registration failed":              {state{"c/2", "c/2", 3, empty, as(topology.StatusPhantom)}, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}},
		"it was registered by somebody else":   {state{"c/2", "c/2", 3, empty, as(topology.StatusInvalid)}, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}},
		"it is invalid for a moment":           {state{"c/2", "c/2", 3, is(func(i *topology.Instance) { i.Joined = 3 }), as(topology.StatusInvalid)}, wait},
		"it is brought up by somebody's order": {state{"c/2", "c/2", 3, empty, as(topology.StatusRecovery)}, wait},
		"it is brought up, its data are asked": {state{"c/2", "c/2", 3, is(func(i *topology.Instance) { i.StorageKnown, i.Joined = false, 3 }), as(topology.StatusRecovery)}, wait},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("c", func(i *topology.Instance) { i.Process = c.process; c.change(i) })
			s.record.Members["c"] = topology.Member{Process: c.joins, Reign: c.reign, Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/1"}}
			s.row("c", c.row)
			step, reason := s.next()
			require.Equal(t, c.want, step, reason)
			if c.want.Do == topology.ActWait {
				require.Equal(t, "a takes writes, b votes; c is not in sync yet", reason, "nothing else is kept waiting")
			}
		})
	}
}

// E.12: the record says who joins before anybody is registered, and again after a
// new reign.
func TestReseededInstanceJoinsTheReignThatIs(t *testing.T) {
	for name, member := range map[string]topology.Member{
		"it is new":                {},
		"it joined an older reign": {Process: "c/2", Reign: 2},
		"it restarted once more":   {Process: "c/0", Reign: 3},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			member.Quarantined = &topology.Quarantine{Reason: "diverged", Process: "c/1"}
			s.record.Members["c"] = member
			s.row("c", func(r *topology.Replica) { r.Name = "x" })
			s.restart("c")
			s.change("c", func(i *topology.Instance) { i.Empty, i.Database, i.Joined = true, "new", 0 })
			step, reason := s.next()
			require.Equal(t, topology.Member{Process: "c/2", Reign: 3, Quarantined: member.Quarantined}, step.Record.Members["c"], reason)
		})
	}
}

func TestReseededInstanceIsBackWhenItIsReady(t *testing.T) {
	s := newScene()
	s.record.Members["c"] = topology.Member{Process: "c/2", Reign: 3, Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/1"}}
	s.restart("c")
	step, reason := s.next()
	require.Equal(t, "c was reseeded and is back", reason)
	require.Equal(t, topology.Member{Process: "c/2", Reign: 3}, step.Record.Members["c"])
}

// They are half of what there is. Another replica votes first.
func TestDataOfTheVoterAreNotSetAsideWhileItVotes(t *testing.T) {
	for name, doubt := range map[string]func(*topology.Instance){
		"refused":    func(i *topology.Instance) { i.Refused = 3 },
		"other data": func(i *topology.Instance) { i.Database = "foreign" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("b", doubt)
			step, reason := s.next()
			require.Nil(t, step.Record.Members["b"].Quarantined, reason)
		})
	}
}

// Between the decision and the deed the other good copy may be lost.
func TestDataInQuarantineAreKeptWhileTheVoterIsInDoubt(t *testing.T) {
	s := newScene()
	s.record.Members["c"] = topology.Member{Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/1"}}
	s.lose("b", topology.HealthSuspect)
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step, reason)
}

// A process that ended by itself came back on the data that were to go; one that
// was refused again has others that cannot follow.
func TestQuarantineBeginsAnewWithAProcessThatIsNotEmpty(t *testing.T) {
	for name, c := range map[string]struct {
		joined string
		change func(*topology.Instance)
	}{
		"it restarted by itself": {"", func(*topology.Instance) {}},
		"it was refused":         {"c/2", func(i *topology.Instance) { i.Refused = 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.record.Members["c"] = topology.Member{Process: c.joined, Reign: 3, Quarantined: &topology.Quarantine{Reason: "diverged", Since: noon, Process: "c/1"}}
			s.restart("c")
			s.change("c", c.change)
			step, reason := s.next()
			require.Equal(t, &topology.Quarantine{Reason: "diverged", Since: noon, Process: "c/2"}, step.Record.Members["c"].Quarantined, reason)
			require.Empty(t, step.Record.Members["c"].Process)
		})
	}
}
