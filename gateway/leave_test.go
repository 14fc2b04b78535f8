package gateway_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// leaving is an open route to b, while sessions to a come to their end.
func leaving(epoch uint64) gateway.Route {
	return gateway.Route{Epoch: epoch, Flow: gateway.Open, Upstreams: []string{"b"}, Leaving: []string{"a"}}
}

// cut waits until the gateway has ended a client's connection. In memory a reset
// is an end.
func cut(t *testing.T, client net.Conn) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(time.Minute)) // an error where it was cut already
	n, err := client.Read(make([]byte, 1))
	require.Zero(t, n)
	require.ErrorIs(t, err, io.EOF)
}

func TestLeavingUpstreamKeepsASessionUntilItsTransactionEnds(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(leaving(2))
		time.Sleep(time.Second)
		require.EqualValues(t, 1, g.Status().Applied, "the route is not carried out while a transaction goes on")
		talk(t, client, run+pull, success+success)
		talk(t, client, commit, success)
		cut(t, client)
		require.Equal(t, []byte{0x11, 0x10, 0x3F, 0x12}, d.received())
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
	})
}

func TestLeavingUpstreamBeginsNoTransaction(t *testing.T) {
	bubbleWithDatabase(t, 100*time.Millisecond, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin+run+pull, success+success+success)
		send(client, commit)
		g.Follow(leaving(2))
		send(client, begin)
		hear(t, client, success)
		cut(t, client)
		require.Equal(t, []byte{0x11, 0x10, 0x3F, 0x12}, d.received(), "the next BEGIN fails without having been sent, so that its driver may repeat it")
	})
}

func TestIdleSessionsToALeavingUpstreamAreCutAtOnce(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		g.Follow(leaving(2))
		began := time.Now()
		cut(t, client)
		require.LessOrEqual(t, time.Since(began), 2*time.Millisecond)
	})
}

func TestLeavingUpstreamIsNotWaitedForLongerThanTheDrainLimit(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		began := time.Now()
		g.Follow(leaving(2))
		time.Sleep(tracked.DrainLimit / 2)
		g.Follow(leaving(3)) // the same once more does not begin anew
		cut(t, client)
		require.InDelta(t, tracked.DrainLimit, time.Since(began), float64(10*time.Millisecond))
	})
}

func TestRouteMaySayHowLongSessionsMayGoOnAtALeavingUpstream(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		began := time.Now()
		route := leaving(2)
		route.LeaveWithin = 3 * tracked.DrainLimit
		g.Follow(route)
		cut(t, client)
		require.InDelta(t, 3*tracked.DrainLimit, time.Since(began), float64(10*time.Millisecond))
	})
}

func TestLeavingUpstreamThatDiesIsCutAtOnce(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(leaving(2))
		time.Sleep(time.Millisecond)
		began := time.Now()
		open(g, 2, "b") // it is not named any more
		cut(t, client)
		require.Zero(t, time.Since(began))
	})
}

func TestUpstreamThatComesBackGetsNewSessionsWhileOldOnesAreDrained(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(leaving(2))
		open(g, 3, "a")
		talk(t, client, run+pull, success+success)
		talk(t, client, commit, success)
		cut(t, client)
	})
}
