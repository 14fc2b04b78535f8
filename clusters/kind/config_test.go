package kind

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/yaml"
)

func TestAClusterHasOneControlPlaneAndAWorkerForEachInstance(t *testing.T) {
	for _, c := range []Cluster{Dev(), E2E("kubeconfig")} {
		config := c.config()
		require.Equal(t, c.Name, config.Name)
		require.Len(t, config.Nodes, 4)
		require.Equal(t, v1alpha4.ControlPlaneRole, config.Nodes[0].Role)
		for _, worker := range config.Nodes[1:] {
			require.Equal(t, v1alpha4.WorkerRole, worker.Role)
			require.Empty(t, worker.ExtraPortMappings)
		}
	}
}

func TestPortsAreOpenOnLoopbackOnly(t *testing.T) {
	for _, port := range Dev().config().Nodes[0].ExtraPortMappings {
		require.Equal(t, "127.0.0.1", port.ListenAddress)
	}
	require.Len(t, Dev().config().Nodes[0].ExtraPortMappings, 3)
}

func TestTheClustersFitBesideEachOther(t *testing.T) {
	require.NotEqual(t, Dev().Name, E2E("").Name)
	taken := map[int32]bool{}
	for _, c := range []Cluster{Dev(), E2E("")} {
		for _, p := range c.Ports {
			require.False(t, taken[p.Host], "port %d", p.Host)
			taken[p.Host] = true
		}
	}
}

// kind applies a patch without a version to every version of kubeadm's
// configuration, if extraArgs are a map.
func TestThePatchesFitEveryVersionOfKubeadm(t *testing.T) {
	patches := Dev().config().KubeadmConfigPatches
	require.Len(t, patches, 2)
	var monitor struct {
		Kind, APIVersion  string
		ControllerManager struct{ ExtraArgs map[string]string }
	}
	require.NoError(t, yaml.UnmarshalStrict([]byte(patches[0]), &monitor))
	require.Empty(t, monitor.APIVersion)
	require.Equal(t, "ClusterConfiguration", monitor.Kind)
	require.Equal(t, "16s", monitor.ControllerManager.ExtraArgs["node-monitor-grace-period"])
	var kubelet struct {
		Kind, NodeStatusUpdateFrequency string
		FeatureGates                    map[string]bool
		CrashLoopBackOff                struct{ MaxContainerRestartPeriod string }
	}
	require.NoError(t, yaml.UnmarshalStrict([]byte(patches[1]), &kubelet))
	require.Equal(t, "KubeletConfiguration", kubelet.Kind)
	require.Equal(t, "4s", kubelet.NodeStatusUpdateFrequency)
	require.True(t, kubelet.FeatureGates["KubeletCrashLoopBackOffMax"], "or the kubelet refuses the next one")
	require.Equal(t, "1s", kubelet.CrashLoopBackOff.MaxContainerRestartPeriod)
}

func TestAPortThatIsTakenIsNamedBeforeAnythingIsCreated(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := Cluster{Name: "mine", Ports: []Port{{Host: int32(listener.Addr().(*net.TCPAddr).Port), Node: HTTPNodePort}}}
	err = c.free()
	require.ErrorContains(t, err, "cluster mine needs port")
	require.NoError(t, listener.Close())
	require.NoError(t, c.free())
}
