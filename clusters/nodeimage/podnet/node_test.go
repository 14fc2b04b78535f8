package main

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/nodeimage/podnet/netfilter"
	"memgraph-controller/clusters/nodeimage/podnet/policy"
	"memgraph-controller/clusters/nodeimage/podnet/route"
)

// machine is the kernel and the tools of one node.
type machine struct {
	routes route.Table
	ran    []string
	broken error
}

func (m *machine) Routes() (route.Table, error)               { return m.routes, nil }
func (m *machine) Remove(pods netip.Prefix) error             { delete(m.routes, pods); return nil }
func (m *machine) Replace(p netip.Prefix, v netip.Addr) error { m.routes[p] = v; return nil }

func (m *machine) run(_ context.Context, _, name string, _ ...string) (string, error) {
	m.ran = append(m.ran, name)
	return "", m.broken
}

func newNode(t *testing.T) (*node, *machine) {
	m := &machine{routes: route.Table{}}
	return &node{
		name: "n1", pods: netip.MustParsePrefix("10.244.0.0/16"), cniDir: t.TempDir(),
		kernel: m, run: m.run, firewall: netfilter.New(m.run), log: slog.New(slog.DiscardHandler),
	}, m
}

func clusterNode(name, pods, ip string) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{PodCIDR: pods},
		Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: ip}}},
	}
}

func configured(t *testing.T, n *node) bool {
	files, err := os.ReadDir(n.cniDir)
	require.NoError(t, err)
	return len(files) == 1
}

func TestANodeWithoutARangeOfPodsWaits(t *testing.T) {
	n, m := newNode(t)
	require.NoError(t, n.reconcile(t.Context(), []*corev1.Node{clusterNode("n1", "", "172.18.0.1")}, policy.State{}))
	require.Empty(t, m.ran)
	require.False(t, configured(t, n))
}

func TestANodeIsOpenForPodsOnceItsNetworkIsReady(t *testing.T) {
	n, m := newNode(t)
	nodes := []*corev1.Node{clusterNode("n1", "10.244.1.0/24", "172.18.0.1"), clusterNode("n2", "10.244.2.0/24", "172.18.0.2")}
	m.broken = errors.New("table is locked")
	require.ErrorContains(t, n.reconcile(t.Context(), nodes, policy.State{}), "table is locked")
	require.False(t, configured(t, n))

	m.broken = nil
	require.NoError(t, n.reconcile(t.Context(), nodes, policy.State{}))
	require.True(t, configured(t, n))
	require.Equal(t, route.Table{netip.MustParsePrefix("10.244.2.0/24"): netip.MustParseAddr("172.18.0.2")}, m.routes)
	require.Contains(t, m.ran, "ipset")

	m.ran = nil
	require.NoError(t, n.reconcile(t.Context(), nodes, policy.State{}))
	require.Empty(t, m.ran, "nothing changed")
}

// calls counts calls of reconcile, the first of which fail.
type calls struct{ made, failing int }

func (c *calls) reconcile() error {
	c.made++
	if c.made <= c.failing {
		return errors.New("not yet")
	}
	return nil
}

// follow runs each in virtual time until the test ends.
func followed(t *testing.T, c *calls) (changes chan struct{}) {
	changes = make(chan struct{}, 1)
	go func() { _ = each(t.Context(), changes, c.reconcile, func(error) {}) }()
	return changes
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestChangesAreGatheredAndNotPutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{}
		changes := followed(t, c)
		after(0)
		require.Equal(t, 1, c.made, "once at the start")
		for range 10 { // over a second
			changes <- struct{}{}
			after(settle / 2)
		}
		require.Equal(t, 1+5, c.made)
	})
}

func TestAfterAnErrorItIsTriedAgainWithoutAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &calls{failing: 2}
		followed(t, c)
		after(10 * retry)
		require.Equal(t, 3, c.made)
	})
}
