package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// E.12: whoever reads the record learns that a restart may follow.
func TestFailoverSaysWhetherTheHeirsHistoryIsClean(t *testing.T) {
	s := newScene()
	s.lose("a", topology.HealthDead)
	_, reason := s.next()
	require.Equal(t, "main a is lost (its process is gone): b follows", reason)
	s.restart("b")
	_, reason = s.next()
	require.Equal(t, "main a is lost (its process is gone): b follows; its history is not clean, so it may have to be restarted once", reason)
}

// E.8: without anybody to follow the gate is closed for the main's return, as it
// must be refreshed before it takes a write.
func TestLostMainWithoutAVoterIsWaitedForBehindAClosedGate(t *testing.T) {
	s := newScene()
	s.record.Voter = ""
	s.lose("a", topology.HealthDead)
	step, reason := s.next()
	require.Equal(t, "main a is lost (its process is gone) and there is no voter: clients must not reach it when it returns", reason)
	require.Equal(t, topology.GateClosed, step.Record.Gate)
	require.Equal(t, "a", step.Record.Main, "it may return before every gateway has closed, and go on")
	s.follow(step)
	step, reason = s.next()
	require.Equal(t, "main a is lost (its process is gone) and there is no voter: waiting for its return", reason)
	require.Equal(t, "a", step.Record.Heir)
	require.Equal(t, topology.PlanReturn, step.Record.Plan)
	require.Equal(t, topology.GateClosed, step.Record.Gate)
}

// Whoever asks for a failover, not a switchover, does not want to wait for the main.
// Only the voter can follow without it.
func TestFailoverThatIsAskedForGoesToTheVoterAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		plan   topology.Plan
	}{
		"to the voter":          {func(*scene) {}, topology.PlanFailover},
		"to a voter that lags":  {func(s *scene) { s.row("b", func(r *topology.Replica) { r.Behind = -1e6 }) }, topology.PlanFailover},
		"to another instance":   {func(s *scene) { s.record.Request.Target = "c" }, topology.PlanSwitchover},
		"to one that restarted": {func(s *scene) { s.setVoted("b/0") }, topology.PlanSwitchover},
		"to one that says it is main": {func(s *scene) {
			s.change("b", func(i *topology.Instance) { i.Answer.Role = topology.RoleMain })
		}, topology.PlanNone},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.ask(topology.RequestFailover, "", false)
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.plan, step.Record.Plan, reason)
			require.Equal(t, c.plan == topology.PlanFailover, step.Record.Heir == "b")
		})
	}
}

func TestSwitchoverThatWaitsIsKeptForThirtySeconds(t *testing.T) {
	s := newScene()
	s.ask(topology.RequestSwitchover, "c", false)
	s.record.Request.At = noon.Add(-30 * time.Second)
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}

// A pause of the controller ends by itself, and is kept by whatever is done
// meanwhile on a person's behalf.
func TestPauseOfTheControllerStaysInTheRecordUntilItIsOver(t *testing.T) {
	for name, c := range map[string]struct {
		until time.Time
		kept  bool
	}{"it goes on": {noon.Add(1), true}, "it is over": {noon, false}} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.record.Pause = &topology.Pause{Until: c.until, By: "ann"}
			s.ask(topology.RequestSwitchover, "c", false)
			step, reason := s.next()
			require.Equal(t, topology.PlanSwitchover, step.Record.Plan, reason)
			require.Equal(t, c.kept, step.Record.Pause != nil)
		})
	}
}

// E.31: a main that has to go waits for what makes its voter a good main, as far
// as there is something to wait for.
func TestMainThatIsBeingStoppedFirstMakesItsVoterFitToFollow(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		step   topology.Action
		plan   topology.Plan
	}{
		"it is clean":           {func(s *scene) { s.setVoter(topology.Member{Process: "b/2", Reign: 3}) }, topology.ActSave, topology.PlanSwitchover},
		"it has to vote again":  {func(s *scene) { s.setVoter(topology.Member{Process: "b/1", Reign: 3, Voted: "b/1"}) }, topology.ActMark, ""},
		"a new epoch cleans it": {func(*scene) {}, topology.ActSave, topology.PlanRefresh},
		"a clean one can vote": {func(s *scene) {
			s.addReplica("d")
			s.row("d", func(r *topology.Replica) { r.Behind = -1e6 })
		}, topology.ActSave, topology.PlanVoter},
		"nobody is clean": {func(s *scene) {
			s.restart("c")
			s.addReplica("d")
			s.row("d", func(r *topology.Replica) { r.Behind = -1e6 })
		}, topology.ActSave, topology.PlanSwitchover},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("a", func(i *topology.Instance) { i.Terminating = true })
			s.restart("b")
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.step, step.Do, reason)
			require.Equal(t, c.plan, step.Record.Plan, reason)
		})
	}
}

func (s *scene) setVoter(m topology.Member) { s.record.Members["b"] = m }

// E.4: with nobody to hand over to the main is restarted, where that is quick and
// leads somewhere: to a replica that is nearly up to date, or to writes without a
// voter.
func TestMainStallsOnBehindASilentVoterUnlessARestartIsWorthIt(t *testing.T) {
	behind := func(status topology.Status, lag int64) func(*scene) {
		return func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status, r.Behind = status, -lag }) }
	}
	for name, c := range map[string]struct {
		c        func(*scene)
		recovery time.Duration
		degrade  time.Duration
		leaves   bool
	}{
		"a replica is nearly there":       {behind(topology.StatusRecovery, 2000), time.Second, 0, true},
		"it lacks much":                   {behind(topology.StatusRecovery, 2001), time.Second, 0, false},
		"nobody brings it up to date":     {behind(topology.StatusInvalid, 2001), time.Second, 0, false},
		"the start of the main is slow":   {behind(topology.StatusRecovery, 2000), time.Minute, 0, false},
		"writes may go on without voter":  {behind(topology.StatusRecovery, 2001), time.Second, time.Hour, true},
		"the replica is not fit":          {func(s *scene) { behind(topology.StatusRecovery, 2000)(s); s.lose("c", topology.HealthSuspect) }, time.Second, 0, false},
		"the voter itself is in recovery": {func(s *scene) { behind(topology.StatusRecovery, 2001)(s); s.row("b", recovering) }, time.Second, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.policy.DegradeAfter = c.degrade
			s.lose("b", topology.HealthSilent)
			s.change("a", func(i *topology.Instance) { i.Recovery = c.recovery })
			c.c(s)
			step, reason := s.next()
			require.Equal(t, c.leaves, step.Record.Plan == topology.PlanHandover, reason)
			if !c.leaves {
				require.Equal(t, "voter b does not answer and no other replica can vote: a refuses writes until it returns", reason)
			}
		})
	}
}

func recovering(r *topology.Replica) { r.Status = topology.StatusRecovery }

// E.6, policy degrade-after: the time is counted from when the voter was lost.
func TestVoterThatIsGoneLeavesTheRecordWhenThePolicysTimeIsOver(t *testing.T) {
	s := newScene()
	s.policy.DegradeAfter = 10 * time.Second
	s.lose("b", topology.HealthDead)
	s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
	s.change("b", func(i *topology.Instance) { i.Since = noon.Add(-10 * time.Second) })
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.change("b", func(i *topology.Instance) { i.Since = i.Since.Add(-1) })
	step, reason = s.next()
	require.Empty(t, step.Record.Voter, reason)
	require.Contains(t, reason, "WITHOUT A VOTER")
	require.Equal(t, topology.GateOpen, step.Record.Gate)
}

// An instance that is not listed any more was not seen to end: dropped, it could
// take the main with it.
func TestVoterThatIsNotListedAnyMoreIsTakenForSilent(t *testing.T) {
	s := newScene()
	delete(s.view.Instances, "b")
	step, reason := s.next()
	require.Equal(t, topology.PlanHandover, step.Record.Plan, reason)
}

// E.13: a main without its voter aborts nothing, and the next failover would lose
// what it acknowledges.
func TestVoterThatItsMainDoesNotHaveAsSuchVotesNoMore(t *testing.T) {
	for name, change := range map[string]func(*scene){
		"it is ASYNC":           func(s *scene) { s.row("b", func(r *topology.Replica) { r.Mode = topology.Async }) },
		"it is not listed":      func(s *scene) { s.row("b", func(r *topology.Replica) { r.Name = "x" }) },
		"it is a phantom":       func(s *scene) { s.row("b", func(r *topology.Replica) { r.Status = topology.StatusPhantom }) },
		"its address has moved": func(s *scene) { s.row("b", func(r *topology.Replica) { r.Address = "elsewhere:10000" }) },
		"it says it is main":    func(s *scene) { s.change("b", func(i *topology.Instance) { i.Answer.Role = topology.RoleMain }) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			change(s)
			step, reason := s.next()
			require.Equal(t, "main a does not have b as voter", reason)
			require.Empty(t, step.Record.Voter)
			require.Equal(t, topology.GatePaused, step.Record.Gate)
			require.Equal(t, topology.PlanVoter, step.Record.Plan)
		})
	}
}

// By default a voter that restarts has a moment to come back: another one would
// cost a pause.
func TestVoterThatRestartedASecondAgoKeepsItsVote(t *testing.T) {
	s := newScene()
	s.restart("b")
	s.row("b", recovering)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}

// E.6: who takes the vote of one that is gone. Clean before unclean, because the
// next failover goes there; then the one that lacks least, because clients wait.
func TestVoteOfOneThatIsGonePassesToTheBestReplica(t *testing.T) {
	lag := func(c, d int64) func(*scene) {
		return func(s *scene) {
			s.row("c", func(r *topology.Replica) { r.Behind = -c })
			s.row("d", func(r *topology.Replica) { r.Behind = -d })
		}
	}
	both := func(first, second func(*scene)) func(*scene) { return func(s *scene) { first(s); second(s) } }
	for name, c := range map[string]struct {
		change func(*scene)
		voter  string
	}{
		"equal":                        {lag(10, 10), "c"},
		"the first lacks less":         {lag(10, 20), "c"},
		"the second lacks less":        {lag(20, 10), "d"},
		"the second is clean":          {both(lag(10, 20), func(s *scene) { s.restart("c") }), "d"},
		"the first is clean":           {both(lag(20, 10), func(s *scene) { s.restart("d") }), "c"},
		"neither is clean":             {both(lag(20, 10), func(s *scene) { s.restart("c"); s.restart("d") }), "d"},
		"the last of three lacks less": {both(lag(30, 20), func(s *scene) { s.addReplica("e"); s.row("e", func(r *topology.Replica) { r.Behind = -25 }) }), "d"},
		"the first lacks too much":     {lag(2001, 2000), "d"},
		"the first has moved":          {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Moving = true }) }, "d"},
		"the first is being stopped":   {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Terminating = true }) }, "d"},
		"neither": {both(lag(2001, 0), func(s *scene) {
			s.change("d", func(i *topology.Instance) { i.Terminating = true })
		}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.addReplica("d")
			s.record.Voter = ""
			s.lose("b", topology.HealthDead)
			s.change("a", func(i *topology.Instance) { i.Answer.Replicas = i.Answer.Replicas[1:] })
			c.change(s)
			step, reason := s.next()
			if c.voter == "" {
				require.Equal(t, topology.ActWait, step.Do, reason)
				return
			}
			require.Equal(t, c.voter+" becomes the voter", reason)
			require.Equal(t, topology.PlanVoter, step.Record.Plan)
			require.Equal(t, topology.GatePaused, step.Record.Gate)
		})
	}
}

// E.12: with nobody who could vote, one whose data are refused is set aside while
// nobody writes: one at a time.
func TestMainWithoutAVoterPausesToSetRefusedDataAside(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		pauses bool
	}{
		"refused":                {func(*scene) {}, true},
		"it does not answer":     {func(s *scene) { s.lose("c", topology.HealthSuspect) }, false},
		"it is not refused":      {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Refused = 2 }) }, false},
		"another is on its way":  {func(s *scene) { s.quarantineAnother("d") }, false},
		"the main is in suspect": {func(s *scene) { s.lose("a", topology.HealthSuspect) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.record.Voter = ""
			delete(s.view.Instances, "b")
			s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
			s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
			s.change("c", func(i *topology.Instance) { i.Refused = 3 })
			c.change(s)
			step, reason := s.next()
			require.Equal(t, c.pauses, step.Record.Plan == topology.PlanVoter, reason)
		})
	}
}

// A record from before the data were known, or whose main never told them, makes
// nobody a stranger.
func TestDataOfAnyNameAreOursWhileTheRecordNamesNone(t *testing.T) {
	s := newScene()
	s.record.Database = ""
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do)
	require.Equal(t, "a takes writes, b votes, all replicas are in sync", reason)
}

// A process that joined in this reign is trusted without a look at its disk: a
// stalled main, for one, does not tell. Of another one nothing is known.
func TestInstanceIsTrustedWithoutALookAtItsDataOnlyAsTheProcessThatJoined(t *testing.T) {
	for process, fit := range map[string]bool{"c/1": true, "c/2": false, "": false} {
		t.Run(process, func(t *testing.T) {
			s := newScene()
			s.change("c", func(i *topology.Instance) { i.Process, i.StorageKnown = process, false })
			if process == "" {
				s.record.Members["c"] = topology.Member{Reign: 3}
			}
			s.ask(topology.RequestSwitchover, "c", false)
			step, reason := s.next()
			require.Equal(t, fit, step.Record.Plan == topology.PlanSwitchover, reason)
		})
	}
}

// What would only cost a pause is left alone.
func TestVoterKeepsItsVoteWithoutNeed(t *testing.T) {
	for name, change := range map[string]func(*scene){
		"it is being written to": func(s *scene) { s.row("b", func(r *topology.Replica) { r.Status = topology.StatusReplicating }) },
		"its name leads elsewhere yet": func(s *scene) {
			s.row("b", func(r *topology.Replica) { r.Status = topology.StatusInvalid })
			s.change("b", func(i *topology.Instance) { i.Moving = true })
		},
		"it is being stopped, and nobody else can vote": func(s *scene) {
			s.change("b", func(i *topology.Instance) { i.Terminating = true })
			s.row("c", func(r *topology.Replica) { r.Behind = -1e6 })
		},
		"it is silent, and so may its main be": func(s *scene) {
			s.lose("b", topology.HealthSilent)
			s.lose("a", topology.HealthSuspect)
		},
		"its main may not answer any more": func(s *scene) {
			s.lose("a", topology.HealthSuspect)
			s.change("a", func(i *topology.Instance) { i.Answer = topology.Answer{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			change(s)
			step, reason := s.next()
			require.Equal(t, topology.Step{Do: topology.ActWait}, step, reason)
		})
	}
}
