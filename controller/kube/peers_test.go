package kube

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
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

func listed(t *testing.T, p *Peers) []Peer {
	t.Helper()
	synctest.Wait()
	list, ok := p.List()
	require.True(t, ok)
	return list
}

func TestPeersAreTheControllerPods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-b", "uid-b", ip("10.0.1.2"), runs), controllerPod("c-a", "uid-a", initializes))
		peers := runPeers(t, s)
		<-peers.Changes()
		require.Equal(t, []Peer{
			{Name: "c-a"},
			{Name: "c-b", Address: "10.0.1.2:8080", ID: "aaaaaaaaaaaa-uid-b"},
		}, listed(t, peers))
	})
}

func TestPeersAreUnknownUntilTheyWereRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-a", "uid-a", runs))
		s.fail(errDown)
		peers := runPeers(t, s)
		_, ok := peers.List()
		require.False(t, ok)
		s.fail(nil)
		<-peers.Changes()
		require.Len(t, listed(t, peers), 1)
	})
}

func TestPeerIsGoneOnlyWithProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(controllerPod("c-a", "uid-a", runs), controllerPod("c-b", "uid-b", runs), controllerPod("c-c", "uid-c", runs))
		peers := runPeers(t, s)
		s.remove(controllerPod("c-a", "uid-a"))
		s.put(controllerPod("c-b", "uid-b", hasEnded))
		s.remove(controllerPod("c-b", "uid-b"))
		s.put(controllerPod("c-c", "uid-c", runsAgain))
		require.Equal(t, []Peer{
			{Name: "c-a", ID: "aaaaaaaaaaaa-uid-a", Removed: true},
			{Name: "c-b", ID: "aaaaaaaaaaaa-uid-b", Removed: true, Gone: true},
			{Name: "c-c", ID: "bbbbbbbbbbbb-uid-c"},
		}, listed(t, peers))

		time.Sleep(peerMemory + time.Second)
		require.Len(t, listed(t, peers), 1, "and is forgotten in the end")
	})
}
