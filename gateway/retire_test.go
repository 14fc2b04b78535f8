package gateway_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// retire retires a gateway within a time, beside the test, and tells when it has.
func retire(t *testing.T, g *gateway.Gateway, within time.Duration) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	retired := make(chan struct{})
	go func() {
		defer close(retired)
		defer cancel()
		g.Retire(ctx)
	}()
	synctest.Wait()
	return retired
}

func TestRetiringGatewayLetsTransactionsFinish(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		retired := retire(t, g, 10*time.Second)
		time.Sleep(5 * time.Second)
		talk(t, client, run+pull, success+success)
		talk(t, client, commit, success)
		cut(t, client)
		<-retired
		require.Equal(t, []byte{0x11, 0x10, 0x3F, 0x12}, d.received())
	})
}

func TestRetiringGatewayEndsIdleSessionsAtOnce(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		began := time.Now()
		<-retire(t, g, time.Minute)
		cut(t, client)
		require.Less(t, time.Since(began), 100*time.Millisecond)
	})
}

func TestRetiringGatewayWaitsForNoTransactionLongerThanItsLimit(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		began := time.Now()
		<-retire(t, g, 3*time.Second)
		cut(t, client)
		require.InDelta(t, 3*time.Second, time.Since(began), float64(100*time.Millisecond))
	})
}

func TestRetiringGatewayTakesNoNewConnection(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		d := newDatabase(0)
		n.serve(t, "a", d.serve)
		waiting := n.connect(t) // there is no route yet
		synctest.Wait()
		<-retire(t, g, time.Second)
		cut(t, waiting)
		open(g, 1, "a")
		cut(t, n.connect(t))
		require.EqualValues(t, 2, g.Status().Counters.Rejected[gateway.RejectShutdown])
	})
}

// A fence counts on every gateway, on one that is about to end too.
func TestRetiringGatewayStillFollowsRoutes(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, _ *database, client net.Conn) {
		talk(t, client, begin, success)
		retired := retire(t, g, time.Minute)
		g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Closed})
		cut(t, client)
		<-retired
		require.Eventually(t, func() bool { return g.Status().Applied == 2 }, time.Second, time.Millisecond)
	})
}
