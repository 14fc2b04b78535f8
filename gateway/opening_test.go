package gateway_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// mute takes what it is sent and says nothing.
func mute(conn net.Conn) {
	for buf := make([]byte, 1024); ; {
		if _, err := conn.Read(buf); err != nil {
			_ = conn.Close()
			return
		}
	}
}

func TestConnectionThatWasNotAnsweredBeginsAnewWhenItsUpstreamIsLost(t *testing.T) {
	for name, lose := range map[string]func(stop func(), g *gateway.Gateway){
		"it dies":             func(stop func(), g *gateway.Gateway) { stop(); open(g, 2, "b") },
		"the route leaves it": func(_ func(), g *gateway.Gateway) { open(g, 2, "b") },
		"the route closes first": func(_ func(), g *gateway.Gateway) {
			g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Closed})
			open(g, 3, "b")
		},
	} {
		for said, message := range map[string]string{"nothing said": "", "half a handshake": handshake[:9], "a handshake": handshake} {
			t.Run(name+", "+said, func(t *testing.T) {
				bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
					stop := n.serve(t, "a", mute)
					d := newDatabase(0)
					n.serve(t, "b", d.serve)
					open(g, 1, "a")
					client := n.connect(t)
					say(t, client, message)
					synctest.Wait()
					lose(stop, g)
					synctest.Wait()
					say(t, client, handshake[len(message):])
					hear(t, client, version)
					talk(t, client, begin, success)
					require.Equal(t, []byte{0x11}, d.received(), "nothing is said twice")
					require.Empty(t, g.Status().Counters.Cut)
				})
			})
		}
	}
}

func TestConnectionThatSaidMoreThanAHandshakeIsCutWithItsUpstream(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", mute)
		d := newDatabase(0)
		n.serve(t, "b", d.serve)
		open(g, 1, "a")
		client := n.connect(t)
		say(t, client, handshake+begin) // without waiting for the version
		synctest.Wait()
		open(g, 2, "b")
		cut(t, client)
		require.Empty(t, d.received())
	})
}

func TestConnectionBeginsAnewOnlyOnce(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", func(conn net.Conn) { _ = conn.Close() })
		open(g, 1, "a")
		client := n.connect(t)
		go func() { _, _ = client.Write([]byte(handshake)) }()
		cut(t, client)
		require.Equal(t, 2, n.dialed("a"))
	})
}

func TestClientThatLeavesWhileItsConnectionBeginsAnewIsForgotten(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", mute)
		open(g, 1, "a")
		client := n.connect(t)
		say(t, client, handshake)
		synctest.Wait()
		g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Closed})
		synctest.Wait()
		require.Equal(t, 1, g.Status().Held)
		require.NoError(t, client.Close())
		open(g, 3, "a")
		time.Sleep(time.Minute)
		require.Empty(t, g.Sessions())
	})
}
