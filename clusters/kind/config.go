package kind

import (
	"fmt"
	"net"
	"strconv"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// Cluster says what a cluster is for.
type Cluster struct {
	Name string
	// Ports are open on this machine's loopback address only.
	Ports []Port
	// Kubeconfig is the file that holds the credentials; empty: the one that
	// kubectl uses.
	Kubeconfig string
}

// Port leads from a port of this machine to a node port of the cluster.
type Port struct {
	Host, Node int32
}

// The node ports at which the chart's services are reached from outside.
const (
	WriteNodePort = 30687
	ReadNodePort  = 30688
	HTTPNodePort  = 30080
)

// workers is as many as there are instances by default: a lost node is one lost
// instance.
const workers = 3

// Dev is the cluster to try things out in. Its ports are those that drivers and
// browsers use by default.
func Dev() Cluster {
	return Cluster{Name: "memgraph", Ports: []Port{{7687, WriteNodePort}, {7688, ReadNodePort}, {8080, HTTPNodePort}}}
}

// E2E is the cluster that the end-to-end suite makes and removes. It fits beside
// Dev.
func E2E(kubeconfig string) Cluster {
	return Cluster{
		Name: "memgraph-e2e", Kubeconfig: kubeconfig,
		Ports: []Port{{17687, WriteNodePort}, {17688, ReadNodePort}, {18080, HTTPNodePort}},
	}
}

// At is where on this machine a node port is reached, host:port; empty where it
// is not.
func (c Cluster) At(nodePort int32) string {
	for _, p := range c.Ports {
		if p.Node == nodePort {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(p.Host)))
		}
	}
	return ""
}

// Kubernetes counts a node as lost after 40 s of silence by default. That is a
// long time for a suite to wait; these settings find it after 16 s. A kubelet that has
// restarted a container a few times within ten minutes, as a suite of faults makes it,
// waits for up to 5 minutes: a soak spent most of its time on that, and what it measured
// was a cluster without one of its instances. With these settings it waits for 10 to 15 s,
// which is how often it looks. They fit every version of kubeadm's configuration, since
// they name none.
const (
	monitorPatch = `kind: ClusterConfiguration
controllerManager:
  extraArgs:
    node-monitor-grace-period: 16s
    node-monitor-period: 2s
`
	kubeletPatch = `kind: KubeletConfiguration
nodeStatusUpdateFrequency: 4s
featureGates: {KubeletCrashLoopBackOffMax: true}
crashLoopBackOff: {maxContainerRestartPeriod: 1s}
`
)

// config is the cluster in kind's terms.
func (c Cluster) config() *v1alpha4.Cluster {
	control := v1alpha4.Node{Role: v1alpha4.ControlPlaneRole}
	for _, p := range c.Ports {
		control.ExtraPortMappings = append(control.ExtraPortMappings, v1alpha4.PortMapping{
			ContainerPort: p.Node, HostPort: p.Host, ListenAddress: "127.0.0.1", Protocol: v1alpha4.PortMappingProtocolTCP,
		})
	}
	config := &v1alpha4.Cluster{
		TypeMeta: v1alpha4.TypeMeta{Kind: "Cluster", APIVersion: "kind.x-k8s.io/v1alpha4"},
		Name:     c.Name, Nodes: []v1alpha4.Node{control},
		Networking: v1alpha4.Networking{
			IPFamily: v1alpha4.IPv4Family, APIServerAddress: "127.0.0.1",
			PodSubnet: "10.244.0.0/16", ServiceSubnet: "10.96.0.0/16", KubeProxyMode: v1alpha4.IPTablesProxyMode,
		},
		KubeadmConfigPatches: []string{monitorPatch, kubeletPatch},
	}
	for range workers {
		config.Nodes = append(config.Nodes, v1alpha4.Node{Role: v1alpha4.WorkerRole})
	}
	return config
}

// free makes sure that nobody else listens on the ports.
func (c Cluster) free() error {
	for _, p := range c.Ports {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(p.Host))))
		if err != nil {
			return fmt.Errorf("cluster %s needs port %d of this machine: end what uses it: %w", c.Name, p.Host, err)
		}
		listener.Close()
	}
	return nil
}
