package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// fail lets the last starts of an instance have failed.
func (s *scene) fail(name string, starts int) {
	s.lose(name, topology.HealthDead)
	s.change(name, func(i *topology.Instance) { i.Failures, i.StorageKnown = starts, false })
}

// E.29
func TestInstanceThatFailsToStartThreeTimesIsReseeded(t *testing.T) {
	s := newScene()
	s.fail("c", 2)
	step, reason := s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
	s.fail("c", 3)
	step, _ = s.next()
	require.Equal(t, "its last 3 starts failed, so its data may be unreadable", step.Record.Members["c"].Quarantined.Reason)
	s.follow(step)
	s.restart("c") // the next start may come at any moment
	step, _ = s.next()
	require.Equal(t, topology.Step{Do: topology.ActReseed, Instance: "c"}, step)
	s.change("c", func(i *topology.Instance) { i.Process, i.Failures = "c/3", 0 })
	step, reason = s.next()
	require.Equal(t, topology.ActWait, step.Do, reason)
}

// E.29: "if it is not the last good copy".
func TestDataOfAnInstanceThatFailsToStartAreKeptWhileTheyMayBeNeeded(t *testing.T) {
	for name, prepare := range map[string]func(*scene){
		"it is the voter":      func(s *scene) { s.fail("b", 9); s.lose("c", topology.HealthDead) },
		"it is the main":       func(s *scene) { s.fail("a", 9) },
		"there is no voter":    func(s *scene) { s.fail("c", 9); s.record.Voter = "" },
		"the voter is silent":  func(s *scene) { s.fail("c", 9); s.lose("b", topology.HealthSilent) },
		"the voter is suspect": func(s *scene) { s.fail("c", 9); s.lose("b", topology.HealthSuspect) },
		"the voter lags":       func(s *scene) { s.fail("c", 9); s.row("b", func(r *topology.Replica) { r.Behind = -1 }) },
		"the voter is ASYNC":   func(s *scene) { s.fail("c", 9); s.row("b", func(r *topology.Replica) { r.Mode = topology.Async }) },
		"the main is unknown":  func(s *scene) { s.fail("c", 9); s.lose("a", topology.HealthUnknown) },
		"it answers": func(s *scene) {
			s.fail("c", 9)
			s.change("c", func(i *topology.Instance) { i.Health = topology.HealthUp })
		},
		"a person is at work":  func(s *scene) { s.fail("c", 9); s.record.Pause = &topology.Pause{Until: noon.Add(time.Hour)} },
		"another is reseeded":  func(s *scene) { s.fail("c", 9); s.quarantineAnother("d") },
		"it is the old main":   func(s *scene) { s.succeedTo("b"); s.fail("a", 9) },
		"it is the old voter":  func(s *scene) { s.succeedTo("c"); s.fail("b", 9) },
		"it is to be promoted": func(s *scene) { s.succeedTo("b"); s.fail("b", 9) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			prepare(s)
			step, reason := s.next()
			require.NotEqual(t, topology.ActReseed, step.Do, reason)
			for _, n := range []string{"a", "b", "c"} {
				require.Nil(t, step.Record.Members[n].Quarantined, reason)
			}
		})
	}
}

func (s *scene) quarantineAnother(name string) {
	s.view.Instances[name] = topology.Instance{Name: name, Process: name + "/2", Health: topology.HealthSilent}
	s.record.Members[name] = topology.Member{Quarantined: &topology.Quarantine{Process: name + "/1"}}
}

// succeedTo makes another instance the main that was just promoted; who was main
// and voter before may still be needed.
func (s *scene) succeedTo(heir string) {
	s.record.Main, s.record.Heir, s.record.From = "", heir, "a"
	s.record.Gate, s.record.Plan = topology.GateClosed, topology.PlanFailover
	if heir == s.record.Voter {
		s.record.Voter = ""
	}
	s.lose("a", topology.HealthDead)
	s.change(heir, func(i *topology.Instance) { i.Answer.Role, i.Crowned = topology.RoleMain, s.record.Reign })
}

// E.29, whatever part the instance had when its disk was spoilt. Every 0.8 s it
// has another process, and none answers.
func TestClusterHealsWhenADiskCannotBeReadAnyMore(t *testing.T) {
	for _, name := range []string{"a", "b", "c"} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 3)
			w.spoil(name)
			w.databases[name].damaged = true
			w.run(10 * time.Second)
			healed(t, w)
			require.False(t, w.databases[name].spoilt)
		})
	}
}

// E.29: while only the main and the failing voter are left, nobody's data are
// set aside.
func TestSpoiltDiskOfTheOnlyVoterIsLeftAlone(t *testing.T) {
	w := begin(t, 2)
	w.spoil("b")
	w.run(time.Minute)
	require.Empty(t, w.broken)
	require.True(t, w.databases["b"].spoilt)
	require.Equal(t, "b", w.record.Voter)
	require.NotEmpty(t, w.databases["b"].log)
}
