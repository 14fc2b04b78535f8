package kube

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/controller"
)

// controllerPod is a pod of a controller.
func controllerPod(name, uid string, options ...podOption) *corev1.Pod {
	p := newPod(name, uid, options...)
	p.Labels = map[string]string{"app": "memgraph-controller"}
	for n, c := range p.Status.ContainerStatuses {
		if c.Name == DatabaseContainer {
			p.Status.ContainerStatuses[n].Name = ControllerContainer
		}
	}
	return p
}

func runPeers(t *testing.T, s *server) *Peers {
	t.Helper()
	peers := NewPeers(s, config(), slog.New(slog.DiscardHandler))
	background(t, peers.Run)
	return peers
}

func listed(t *testing.T, p *Peers) []controller.Peer {
	t.Helper()
	synctest.Wait()
	return p.List()
}

func TestPeersAreTheControllerPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-b", "uid-b", ip("10.0.1.2"), runs), controllerPod("c-a", "uid-a", initializes))
		require.Equal(t, []controller.Peer{{Name: "c-a"}, {Name: "c-b", Address: "10.0.1.2:8080"}}, listed(t, runPeers(t, s)))
	})
}

func TestPeersAreUnknownUntilTheyWereRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-a", "uid-a", runs))
		s.fail(errDown)
		peers := runPeers(t, s)
		require.Empty(t, listed(t, peers))
		require.ErrorContains(t, peers.Refresh(t.Context()), "list the controller pods")
		s.fail(nil)
		time.Sleep(2 * watchRetry)
		require.Len(t, listed(t, peers), 1)
	})
}

func TestRefreshFindsPeersBeforeTheWatchTellsOfThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-a", "uid-a", runs), controllerPod("c-b", "uid-b", runs))
		peers := NewPeers(s, config(), slog.New(slog.DiscardHandler))
		require.NoError(t, peers.Refresh(t.Context()))
		require.Len(t, peers.List(), 2)
		s.remove(controllerPod("c-a", "uid-a"))
		require.NoError(t, peers.Refresh(t.Context()))
		require.Len(t, peers.List(), 2, "one that is not there any more may live")
	})
}

func TestPeerIsGoneOnlyWithProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-a", "uid-a", runs), controllerPod("c-b", "uid-b", runs), controllerPod("c-c", "uid-c", runs))
		peers := runPeers(t, s)
		synctest.Wait()
		s.remove(controllerPod("c-a", "uid-a"))
		s.put(controllerPod("c-b", "uid-b", hasEnded))
		s.remove(controllerPod("c-b", "uid-b"))
		s.put(controllerPod("c-c", "uid-c", runsAgain))
		require.Equal(t, []controller.Peer{{Name: "c-a"}, {Name: "c-b", Gone: true}, {Name: "c-c"}}, listed(t, peers))

		time.Sleep(peerMemory + time.Second)
		require.Len(t, listed(t, peers), 1, "and is forgotten in the end")
	})
}
