package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// scene is a record and a view made by hand: main a with voter b and ASYNC c, all
// well, one gateway that has carried out everything.
type scene struct {
	record topology.Record
	view   topology.View
	policy topology.Policy
}

func newScene() *scene {
	s := &scene{
		record: topology.Record{
			Format: topology.Format, Epoch: 9, Main: "a", Voter: "b", Gate: topology.GateOpen,
			Since: noon.Add(-time.Hour), Reign: 3, Database: "ours", Members: map[string]topology.Member{},
		},
		view:   topology.View{Instances: map[string]topology.Instance{}, Gateways: map[string]topology.Gateway{}},
		policy: topology.DefaultPolicy(),
	}
	for _, name := range []string{"a", "b", "c"} {
		s.record.Members[name] = topology.Member{Process: name + "/1", Reign: 3}
		s.view.Instances[name] = topology.Instance{
			Name: name, Bolt: name + ":7687", Replication: name + ":10000", Health: topology.HealthUp, Since: noon.Add(-time.Hour),
			Process: name + "/1", Started: noon.Add(-time.Hour), Recovery: time.Second,
			Answer:   topology.Answer{Asked: noon.Add(-tick), Role: topology.RoleReplica},
			Database: "ours", StorageKnown: true, Crowned: 0, Joined: 3,
		}
	}
	s.change("a", func(i *topology.Instance) {
		i.Crowned, i.Marked = 3, 3
		i.Answer.Role = topology.RoleMain
		i.Answer.Replicas = []topology.Replica{
			{Name: "b", Address: "b:10000", Mode: topology.StrictSync, Status: topology.StatusReady, TS: 40},
			{Name: "c", Address: "c:10000", Mode: topology.Async, Status: topology.StatusReady, TS: 40},
		}
	})
	s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: 9, At: noon.Add(-time.Minute)}
	return s
}

func (s *scene) change(name string, change func(*topology.Instance)) {
	i := s.view.Instances[name]
	change(&i)
	s.view.Instances[name] = i
}

// row changes what main a says of a replica.
func (s *scene) row(name string, change func(*topology.Replica)) {
	for n, row := range s.view.Instances["a"].Answer.Replicas {
		if row.Name == name {
			change(&s.view.Instances["a"].Answer.Replicas[n])
		}
	}
}

// restart gives an instance another process.
func (s *scene) restart(name string) {
	s.change(name, func(i *topology.Instance) { i.Process = name + "/2"; i.Started = noon.Add(-time.Second) })
}

func (s *scene) lose(name string, health topology.Health) {
	s.change(name, func(i *topology.Instance) { i.Health, i.Since = health, noon })
}

func (s *scene) ask(kind topology.RequestKind, target string, force bool) {
	s.record.Request = &topology.Request{ID: "r", Kind: kind, Target: target, Force: force, By: "ann", At: noon}
}

// follow saves a step's record and lets the gateway carry it out; the main is
// asked afterwards.
func (s *scene) follow(step topology.Step) {
	s.record = step.Record
	s.view.Gateways["g"] = topology.Gateway{Name: "g", Epoch: s.record.Epoch, At: noon.Add(-2 * tick)}
}

func (s *scene) next() (topology.Step, string) {
	return topology.Next(s.record, s.view, s.policy, noon)
}

func TestWithNothingWrongNothingIsDone(t *testing.T) {
	step, reason := newScene().next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Equal(t, "a takes writes, b votes, all replicas are in sync", reason)
}

func TestNextChangesNeitherRecordNorView(t *testing.T) {
	s, same := newScene(), newScene()
	s.lose("a", topology.HealthDead)
	same.lose("a", topology.HealthDead)
	step, _ := s.next()
	require.Equal(t, topology.ActSave, step.Do)
	require.Equal(t, same, s)
}

// E.12
func TestReseededInstanceIsNotBackBeforeItWasRegisteredAnew(t *testing.T) {
	s := newScene()
	s.record.Members["c"] = topology.Member{Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/1"}}
	s.restart("c")
	s.change("c", func(i *topology.Instance) { i.Empty, i.Database, i.Joined = true, "new", 0 })
	step, _ := s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "c"}, step, "the main's row is a stale one")
}

// Under steady writes its main hardly ever shows it ready, but replicating.
func TestReseededInstanceIsBackAsSoonAsItFollows(t *testing.T) {
	for name, c := range map[string]struct {
		row  topology.Replica
		back bool
	}{
		"it has everything":                  {topology.Replica{Status: topology.StatusReady}, true},
		"it gets each write with the others": {topology.Replica{Status: topology.StatusReplicating, Behind: -4}, true},
		"it gets them, but lacks many":       {topology.Replica{Status: topology.StatusReplicating, Behind: -2001}, false},
		"it is catching up":                  {topology.Replica{Status: topology.StatusRecovery, Behind: -4}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.record.Members["c"] = topology.Member{Process: "c/1", Reign: 3, Quarantined: &topology.Quarantine{Reason: "diverged", Process: "c/0"}}
			s.row("c", func(row *topology.Replica) { row.Status, row.Behind = c.row.Status, c.row.Behind })
			step, reason := s.next()
			require.Equal(t, c.back, step.Do == topology.ActSave && step.Record.Members["c"].Quarantined == nil, reason)
		})
	}
}

func TestRemovedInstanceInQuarantineKeepsNobodyFromBeingReseeded(t *testing.T) {
	s := newScene()
	s.record.Members["d"] = topology.Member{Quarantined: &topology.Quarantine{Reason: "diverged", Process: "d/1"}}
	s.change("c", func(i *topology.Instance) { i.Database = "foreign" })
	step, _ := s.next()
	require.NotNil(t, step.Record.Members["c"].Quarantined)
}

// E.27
func TestVoterThatMovedLeavesTheRecordBeforeItIsRegisteredAnew(t *testing.T) {
	s := newScene()
	s.change("b", func(i *topology.Instance) { i.Replication = "elsewhere:10000" })
	step, _ := s.next()
	require.Equal(t, topology.ActSave, step.Do)
	require.Empty(t, step.Record.Voter)
	require.Equal(t, topology.GatePaused, step.Record.Gate)
}

// E.9
func TestMainThatRestartedIsNotLostBeforeItsDataAreKnown(t *testing.T) {
	for name, c := range map[string]struct {
		database string
		heir     string
	}{
		"it has its data":    {"ours", ""},
		"its disk was empty": {"another", "b"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.restart("a")
			s.change("a", func(i *topology.Instance) { i.StorageKnown = false })
			step, reason := s.next()
			require.Equal(t, topology.ActWait, step.Do, reason)
			require.Contains(t, reason, "still holds its data")
			s.change("a", func(i *topology.Instance) { i.StorageKnown, i.Database = true, c.database })
			step, reason = s.next()
			require.Equal(t, c.heir, step.Record.Heir, reason)
		})
	}
}

// A registration makes an instance's data unknown for a moment. The vote does
// not wander meanwhile: two replicas that restarted would hand it to each other
// without end.
func TestVoteStaysWithOneWhoseDataAreNotKnownYet(t *testing.T) {
	s := newScene()
	s.record.Voter, s.record.Gate, s.record.Plan = "", topology.GatePaused, topology.PlanVoter
	s.record.Since = noon
	s.restart("b")
	s.restart("c")
	s.change("b", func(i *topology.Instance) { i.StorageKnown = false })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	require.Contains(t, reason, "what data voter b holds")
	s.change("b", func(i *topology.Instance) { i.StorageKnown = true })
	step, reason = s.next()
	require.Equal(t, "b", step.Record.Voter, reason)
}

func TestRefusingMainIsRestartedOnlyWhereItsStartIsKnownToBeFast(t *testing.T) {
	for name, c := range map[string]struct {
		recovery, fast time.Duration
		restarts       bool
	}{
		"fast":       {time.Second, 5 * time.Second, true},
		"just fast":  {5 * time.Second, 5 * time.Second, true},
		"slow":       {time.Minute, 5 * time.Second, false},
		"not known":  {0, 5 * time.Second, false},
		"never":      {time.Second, 0, false},
		"never, n/a": {0, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.policy.FastRecovery = c.fast
			s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "b", ""
			s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
			for _, n := range []string{"b", "c"} {
				s.change(n, func(i *topology.Instance) { i.Refused = 3 })
			}
			s.change("a", func(i *topology.Instance) { i.Recovery, i.Answer.Replicas = c.recovery, nil })
			step, _ := s.next()
			require.Equal(t, c.restarts, step.Do == topology.ActRestart, "%+v", step)
		})
	}
}

// An ASYNC target of a switchover may be promoted when the main says, after the
// last gateway had stopped, that it has everything. E.20.
func TestSwitchoverTrustsOnlyAnAnswerFromAfterTheLastGatewayStopped(t *testing.T) {
	asked := noon.Add(-tick)
	for name, c := range map[string]struct {
		gateway  topology.Gateway
		promotes bool
	}{
		"stopped before":  {topology.Gateway{Epoch: 9, At: asked.Add(-1)}, true},
		"stopped since":   {topology.Gateway{Epoch: 9, At: asked.Add(1)}, false},
		"gone before":     {topology.Gateway{Epoch: 8, Gone: true, At: asked.Add(-1)}, true},
		"gone since":      {topology.Gateway{Epoch: 8, Gone: true, At: asked.Add(1)}, false},
		"silenced before": {topology.Gateway{Epoch: 8, Silenced: true, At: asked.Add(-1)}, true},
		"silenced since":  {topology.Gateway{Epoch: 8, Silenced: true, At: asked.Add(1)}, false},
		"still open":      {topology.Gateway{Epoch: 8, At: asked.Add(-1)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, "c", false)
			s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
			c.gateway.Name = "g2"
			s.view.Gateways["g2"] = c.gateway
			step, reason := s.next()
			require.Equal(t, c.promotes, step.Record.Heir == "c", reason)
		})
	}
}

func TestSwitchoverToAnAsyncReplicaWaitsUntilItHasEverything(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "c", false)
	s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
	s.row("c", func(r *topology.Replica) { r.Behind = -2 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Equal(t, "waiting for c to have everything that a has", reason)
}

// E.20: a main shows an ASYNC replica that missed a transaction as invalid until
// the next one or a heartbeat; nobody writes, and the pause is short.
func TestTargetOfASwitchoverThatMissedATransactionIsRegisteredAnew(t *testing.T) {
	for name, c := range map[string]struct {
		status topology.Status
		behind int64
		paused time.Duration // before the main was asked
		want   topology.Action
	}{
		"missed one":               {topology.StatusInvalid, -2, tick, topology.ActRegister},
		"shown as if written to":   {topology.StatusReplicating, 0, tick, topology.ActRegister},
		"is being brought up":      {topology.StatusRecovery, -2, tick, topology.ActWait},
		"lacks much":               {topology.StatusInvalid, -1e6, tick, topology.ActWait},
		"known from before only":   {topology.StatusInvalid, -2, -1, topology.ActWait},
		"has everything meanwhile": {topology.StatusReady, 0, tick, topology.ActSave},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestSwitchover, "c", false)
			s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanSwitchover, noon.Add(-tick)
			s.view.Gateways["g2"] = topology.Gateway{Name: "g2", Epoch: 9, At: s.view.Instances["a"].Answer.Asked.Add(-c.paused)}
			s.row("c", func(r *topology.Replica) { r.Status, r.Behind = c.status, c.behind })
			step, reason := s.next()
			require.Equal(t, c.want, step.Do, reason)
			if c.want == topology.ActRegister {
				require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.Async}, step)
			}
		})
	}
}

func TestVoterWithACommitInFlightIsAheadAndNotInDoubt(t *testing.T) {
	s := newScene()
	s.row("b", func(r *topology.Replica) { r.Behind = 5 })
	require.Equal(t, []string{"b", "c"}, s.reads().Pool)
	s.ask(topology.RequestSwitchover, "", false)
	step, reason := s.next()
	require.Equal(t, topology.PlanSwitchover, step.Record.Plan, reason)
}

func TestReplicaAheadOfItsMainIsNeitherReadNorPromotedByRequest(t *testing.T) {
	s := newScene()
	s.row("c", func(r *topology.Replica) { r.Behind = 5 })
	require.Equal(t, []string{"b"}, s.reads().Pool)
	s.ask(topology.RequestSwitchover, "c", false)
	step, _ := s.next()
	require.Contains(t, step.Record.Reason, "refused")
}

// E.4
func TestStalledMainIsRestartedWhenNoReplicaHasEverything(t *testing.T) {
	s := newScene()
	s.lose("b", topology.HealthSilent)
	s.row("b", func(r *topology.Replica) { r.Status = topology.StatusReplicating })
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = topology.StatusInvalid, -1 })
	step, _ := s.next()
	require.Equal(t, topology.PlanHandover, step.Record.Plan)
	s.follow(step)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)

	s.record.Since = noon.Add(-time.Second)
	t.Run("not where its start is slow", func(t *testing.T) {
		slow := *s
		slow.policy.FastRecovery = time.Millisecond
		step, reason := slow.next()
		require.Equal(t, topology.ActWait, step.Do)
		require.Contains(t, reason, "30 s")
	})
	step, reason = s.next()
	require.Equal(t, "a", step.Record.Heir, reason)
	require.Equal(t, "b", step.Record.Voter, "it holds everything too")
	s.follow(step)
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRestart, Instance: "a"}, step)
	s.restart("a")
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDemote, Instance: "a"}, step, "then it begins a new epoch before anybody writes")
}

// E.6
func TestReplicaThatMissedATransactionIsRegisteredAnewInThePauseForANewVoter(t *testing.T) {
	for _, status := range []topology.Status{topology.StatusInvalid, topology.StatusReplicating} {
		t.Run(string(status), func(t *testing.T) { missesOne(t, status) })
	}
}

func missesOne(t *testing.T, status topology.Status) {
	s := newScene()
	s.lose("b", topology.HealthDead)
	s.row("c", func(r *topology.Replica) { r.Status, r.Behind = status, -2 })
	step, _ := s.next()
	s.follow(step)
	require.Equal(t, topology.PlanVoter, s.record.Plan)
	step, _ = s.next()
	s.follow(step)
	require.Empty(t, s.record.Voter, "b leaves the record before it is dropped")
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "b"}, step)
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = i.Answer.Replicas[1:] })
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActRegister, Instance: "a", Target: "c", Mode: topology.StrictSync}, step)
	s.row("c", func(r *topology.Replica) { r.Mode = topology.StrictSync })
	step, _ = s.next()
	require.Equal(t, topology.ActWait, step.Do, "once")
}

// E.15
func TestRolledBackMainDoesNotStandInForWhoHasMore(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "a", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanReturn
	s.change("a", func(i *topology.Instance) { i.Crowned = 0 })
	s.row("c", func(r *topology.Replica) { r.Behind = 6 })
	step, _ := s.next()
	require.Equal(t, "c", step.Record.Heir)
	require.Empty(t, step.Record.From, "a lacks what c has")
}

func TestMainThatCameBackAloneAndRefusesEverybodySaysWhatAPersonCanDo(t *testing.T) {
	s := newScene()
	s.policy.FastRecovery = 0
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "a", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanReturn
	for _, n := range []string{"b", "c"} {
		s.change(n, func(i *topology.Instance) { i.Refused = 3 })
	}
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, "neither's data are known to be needless")
	require.Contains(t, reason, "refuses the data of b, c")
	require.Contains(t, reason, "failover --force")
}

// E.8
func TestForcedFailoverIsNeverKeptWaiting(t *testing.T) {
	for name, prepare := range map[string]func(s *scene){
		"a silent main without a voter": func(s *scene) { s.record.Voter = ""; s.lose("a", topology.HealthSilent) },
		"a pause of the controller": func(s *scene) {
			s.record.Pause = &topology.Pause{Until: noon.Add(time.Hour)}
			s.lose("a", topology.HealthSilent)
		},
		"a main that waits for a voter": func(s *scene) {
			s.record.Voter, s.record.Gate, s.record.Plan = "", topology.GateClosed, topology.PlanVoter
			s.lose("b", topology.HealthSilent)
			s.row("c", func(r *topology.Replica) { r.Behind = -50 })
		},
		"a succession that waits for its heir": func(s *scene) {
			s.record.Main, s.record.Heir, s.record.Voter = "", "b", ""
			s.lose("a", topology.HealthSilent)
			s.lose("b", topology.HealthSilent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			prepare(s)
			s.ask(topology.RequestFailover, "c", true)
			step, reason := s.next()
			require.Equal(t, "c", step.Record.Heir, reason)
			require.Nil(t, step.Record.Request)
		})
	}
}
