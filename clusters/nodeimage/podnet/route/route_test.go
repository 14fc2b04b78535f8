package route_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/nodeimage/podnet/route"
)

func node(name, pods, ip string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{PodCIDR: pods},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{
			{Type: corev1.NodeHostName, Address: name},
			{Type: corev1.NodeInternalIP, Address: "fd00::1"},
			{Type: corev1.NodeInternalIP, Address: ip},
		}},
	}
}

func table(pairs ...string) route.Table {
	t := route.Table{}
	for i := 0; i < len(pairs); i += 2 {
		t[netip.MustParsePrefix(pairs[i])] = netip.MustParseAddr(pairs[i+1])
	}
	return t
}

func TestRoutesLeadToTheOtherNodesThatAreKnown(t *testing.T) {
	nodes := []*corev1.Node{
		node("n1", "10.0.1.0/24", "172.18.0.1"), node("n2", "10.0.2.0/24", "172.18.0.2"),
		node("without pods", "", "172.18.0.3"), node("without address", "10.0.4.0/24", ""),
	}
	require.Equal(t, table("10.0.2.0/24", "172.18.0.2"), route.Wanted(nodes, "n1"))
	own, assigned := route.Own(nodes, "n1")
	require.True(t, assigned)
	require.Equal(t, "10.0.1.0/24", own.String())
	_, assigned = route.Own(nodes, "without pods")
	require.False(t, assigned)
	_, assigned = route.Own(nodes, "unknown")
	require.False(t, assigned)
}

// kernel is a table of routes; the range in fail is refused.
type kernel struct {
	routes route.Table
	fail   netip.Prefix
}

var errRefused = errors.New("network is unreachable")

func (k *kernel) Routes() (route.Table, error) { return k.routes, nil }

func (k *kernel) Replace(pods netip.Prefix, via netip.Addr) error {
	if pods == k.fail {
		return errRefused
	}
	k.routes[pods] = via
	return nil
}

func (k *kernel) Remove(pods netip.Prefix) error {
	delete(k.routes, pods)
	return nil
}

func TestSyncAddsChangesAndRemoves(t *testing.T) {
	k := &kernel{routes: table("10.0.2.0/24", "172.18.0.2", "10.0.3.0/24", "172.18.0.3", "10.0.9.0/24", "172.18.0.9")}
	wanted := table("10.0.2.0/24", "172.18.0.2", "10.0.3.0/24", "172.18.0.33", "10.0.4.0/24", "172.18.0.4")
	changed, err := route.Sync(k, wanted)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, wanted, k.routes)
	changed, err = route.Sync(k, wanted)
	require.NoError(t, err)
	require.False(t, changed)
}

func TestOneRouteThatFailsKeepsNoOtherFromBeingSet(t *testing.T) {
	k := &kernel{routes: table(), fail: netip.MustParsePrefix("10.0.2.0/24")}
	_, err := route.Sync(k, table("10.0.2.0/24", "172.18.0.2", "10.0.3.0/24", "172.18.0.3"))
	require.ErrorIs(t, err, errRefused)
	require.Equal(t, table("10.0.3.0/24", "172.18.0.3"), k.routes)
}
