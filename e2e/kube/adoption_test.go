package kube

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/e2e/kube/forward"
)

const (
	adoptedNamespace = "e2e-adopted"
	byHandName       = "graph"
	// nodesByHand is how many nodes there are before anybody controls the databases.
	nodesByHand = 1000
)

func TestClusterThatWasSetUpByHandIsAdopted(t *testing.T) {
	scenario(t, "its data stay, and from then on it heals by itself", func(ctx context.Context, s *Scenario) {
		adopter := s.release(adoptedNamespace, "adopter")
		adopter.StatefulSet, adopter.Databases = byHandName, "app="+byHandName
		adopter.Values = helm.Merged(adopter.Values, helm.Values{
			"memgraph": helm.Values{"enabled": false},
			"existing": helm.Values{"statefulSet": byHandName, "instanceSelector": helm.Values{"app": byHandName}},
		})
		a := s.apart(ctx, adopter)
		a.setUpByHand(ctx)
		main := a.tunnel(ctx, byHandName+"-0", boltPort)
		_, err := ask(ctx, main.Address, fmt.Sprintf("UNWIND range(1, %d) AS i CREATE (:ByHand {id: i})", nodesByHand))
		require.NoError(s, err)

		require.NoError(s, adopter.Install(ctx, nil))
		a.reachThroughAPod(ctx)
		a.holdsWhatWasWrittenByHand(ctx)
		load := a.LoadOf(ctx, writeRate/4)
		old := a.Whole(ctx, a).Record.Main
		load.Round(ctx, fault.Delete(adopter.Target(), fault.Main), moved(old))
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true, NoReseed: true})
		a.holdsWhatWasWrittenByHand(ctx)
	})
}

// setUpByHand makes three databases that replicate, as the documentation of the
// database tells people to do it.
func (s *Scenario) setUpByHand(ctx context.Context) {
	s.Helper()
	require.NoError(s, s.namespace(ctx))
	service, set := databasesByHand(byHandName, s.Images.Database)
	_, err := s.Client.CoreV1().Services(s.Namespace).Create(ctx, service, metav1.CreateOptions{})
	require.NoError(s, err)
	_, err = s.Client.AppsV1().StatefulSets(s.Namespace).Create(ctx, set, metav1.CreateOptions{})
	require.NoError(s, err)
	s.Eventually(ctx, "the databases answer", 2*time.Minute, func(ctx context.Context) error {
		for n := range 3 {
			if err := s.askPod(ctx, fmt.Sprintf("%s-%d", byHandName, n), "SHOW REPLICATION ROLE"); err != nil {
				return err
			}
		}
		return nil
	})
	for n, mode := range map[int]string{1: "SYNC", 2: "ASYNC"} {
		pod := fmt.Sprintf("%s-%d", byHandName, n)
		require.NoError(s, s.askPod(ctx, pod, fmt.Sprintf("SET REPLICATION ROLE TO REPLICA WITH PORT %d", replicationPort)))
		s.registerByHand(ctx, fmt.Sprintf("copy_%d", n), mode, fmt.Sprintf("%s.%s.%s.svc.cluster.local:%d", pod, byHandName, s.Namespace, replicationPort))
	}
}

// registerByHand tries until DNS knows the name of the new pod. An attempt that
// fails leaves the name of the replica taken.
func (s *Scenario) registerByHand(ctx context.Context, name, mode, address string) {
	s.Helper()
	main := byHandName + "-0"
	s.Eventually(ctx, "replica "+name+" is registered", time.Minute, func(ctx context.Context) error {
		err := s.askPod(ctx, main, fmt.Sprintf(`REGISTER REPLICA %s %s TO "%s"`, name, mode, address))
		if err != nil {
			_ = s.askPod(ctx, main, "DROP REPLICA "+name) // or there is none
		}
		return err
	})
}

// askPod runs one statement in the database of a pod, past the gateways.
func (s *Scenario) askPod(ctx context.Context, pod, text string) error {
	tunnel, err := s.Tunnel(ctx, pod, boltPort)
	if err != nil {
		return err
	}
	defer tunnel.Close()
	_, err = ask(ctx, tunnel.Address, text)
	return err
}

// tunnel is a port-forward that lasts until the test ends.
func (s *Scenario) tunnel(ctx context.Context, pod string, port int) *forward.Tunnel {
	s.Helper()
	tunnel, err := s.Tunnel(ctx, pod, port)
	require.NoError(s, err)
	s.Cleanup(tunnel.Close)
	return tunnel
}

// reachThroughAPod has clients use a controller pod by port-forward: the node
// ports that lead into the cluster belong to the suite's main release.
func (s *Scenario) reachThroughAPod(ctx context.Context) {
	s.Helper()
	pods, err := s.Pods(ctx, s.Controllers)
	require.NoError(s, err)
	require.NotEmpty(s, pods, "controllers of release %s", s.Prefix)
	pod := pods[0].Name
	s.Write, s.Read = s.tunnel(ctx, pod, boltPort).Address, s.tunnel(ctx, pod, readPort).Address
	s.API.Base = "http://" + s.tunnel(ctx, pod, httpPort).Address
}

// holdsWhatWasWrittenByHand checks it in every database.
func (s *Scenario) holdsWhatWasWrittenByHand(ctx context.Context) {
	s.Helper()
	for _, i := range s.Whole(ctx, s).Instances {
		tunnel := s.tunnel(ctx, i.Name, boltPort)
		rows, err := ask(ctx, tunnel.Address, "MATCH (n:ByHand) RETURN count(n)")
		require.NoError(s, err)
		require.Equal(s, int64(nodesByHand), rows[0][0], "nodes in %s", i.Name)
	}
}

// apart is the same scenario on a release in a namespace of its own, which is removed first,
// and when the test ends unless it is to be kept.
func (s *Scenario) apart(ctx context.Context, r *Release) *Scenario {
	s.Helper()
	other := s.On(r)
	other.removeNamespace(ctx)
	s.Cleanup(func() {
		if s.Failed() {
			if err := dump(context.WithoutCancel(ctx), r, s.Name()); err != nil {
				s.Logf("not everything could be saved: %v", err)
			}
		}
		if !Set("KEEP") {
			other.removeNamespace(context.WithoutCancel(ctx))
		}
	})
	return other
}

// removeNamespace removes the release with its data, if there is one.
func (s *Scenario) removeNamespace(ctx context.Context) {
	s.Helper()
	if err := s.Helm.Uninstall(ctx, s.Prefix, s.Namespace); err != nil {
		s.Logf("uninstall release %s: %v", s.Prefix, err)
	}
	namespaces := s.Client.CoreV1().Namespaces()
	_ = namespaces.Delete(ctx, s.Namespace, metav1.DeleteOptions{}) // or it is not there
	s.Eventually(ctx, "namespace "+s.Namespace+" is gone", 3*time.Minute, func(ctx context.Context) error {
		if _, err := namespaces.Get(ctx, s.Namespace, metav1.GetOptions{}); err == nil {
			return fmt.Errorf("it is there")
		}
		return nil
	})
}
