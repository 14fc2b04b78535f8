package clusters_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
)

// testOnly are trees that bring clusters up or test what runs in them.
var testOnly = [...]string{
	"memgraph-controller/clusters", "memgraph-controller/e2e", "memgraph-controller/chaos", "memgraph-controller/release",
	"sigs.k8s.io/kind", "sigs.k8s.io/e2e-framework", "helm.sh/helm", "github.com/docker", "github.com/moby/moby",
	"github.com/stretchr/testify", "github.com/anishathalye/porcupine", "pgregory.net/rapid", "go.uber.org/goleak",
}

func TestTheProductIsBuiltWithoutAnythingThatOnlyTestsNeed(t *testing.T) {
	out, err := command.Exec{}.Run(t.Context(), command.New("go", "list", "-deps", "memgraph-controller"))
	require.NoError(t, err)
	packages := strings.Fields(out)
	require.Contains(t, packages, "memgraph-controller/gateway", "this is the product's list")
	for _, name := range packages {
		for _, tree := range testOnly {
			require.False(t, name == tree || strings.HasPrefix(name, tree+"/"), "the product imports %s", name)
		}
	}
}
