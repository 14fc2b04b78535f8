package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

func TestWithoutInstancesThereIsNothingToBegin(t *testing.T) {
	s := &scene{policy: topology.DefaultPolicy()}
	step, reason := s.next()
	require.Equal(t, topology.Step{Do: topology.ActWait}, step)
	require.Equal(t, "there are no instances yet", reason)
}

// The gate stays shut until there is a voter, and the record can be stored
// although there was none to begin with.
func TestFirstRecordLetsNobodyIn(t *testing.T) {
	for name, prepare := range map[string]func(*scene){
		"all are empty": func(*scene) {},
		"a cluster is adopted": func(s *scene) {
			s.change("a", func(i *topology.Instance) { i.Empty = false })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyScene()
			s.record = topology.Record{}
			prepare(s)
			step, reason := s.next()
			r := step.Record
			_, err := topology.Encode(r)
			require.NoError(t, err, reason)
			require.Equal(t, topology.GateClosed, r.Gate)
			require.Equal(t, topology.PlanBootstrap, r.Plan)
			require.Equal(t, "a", r.Database, "the data of a are the cluster's")
			require.EqualValues(t, 1, r.Epoch)
			require.Equal(t, topology.Member{Process: "b/1", Reign: 1}, r.Members["b"])
			require.Equal(t, topology.Member{Process: "a/1", Reign: 1}, r.Members["a"], "its data count whichever process runs")
		})
	}
}

// E.18: only a person can choose between two sets of data, and only an instance
// that answers.
func TestPersonChoosesWhoseDataCount(t *testing.T) {
	for name, c := range map[string]struct {
		target string
		force  bool
		heir   string
	}{
		"by force":                {"c", true, "c"},
		"without force":           {"c", false, ""},
		"one that does not reply": {"d", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyScene()
			for _, n := range []string{"b", "c"} {
				s.change(n, func(i *topology.Instance) { i.Empty = false })
			}
			s.ask(topology.RequestFailover, c.target, c.force)
			step, reason := s.next()
			require.Equal(t, c.heir, step.Record.Heir, reason)
			require.Equal(t, c.heir, step.Record.Database)
		})
	}
}

// E.18: a registration that failed is none, and a replica that the main does not
// know may hold other data.
func TestMainIsAdoptedOnlyWithTheReplicasThatItFeeds(t *testing.T) {
	for name, c := range map[string]struct {
		row  topology.Replica
		main string
	}{
		"it feeds c":     {topology.Replica{Name: "c", Status: topology.StatusReady}, "b"},
		"it failed to":   {topology.Replica{Name: "c", Status: topology.StatusPhantom}, ""},
		"it feeds d":     {topology.Replica{Name: "d", Address: "d:10000", Status: topology.StatusReady}, ""},
		"by its address": {topology.Replica{Name: "copy", Address: "c:10000", Status: topology.StatusReady}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyScene()
			for _, n := range []string{"b", "c"} {
				s.change(n, func(i *topology.Instance) { i.Empty = false })
			}
			s.change("c", func(i *topology.Instance) { i.Answer.Role = topology.RoleReplica })
			s.change("b", func(i *topology.Instance) { i.Answer.Replicas = []topology.Replica{c.row} })
			step, reason := s.next()
			require.Equal(t, c.main, step.Record.Main, reason)
		})
	}
}
