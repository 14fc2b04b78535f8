package topology_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// plans are ways to make the leader carry out each plan in a world of three.
func plans() map[string]func(*world) {
	return map[string]func(*world){
		"failover":         func(w *world) { w.databases["a"].kill() },
		"switchover":       func(w *world) { w.request(topology.RequestSwitchover, "", false) },
		"another target":   func(w *world) { w.request(topology.RequestSwitchover, "c", false) },
		"eviction":         func(w *world) { w.databases["a"].terminating = true },
		"handover":         func(w *world) { w.freeze("b", true) },
		"stalled restart":  func(w *world) { w.databases["c"].lagging = true; w.run(tick); w.freeze("b", true) },
		"refresh":          func(w *world) { w.restart("c") },
		"restarted main":   func(w *world) { w.restart("a") },
		"new voter":        func(w *world) { w.databases["b"].kill() },
		"poisoned history": poison,
		"reseed":           func(w *world) { w.spoil("c") },
		"lost disk":        func(w *world) { w.loseDisk("a") },
		"force":            func(w *world) { w.databases["a"].kill(); w.request(topology.RequestFailover, "c", true) },
	}
}

// E.16
func TestNextLeaderEndsWhatTheOneBeforeBegan(t *testing.T) {
	for name, plan := range plans() {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				w := begin(t, 3)
				interrupted := w.changeLeaderAfter(n)
				plan(w)
				w.run(5 * time.Second)
				healed(t, w)
				if !*interrupted {
					require.Greater(t, n, 3, "the plan was not begun")
					return
				}
			}
		})
	}
}

// E.16, for the first start.
func TestNextLeaderEndsABootstrap(t *testing.T) {
	for n := 1; ; n++ {
		w := newWorld(3, 2)
		w.trace = func(s string) { t.Logf("%6.2f %s", float64(w.ticks)*tick.Seconds(), s) }
		interrupted := w.changeLeaderAfter(n)
		boot(w)
		healed(t, w)
		if !*interrupted {
			require.Greater(t, n, 8)
			return
		}
	}
}

// changeLeaderAfter lets the leader go that has done n more steps.
func (w *world) changeLeaderAfter(n int) *bool {
	done, last := false, w.steps+n
	w.after = func(step int) {
		if step == last {
			w.trace(fmt.Sprintf("--- change of leader after step %d", n))
			w.changeLeader()
			done = true
		}
	}
	return &done
}

// emptyScene is one without a record: a, b and c are empty mains.
func emptyScene() *scene {
	s := newScene()
	s.record = topology.Record{Format: topology.Format, Gate: topology.GateClosed}
	for _, name := range []string{"a", "b", "c"} {
		s.change(name, func(i *topology.Instance) {
			i.Answer.Role, i.Answer.Replicas = topology.RoleMain, nil
			i.Database, i.Empty, i.Crowned, i.Marked, i.Joined = name, true, 0, 0, 0
		})
	}
	return s
}

// E.18
func TestFirstMainIsChosenOnlyWhereThereIsNoChoice(t *testing.T) {
	full := func(s *scene, names ...string) {
		for _, n := range names {
			s.change(n, func(i *topology.Instance) { i.Empty = false })
		}
	}
	follow := func(s *scene, main, replica string) {
		s.change(replica, func(i *topology.Instance) { i.Answer.Role = topology.RoleReplica })
		s.change(main, func(i *topology.Instance) {
			i.Answer.Replicas = append(i.Answer.Replicas, topology.Replica{Name: replica, Mode: topology.Sync, Status: topology.StatusReady})
		})
	}
	for name, c := range map[string]struct {
		prepare    func(*scene)
		heir, main string
		says       string
	}{
		"all are empty":     {func(*scene) {}, "a", "", "all instances are empty"},
		"one main has data": {func(s *scene) { full(s, "b") }, "", "b", "adopting"},
		"one replica has data": {func(s *scene) {
			full(s, "b")
			s.change("b", func(i *topology.Instance) { i.Answer.Role = topology.RoleReplica })
		}, "b", "", "it alone holds data"},
		"one does not answer":    {func(s *scene) { full(s, "b"); s.lose("c", topology.HealthDead) }, "", "", "c does not answer"},
		"one's data are unknown": {func(s *scene) { s.change("c", func(i *topology.Instance) { i.StorageKnown = false }) }, "", "", "c does not answer"},
		"two have data":          {func(s *scene) { full(s, "b", "c") }, "", "", "b, c all hold data"},
		"one follows the other":  {func(s *scene) { full(s, "b", "c"); follow(s, "b", "c") }, "", "b", "adopting"},
		"one follows the other under a name of its own": {func(s *scene) {
			full(s, "b", "c")
			follow(s, "b", "c")
			s.change("b", func(i *topology.Instance) {
				i.Answer.Replicas[0].Name, i.Answer.Replicas[0].Address = "copy", s.view.Instances["c"].Replication
			})
		}, "", "b", "adopting"},
		"one does not follow": {func(s *scene) { full(s, "a", "b", "c"); follow(s, "b", "c") }, "", "", "failover --force"},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyScene()
			c.prepare(s)
			step, reason := s.next()
			require.Contains(t, reason, c.says)
			require.Equal(t, c.heir, step.Record.Heir)
			require.Equal(t, c.main, step.Record.Main)
		})
	}
}

// E.19: they were demoted by a leader that died, or by hand. Who may be main
// stands in the record.
func TestClusterOfReplicasOnlyGetsAMainThatHasEverything(t *testing.T) {
	w := begin(t, 3)
	w.frozen = true
	for _, name := range w.names {
		d := w.databases[name]
		require.True(t, w.runUntil(time.Second, func() bool { return d.demote() == nil }))
	}
	w.run(time.Second)
	w.frozen = false
	require.True(t, w.runUntil(5*time.Second, w.isMain("b")))
	healed(t, w)
}

// E.34: without a leader clients write on, and the next one looks before it acts.
func TestNothingHappensWithoutALeaderAndTheNextOneFindsOutFirst(t *testing.T) {
	w := begin(t, 3)
	w.frozen = true
	w.run(time.Minute)
	w.restart("c")
	w.restart("a")
	acked, record := len(w.acked), w.record
	w.run(time.Hour)
	require.Greater(t, len(w.acked), acked, "a restarted main goes on")
	require.Equal(t, record, w.record)
	w.changeLeader()
	w.frozen = false
	healed(t, w)
}

// E.34
func TestLeaderThatKnowsNothingYetDoesNothing(t *testing.T) {
	for name, prepare := range map[string]func(*scene){
		"while clients write": func(*scene) {},
		"in a pause": func(s *scene) {
			s.record.Gate, s.record.Plan, s.record.Since = topology.GatePaused, topology.PlanVoter, noon
		},
		"without a main":   func(s *scene) { s.succeedTo("b") },
		"without a record": func(s *scene) { s.record = topology.Record{Format: topology.Format} },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			prepare(s)
			for _, n := range []string{"a", "b", "c"} {
				s.view.Instances[n] = topology.Instance{Name: n, Health: topology.HealthUnknown}
			}
			step, reason := s.next()
			require.Equal(t, topology.Step{Do: topology.ActWait}, step, reason)
		})
	}
}
