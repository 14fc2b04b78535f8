package gateway_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// keepHold keeps connections for as long as a test needs.
const keepHold = time.Hour

func TestGatewayHoldsNewConnectionsWhileItHasNoUpstream(t *testing.T) {
	for name, route := range map[string]gateway.Route{
		"no route at all":       {},
		"an open route without": {Epoch: 1, Flow: gateway.Open},
		"a paused route":        {Epoch: 1, Flow: gateway.Paused, Upstreams: []string{"a"}},
		"a closed route":        {Epoch: 1, Flow: gateway.Closed, Upstreams: []string{"a"}},
		"an unknown flow":       {Epoch: 1, Flow: "ajar", Upstreams: []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, gateway.Config{HoldTimeout: keepHold}, func(t *testing.T, n *network, g *gateway.Gateway) {
				n.serve(t, "a", answering("a", atOnce))
				g.Follow(route)
				client := n.connect(t)
				time.Sleep(keepHold / 2)
				require.Equal(t, 1, g.Status().Held)
				require.Zero(t, n.dialed("a"))

				open(g, 2, "a")
				talk(t, client, "hello", "a")
				require.Zero(t, g.Status().Held)
				require.Equal(t, 1, g.Status().Sessions)
				require.EqualValues(t, 1, g.Status().Counters.Released)
				require.InDelta(t, (keepHold / 2).Seconds(), g.Status().Counters.HeldSeconds, 0.001)
			})
		})
	}
}

func TestHeldConnectionsAreReleasedInOrderAndWithARamp(t *testing.T) {
	cfg := gateway.Config{HoldTimeout: keepHold, ReleaseBurst: 3, ReleaseRate: 10}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		var order []string
		var mu sync.Mutex
		n.serve(t, "a", func(conn net.Conn) {
			buf := make([]byte, 16)
			if size, err := conn.Read(buf); err == nil {
				mu.Lock()
				order = append(order, string(buf[:size]))
				mu.Unlock()
			}
		})
		var want []string
		for i := range 8 {
			client, name := n.connect(t), fmt.Sprint(i)
			want = append(want, name)
			go func() { _, _ = client.Write([]byte(name)) }()
		}
		synctest.Wait()
		open(g, 1, "a")
		for i := range 6 {
			synctest.Wait()
			require.Equal(t, 3+i, n.dialed("a"), "released after %d tenths of a second", i)
			time.Sleep(100*time.Millisecond + time.Microsecond)
		}
		require.Len(t, order, 8)
		require.ElementsMatch(t, want[:3], order[:3]) // the burst runs in parallel
		require.Equal(t, want[3:], order[3:])
	})
}

func TestNewConnectionsQueueBehindTheHeldOnes(t *testing.T) {
	cfg := gateway.Config{HoldTimeout: keepHold, ReleaseBurst: 1, ReleaseRate: 1}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		n.connect(t)
		second := n.connect(t)
		synctest.Wait() // both are held, in their order
		open(g, 1, "a")
		synctest.Wait()
		late := n.connect(t)
		synctest.Wait()
		require.Equal(t, 2, g.Status().Held)
		talk(t, second, "hello", "a")
		require.Equal(t, 1, g.Status().Held)
		talk(t, late, "hello", "a")
	})
}

func TestHeldConnectionIsClosedAfterHoldTimeout(t *testing.T) {
	bubble(t, gateway.Config{HoldTimeout: 7 * time.Second}, func(t *testing.T, n *network, g *gateway.Gateway) {
		began := time.Now()
		client := n.connect(t)
		_, err := client.Read(make([]byte, 1))
		require.Error(t, err)
		require.Equal(t, 7*time.Second, time.Since(began))
		synctest.Wait()
		require.EqualValues(t, 1, g.Status().Counters.Rejected[gateway.RejectHoldTimeout])
		require.Zero(t, g.Status().Held)
	})
}

func TestNewestConnectionIsRefusedWhenTheHoldIsFull(t *testing.T) {
	bubble(t, gateway.Config{HoldTimeout: keepHold, MaxHeld: 2}, func(t *testing.T, n *network, g *gateway.Gateway) {
		first, second := n.connect(t), n.connect(t)
		third := n.connect(t)
		_, err := third.Read(make([]byte, 1))
		require.Error(t, err)
		require.EqualValues(t, 1, g.Status().Counters.Rejected[gateway.RejectHeld])

		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		talk(t, first, "hello", "a")
		talk(t, second, "hello", "a")
	})
}

func TestOneHeldConnectionAtATimeTriesAnUpstreamThatCannotBeReached(t *testing.T) {
	cfg := gateway.Config{HoldTimeout: keepHold, RetryInterval: 25 * time.Millisecond, ReleaseBurst: 100}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		open(g, 1, "a")
		var clients []net.Conn
		for range 50 {
			clients = append(clients, n.connect(t))
		}
		synctest.Wait()
		before := n.dialed("a")
		time.Sleep(time.Second + time.Millisecond)
		require.Equal(t, before+40, n.dialed("a"))
		require.Equal(t, 50, g.Status().Held)

		n.serve(t, "a", answering("a", atOnce))
		time.Sleep(26 * time.Millisecond)
		require.Equal(t, 50, g.Status().Sessions)
		for _, client := range clients {
			talk(t, client, "hello", "a")
		}
	})
}

func TestHeldConnectionsGoToTheNewUpstreamAlthoughTheOldOneIsStillDialed(t *testing.T) {
	cfg := gateway.Config{HoldTimeout: keepHold, DialTimeout: time.Minute}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.silence("a", true)
		n.serve(t, "b", answering("b", atOnce))
		open(g, 1, "a")
		client := n.connect(t)
		time.Sleep(time.Second)
		require.Equal(t, 1, g.Status().Held)
		began := time.Now()
		open(g, 2, "b")
		talk(t, client, "hello", "b")
		require.Zero(t, time.Since(began))
	})
}

func TestRouteThatChangesInTheMidstOfADialDecides(t *testing.T) {
	for name, route := range map[string]gateway.Route{
		"paused":           {Epoch: 2, Flow: gateway.Paused, Upstreams: []string{"a"}},
		"another upstream": {Epoch: 2, Flow: gateway.Open, Upstreams: []string{"absent"}},
		"closed":           {Epoch: 2, Flow: gateway.Closed},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, gateway.Config{HoldTimeout: keepHold}, func(t *testing.T, n *network, g *gateway.Gateway) {
				n.serve(t, "a", answering("a", atOnce))
				n.serve(t, "b", answering("b", atOnce))
				n.slow["a"] = time.Second
				open(g, 1, "a")
				client := n.connect(t)
				time.Sleep(500 * time.Millisecond)
				g.Follow(route)
				time.Sleep(time.Minute)
				require.Equal(t, 1, g.Status().Held)
				require.Zero(t, g.Status().Sessions)
				open(g, 3, "b")
				talk(t, client, "hello", "b")
			})
		})
	}
}

func TestConnectionThatFoundNoUpstreamKeepsItsPlaceInTheHold(t *testing.T) {
	cfg := gateway.Config{HoldTimeout: keepHold, ReleaseBurst: 1, ReleaseRate: 1}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		open(g, 1, "absent")
		for range 3 {
			n.connect(t)
			synctest.Wait()
		}
		time.Sleep(time.Second + 10*time.Millisecond) // between two attempts
		n.serve(t, "a", answering("a", atOnce))
		open(g, 2, "a")
		for i := range 3 {
			synctest.Wait()
			for id, s := range g.Sessions() {
				require.Equal(t, id > i, s.State == gateway.SessionHeld, "connection %d after %d s", id, i)
			}
			time.Sleep(time.Second + time.Microsecond)
		}
	})
}

func TestHeldClientThatLeavesFreesItsPlace(t *testing.T) {
	g := start(t, gateway.Config{})
	stays, leaves, breaks := dial(t, g), dial(t, g), dial(t, g)
	say(t, stays, "I speak first, as Bolt clients do")
	say(t, leaves, "so there are bytes before the end")
	eventually(t, func() bool { return g.Status().Held == 3 }, "all are held")
	require.NoError(t, leaves.Close())
	require.NoError(t, breaks.SetLinger(0))
	require.NoError(t, breaks.Close())
	eventually(t, func() bool { return g.Status().Held == 1 }, "those who left are gone")
	require.EqualValues(t, 2, g.Status().Counters.Rejected[gateway.RejectDeserted])

	upstream := serve(t, echo)
	open(g, 1, upstream.address())
	hear(t, stays, "I speak first, as Bolt clients do")
}
