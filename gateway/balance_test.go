package gateway_test

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// spread tells how many sessions each upstream has.
func spread(g *gateway.Gateway) map[string]int {
	sessions := make(map[string]int)
	for _, u := range g.Status().Upstreams {
		sessions[u.Address] = u.Sessions
	}
	return sessions
}

func TestNewSessionsGoToTheUpstreamWithTheFewestAndByTurnsAmongEquals(t *testing.T) {
	bubble(t, gateway.Config{FirstByteTimeout: time.Hour}, func(t *testing.T, n *network, g *gateway.Gateway) {
		for _, address := range []string{"a", "b", "c"} {
			n.serve(t, address, answering(address, atOnce))
		}
		open(g, 1, "a")
		var onA []net.Conn
		for range 4 {
			onA = append(onA, n.connect(t))
			synctest.Wait()
		}
		open(g, 2, "a", "b")
		for range 4 {
			n.connect(t)
			synctest.Wait()
		}
		require.Equal(t, map[string]int{"a": 4, "b": 4}, spread(g))
		open(g, 3, "a", "b", "c")
		for range 6 {
			n.connect(t)
			synctest.Wait()
		}
		require.Equal(t, 4, min(spread(g)["a"], spread(g)["b"], spread(g)["c"]))
		require.Equal(t, 5, max(spread(g)["a"], spread(g)["b"], spread(g)["c"]))
		for _, conn := range onA[:3] {
			require.NoError(t, conn.Close())
		}
		synctest.Wait()
		before := spread(g)["a"]
		n.connect(t)
		synctest.Wait()
		require.Equal(t, before+1, spread(g)["a"])
	})
}

func TestUpstreamThatCannotBeReachedIsPassedOver(t *testing.T) {
	cfg := gateway.Config{DialTimeout: 300 * time.Millisecond}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.silence("dead", true)
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "dead", "a")
		for i := range 20 {
			began := time.Now()
			talk(t, n.connect(t), "hello", "a")
			if i > 1 {
				require.Zero(t, time.Since(began), "it is known by now that the first is dead")
			}
		}
		require.Equal(t, 1, n.dialed("dead"))
		time.Sleep(2 * time.Second)
		for range 5 {
			n.connect(t)
		}
		synctest.Wait()
		require.Equal(t, 2, n.dialed("dead"), "one of them tries")
		time.Sleep(2 * time.Second)
		n.silence("dead", false)
		n.serve(t, "dead", answering("alive", atOnce))
		talk(t, n.connect(t), "hello", "alive")
	})
}

func TestSightingsTellWhatSocketsSaw(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string][]gateway.Outcome)
	cfg := gateway.Config{HoldTimeout: keepHold, DialTimeout: time.Second, OnSighting: func(s gateway.Sighting) {
		mu.Lock()
		defer mu.Unlock()
		seen[s.Upstream] = append(seen[s.Upstream], s.Outcome)
	}}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.silence("mute", true)
		n.serve(t, "leaves", func(conn net.Conn) { _ = conn.Close() })
		n.serve(t, "stays", answering("stays", atOnce))
		client := n.connect(t)
		open(g, 1, "absent")
		synctest.Wait()
		open(g, 2, "mute")
		time.Sleep(1010 * time.Millisecond) // and a second dial, which the next route calls off
		open(g, 3, "leaves")
		_, err := client.Read(make([]byte, 1))
		require.Error(t, err)
		open(g, 4, "stays")
		client = n.connect(t)
		talk(t, client, "hello", "stays")
		require.NoError(t, client.Close())
		synctest.Wait()
		require.Equal(t, map[string][]gateway.Outcome{
			"absent": {gateway.Refused},
			"mute":   {gateway.Timeout},
			"leaves": {gateway.Connected, gateway.Ended},
			"stays":  {gateway.Connected},
		}, seen)
	})
}

func TestSightingsTellAResetFromARefusal(t *testing.T) {
	outcomes := make(chan gateway.Outcome, 100)
	a := serve(t, func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.SetLinger(0)
		_ = conn.Close()
	})
	g := start(t, gateway.Config{OnSighting: func(s gateway.Sighting) { outcomes <- s.Outcome }})
	open(g, 1, a.address())
	client := dial(t, g)
	say(t, client, "x")
	require.Equal(t, gateway.Connected, <-outcomes)
	require.Equal(t, gateway.Reset, <-outcomes)
	requireReset(t, client)
	require.NoError(t, a.Close())
	dial(t, g)
	require.Equal(t, gateway.Refused, <-outcomes)
}

func TestFirstAnswerAfterOpeningIsTimed(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", after(30*time.Millisecond)))
		client := n.connect(t)
		time.Sleep(time.Second)
		opened := time.Now()
		open(g, 1, "a")
		require.True(t, opened.Equal(g.Status().OpenedAt))
		require.True(t, g.Status().FirstAnswerAt.IsZero())
		talk(t, client, "hello", "a")
		talk(t, client, "hello", "a")
		synctest.Wait()
		require.Equal(t, 30*time.Millisecond, g.Status().FirstAnswerAt.Sub(opened))
	})
}

func TestLackOfFileDescriptorsIsNoSightingOfTheUpstream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		g := gateway.New(gateway.Config{
			Address: "gateway", Listen: n.listen, HoldTimeout: time.Second,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, os.NewSyscallError("socket", syscall.EMFILE)
			},
			OnSighting: func(s gateway.Sighting) { t.Errorf("sighted %v", s) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait()
		open(g, 1, "a")
		_, err := n.connect(t).Read(make([]byte, 1))
		require.Error(t, err)
		require.NotZero(t, g.Status().Counters.DialFailures)
		cancel()
		require.NoError(t, <-ended)
	})
}
