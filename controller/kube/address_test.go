package kube

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// newService is a Service with the labels of the instances.
func newService(name, ip string, created time.Time) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "memgraph"}, CreationTimestamp: metav1.NewTime(created)},
		Spec:       corev1.ServiceSpec{ClusterIP: ip, ClusterIPs: []string{ip}},
	}
}

const (
	dnsOfOne = "memgraph-1.nodes.graph.svc.cluster.local:10000"
	longAgo  = time.Hour
)

// With the node that had both DNS servers a main was lost, and its successor could
// register no replica by name for 45 s.
func TestInstanceIsRegisteredAtAnAddressThatNeedsNoDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(append(three(), newService("memgraph-1", "10.96.0.11", time.Now().Add(-longAgo)))...)
		fleet := runFleet(t, s)
		require.Equal(t, "10.96.0.11:10000", find(t, fleet, "memgraph-1").Replication)
		require.Equal(t, "10.0.0.2:7687", find(t, fleet, "memgraph-1").Bolt, "a controller asks the pod itself")
		require.Equal(t, "memgraph-2.nodes.graph.svc.cluster.local:10000", find(t, fleet, "memgraph-2").Replication, "it has no Service")
	})
}

func TestAddressOfAServiceIsUsedWhenEveryNodeKnowsOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		synctest.Wait()
		s.put(newService("memgraph-1", "10.96.0.11", time.Now()))
		synctest.Wait()
		require.Equal(t, dnsOfOne, find(t, fleet, "memgraph-1").Replication)
		drain(fleet.Changes())
		begun := time.Now()
		<-fleet.Changes()
		require.Equal(t, serviceDelay, time.Since(begun), "the loop is told")
		require.Equal(t, "10.96.0.11:10000", find(t, fleet, "memgraph-1").Replication)
		require.False(t, find(t, fleet, "memgraph-1").Moving)
		s.put(newService("memgraph-1", "10.96.0.12", time.Now()))
		synctest.Wait()
		require.Equal(t, dnsOfOne, find(t, fleet, "memgraph-1").Replication, "it was made anew")
	})
}

func TestServiceOfTheFutureIsUsedNoLaterThanOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fleet := runFleet(t, newServer(append(three(), newService("memgraph-1", "10.96.0.11", time.Now().Add(longAgo)))...))
		time.Sleep(serviceDelay)
		require.Equal(t, "10.96.0.11:10000", find(t, fleet, "memgraph-1").Replication, "the clock of the API server is another one")
	})
}

func TestInstanceWithoutAServiceOfUseIsRegisteredByItsName(t *testing.T) {
	six := newService("memgraph-1", "fd00::11", time.Time{})
	for name, service := range map[string]*corev1.Service{
		"of IPv6":       six,
		"headless":      newService("memgraph-1", corev1.ClusterIPNone, time.Time{}),
		"elsewhere":     {ObjectMeta: six.ObjectMeta, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}},
		"no instance's": newService("memgraph-01", "10.96.0.11", time.Time{}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				require.Equal(t, dnsOfOne, find(t, runFleet(t, newServer(append(three(), service)...)), "memgraph-1").Replication)
			})
		})
	}
	both := newService("memgraph-1", "fd00::11", time.Time{})
	both.Spec.ClusterIPs = []string{"fd00::11", "10.96.0.11"}
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, "10.96.0.11:10000", find(t, runFleet(t, newServer(append(three(), both)...)), "memgraph-1").Replication, "it has both")
	})
}

func TestInstanceWhoseServiceIsGoneIsRegisteredByItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := newService("memgraph-1", "10.96.0.11", time.Now().Add(-longAgo))
		s := newServer(append(three(), service)...)
		fleet := runFleet(t, s)
		drain(fleet.Changes())
		s.remove(service)
		<-fleet.Changes()
		require.Equal(t, dnsOfOne, find(t, fleet, "memgraph-1").Replication)
		s.put(newService("memgraph-1", "10.96.0.11", time.Now()))
		time.Sleep(serviceDelay)
		require.Equal(t, "10.96.0.11:10000", find(t, fleet, "memgraph-1").Replication)
		s.fail(nil) // every watch breaks
		synctest.Wait()
		require.Equal(t, "10.96.0.11:10000", find(t, fleet, "memgraph-1").Replication)
		require.NoError(t, s.Tracker().Delete(resourceOf(service), namespace, service.Name)) // nobody watches
		s.fail(nil)
		time.Sleep(time.Minute)
		require.Equal(t, dnsOfOne, find(t, fleet, "memgraph-1").Replication)
	})
}

// A Service leads to a pod that was replaced sooner than its name does.
func TestPodWithAServiceMovesForAShorterTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(append(three(), newService("memgraph-1", "10.96.0.11", time.Now().Add(-longAgo)))...)
		fleet := runFleet(t, s)
		synctest.Wait()
		s.remove(newPod("memgraph-1", "uid-1"))
		s.put(newPod("memgraph-1", "uid-new", ip("10.0.0.9"), runs))
		synctest.Wait()
		require.True(t, find(t, fleet, "memgraph-1").Moving)
		drain(fleet.Changes())
		begun := time.Now()
		<-fleet.Changes()
		require.Equal(t, serviceDelay, time.Since(begun), "the loop is told")
		require.False(t, find(t, fleet, "memgraph-1").Moving)
	})
}
