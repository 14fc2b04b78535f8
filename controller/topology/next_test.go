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

