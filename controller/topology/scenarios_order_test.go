package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// What the exploration of the small model showed (package explore): orders of events
// that only a late gateway or an ill-timed restart makes possible.

// slowGateway lets the second gateway follow the record late.
func slowGateway(w *world) {
	w.gateways[1].delay, w.startDelay = time.Second, 200*time.Millisecond
}

// It takes writes through the gateway that does not yet pause them.
func TestMainThatRestartsBeforeTheLastGatewayPausesIsNotRefreshed(t *testing.T) {
	w := begin(t, 3)
	w.restart("c")
	slowGateway(w)
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Plan == topology.PlanRefresh }))
	w.restart("a")
	require.True(t, w.runUntil(5*time.Second, func() bool { return w.record.Plan != topology.PlanRefresh }))
	require.Equal(t, topology.GateOpen, w.record.Gate)
	require.True(t, w.runUntil(5*time.Second, w.isMain("b")), "it moves on to a clean one")
	w.run(5 * time.Second)
	healed(t, w)
}

// The voter restarted too and cannot follow it.
func TestMainThatReturnsBeforeTheLastGatewayClosesKeepsItsEpoch(t *testing.T) {
	w := begin(t, 3)
	slowGateway(w)
	w.databases["a"].kill()
	w.databases["b"].kill()
	w.databases["b"].start(0)
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Plan == topology.PlanReturn }))
	require.Equal(t, "a", w.record.Main)
	w.databases["a"].start(0)
	never(t, w, 5*time.Second, "a new epoch begins on a", func() bool { return w.record.Heir == "a" })
	healed(t, w)
}

func TestNewEpochBeginsWhenTheSameMainAnswersAfterThePause(t *testing.T) {
	for name, c := range map[string]struct {
		process string
		heir    string
		gate    topology.Gate
	}{
		"the same process": {"a/1", "a", topology.GatePaused},
		"another process":  {"a/2", "", topology.GateOpen},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.restart("c")
			step, reason := s.next()
			require.Equal(t, topology.PlanRefresh, step.Record.Plan, reason)
			require.Equal(t, "a", step.Record.Main)
			s.follow(step)
			s.change("a", func(i *topology.Instance) { i.Process = c.process })
			step, reason = s.next()
			require.Equal(t, c.heir, step.Record.Heir, reason)
			require.Equal(t, c.gate, step.Record.Gate)
		})
	}
}

// A main with a poisoned history took the voter while it lagged, and refuses it in
// silence: the marker transaction would be aborted for ever.
func TestVoterThatHasEverythingAndIsNotReadyIsRegisteredAnew(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Voter = "", "a", "", ""
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
	s.lose("c", topology.HealthDead)
	s.row("b", func(r *topology.Replica) { r.Status = topology.StatusInvalid })
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActDrop, Instance: "a", Target: "b"}, step, reason)
}

// Fed by the old main after its restart it would refuse the others once promoted.
func TestHeirThatRestartedGivesWayToTheOldMainThatIsClean(t *testing.T) {
	for name, terminating := range map[string]bool{"it answers": false, "it is being stopped": true} {
		t.Run(name, func(t *testing.T) {
			s := voted()
			s.succession(t)
			s.restart("b")
			s.change("b", func(i *topology.Instance) { i.Outlived = s.record.Reign })
			m := s.record.Members["a"]
			m.Reign, m.Process = s.record.Reign, "a/1"
			s.record.Members["a"] = m
			s.change("a", func(i *topology.Instance) { i.Health, i.Terminating = topology.HealthUp, terminating })
			step, reason := s.next()
			if terminating {
				require.Equal(t, topology.Step{Do: topology.ActDemote, Instance: "a"}, step, reason)
				return
			}
			require.Equal(t, "a", step.Record.Heir, reason)
		})
	}
}

// Its successor restarts in the pause: while a clean one can still be had it is not
// promoted.
func TestEvictionWaitsForACleanSuccessorWhileThereCanBeOne(t *testing.T) {
	for name, clean := range map[string]bool{"c is clean": true, "c is lost": false} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("a", func(i *topology.Instance) { i.Terminating = true })
			step, _ := s.next()
			require.Equal(t, topology.PlanSwitchover, step.Record.Plan)
			s.follow(step)
			s.restart("b")
			if !clean {
				s.lose("c", topology.HealthDead)
			}
			step, reason := s.next()
			require.Equal(t, clean, step.Record.Gate == topology.GateOpen, reason)
			require.Equal(t, !clean, step.Record.Heir == "b", reason)
		})
	}
}
