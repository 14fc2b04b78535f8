package clusters

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/kind"
)

// On a machine that has no engine yet, even the removal of an old cluster has to
// wait for one.
func TestTheEngineComesBeforeAnyCluster(t *testing.T) {
	t.Setenv("IMAGES", "offline")
	t.Setenv("CLUSTER_CACHE", t.TempDir())
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	site, err := Here(t.Context(), io.Discard)
	require.NoError(t, err)
	for name, up := range map[string]func(context.Context, kind.Cluster) (Images, error){"Up": site.Up, "UpAnew": site.UpAnew} {
		_, err := up(t.Context(), kind.E2E(t.TempDir()+"/kubeconfig"))
		require.ErrorContains(t, err, "DOCKER_HOST=tcp://127.0.0.1:1 does not answer", name)
	}
}
