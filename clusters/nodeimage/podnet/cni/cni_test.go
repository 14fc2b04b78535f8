package cni_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/nodeimage/podnet/cni"
)

func TestTheConfigurationNamesTheRangeOfTheNode(t *testing.T) {
	dir := t.TempDir()
	changed, err := cni.Write(dir, netip.MustParsePrefix("10.244.3.0/24"))
	require.NoError(t, err)
	require.True(t, changed)
	text, err := os.ReadFile(filepath.Join(dir, "10-podnet.conflist"))
	require.NoError(t, err)
	require.JSONEq(t, `{"cniVersion": "0.4.0", "name": "podnet", "plugins": [
		{"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "/run/podnet",
			"ranges": [[{"subnet": "10.244.3.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		{"type": "portmap", "capabilities": {"portMappings": true}}]}`, string(text))
}

func TestItIsWrittenAgainOnlyWhenItChanges(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		node    string
		changed bool
	}{{"10.244.3.0/24", true}, {"10.244.3.0/24", false}, {"10.244.4.0/24", true}} {
		changed, err := cni.Write(dir, netip.MustParsePrefix(c.node))
		require.NoError(t, err)
		require.Equal(t, c.changed, changed)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "nothing else that containerd might read")
}

func TestAFolderThatIsNotThereIsAnError(t *testing.T) {
	_, err := cni.Write(filepath.Join(t.TempDir(), "no"), netip.MustParsePrefix("10.244.3.0/24"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
