package kube

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAReferenceIsSplitAtItsTag(t *testing.T) {
	for ref, want := range map[string][2]string{
		"localhost/memgraph-controller:0a1b":  {"localhost/memgraph-controller", "0a1b"},
		"memgraph/memgraph:3.12.0":            {"memgraph/memgraph", "3.12.0"},
		"registry.example:5000/memgraph":      {"registry.example:5000/memgraph", "latest"},
		"registry.example:5000/memgraph:1234": {"registry.example:5000/memgraph", "1234"},
	} {
		got := image(ref)
		require.Equal(t, want, [2]string{got["repository"].(string), got["tag"].(string)}, ref)
	}
}

func TestValuesAreMergedDownToSingleKeys(t *testing.T) {
	base := Values{"readGateway": Values{"enabled": true, "service": Values{"type": "NodePort"}}, "image": "a"}
	over := Values{"readGateway": Values{"enabled": false}, "image": "b"}
	require.Equal(t, Values{
		"readGateway": Values{"enabled": false, "service": Values{"type": "NodePort"}}, "image": "b",
	}, merged(base, over))
	require.Equal(t, true, base["readGateway"].(Values)["enabled"], "the base is left alone")
}
