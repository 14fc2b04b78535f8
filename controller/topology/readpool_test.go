package topology_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

func (s *scene) reads(serving ...string) topology.Reads {
	return topology.ReadPool(s.record, s.view, s.policy, serving)
}

func TestReplicasInSyncServeReads(t *testing.T) {
	reads := newScene().reads()
	require.Equal(t, []string{"b", "c"}, reads.Pool)
	require.Equal(t, []string{"a"}, reads.Leaving)
	require.Equal(t, map[string]string{"a": "it is the main"}, reads.Why)
}

// E.24, E.25
func TestReplicaInDoubtLeavesThePoolGentlyAndASilentOneAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*scene)
		why    string
		gently bool
	}{
		"it lags":           {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Behind = -30000 }) }, "it lags too far behind", true},
		"it recovers":       {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusRecovery }) }, "it is recovery", true},
		"it has diverged":   {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Refused = 3 }) }, "its data have diverged", true},
		"it is in doubt":    {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusDiverged }) }, "it is diverged", true},
		"it is stopped":     {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Terminating = true }) }, "it is being stopped", true},
		"it was promoted":   {func(s *scene) { s.change("c", func(i *topology.Instance) { i.Answer.Role = topology.RoleMain }) }, "it is not a replica", true},
		"it died":           {func(s *scene) { s.lose("c", topology.HealthDead) }, "it does not answer", false},
		"it is suspect":     {func(s *scene) { s.lose("c", topology.HealthSuspect) }, "it does not answer", false},
		"it is a phantom":   {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Status = topology.StatusPhantom }) }, "it is not registered", true},
		"it is quarantined": {func(s *scene) { s.record.Members["c"] = topology.Member{Quarantined: &topology.Quarantine{}} }, "it is quarantined", true},
		"it is not listed":  {func(s *scene) { s.row("c", func(r *topology.Replica) { r.Name = "d" }) }, "it is not registered", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			c.change(s)
			reads := s.reads("b", "c")
			require.Equal(t, []string{"b"}, reads.Pool)
			require.Equal(t, c.why, reads.Why["c"])
			if c.gently {
				require.Contains(t, reads.Leaving, "c")
			} else {
				require.NotContains(t, reads.Leaving, "c")
			}
		})
	}
}

// A refresh or a failover empties the list of the main for a moment. E.25.
func TestReplicaGoesOnServingWhileNobodyCanWrite(t *testing.T) {
	s := newScene()
	s.record.Main, s.record.Heir, s.record.From, s.record.Gate = "", "b", "a", topology.GateClosed
	s.change("a", func(i *topology.Instance) { i.Answer.Replicas = nil })
	require.Equal(t, []string{"c"}, s.reads("b", "c").Pool, "the heir becomes main, c goes on")
	require.Empty(t, s.reads().Pool, "nobody vouches for one that did not serve")
	s.record.Gate = topology.GateOpen
	require.Empty(t, s.reads("c").Pool, "once there are writes it has to be registered")
}

func TestMainServesReadsWhenNoReplicaCan(t *testing.T) {
	s := newScene()
	s.lose("b", topology.HealthDead)
	s.lose("c", topology.HealthDead)
	require.Equal(t, []string{"a"}, s.reads().Pool)
	require.NotContains(t, s.reads().Why, "a")
	s.policy.ReadFromMain = false
	require.Empty(t, s.reads().Pool)
	s.policy.ReadFromMain, s.record.Gate = true, topology.GateClosed
	require.Empty(t, s.reads("a").Pool, "what the write gateways are cut off from takes no reads either: a session could write there")
	require.Equal(t, []string{"a"}, s.reads("a").Leaving)
}

// Under load a replica is behind by some thousand timestamps now and then.
func TestReplicaThatLagsALittleServesReads(t *testing.T) {
	s := newScene()
	s.row("c", func(r *topology.Replica) { r.Behind = -20000 })
	require.Equal(t, []string{"b", "c"}, s.reads().Pool)
}
