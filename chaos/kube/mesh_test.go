package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes/fake"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/chaos/figures"
	"memgraph-controller/chaos/mesh"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/kube/fleet"
)

// Figures are collected by name and way, so what both ways can do has one name, and
// must lead to the same.
func TestAFaultThatBothWaysHaveIsTheSameCase(t *testing.T) {
	native := map[string]Case{}
	for _, family := range Families(&cluster.Release{Cluster: &cluster.Cluster{}, Fleet: fleet.Fleet{Kube: fake.NewClientset()}}) {
		for _, c := range family.Cases {
			require.NotContains(t, native, c.String(), "two cases of one name")
			require.Equal(t, figures.Native, wayOf(c.Fault), c)
			native[c.String()] = c
		}
	}
	both, seen := 0, map[string]bool{}
	for _, c := range Meshed(fault.Target{}, mesh.Mesh{}, mesh.Peer{}).Cases {
		require.False(t, seen[c.String()], "two cases of the name %s", c)
		seen[c.String()] = true
		require.Equal(t, figures.Mesh, wayOf(c.Fault), c)
		if other, there := native[c.String()]; there {
			both++
			require.Equal(t, other.Outcome, c.Outcome, c)
			require.Equal(t, other.Gap, c.Gap, c)
		}
	}
	require.Equal(t, 14, both, "of these Chaos Mesh has its own")
}
