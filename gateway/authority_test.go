package gateway_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// changed tells whether a channel is closed.
func changed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestAuthorityHoldsAsLongAsTheRouteIsTheSame(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, _ *network, g *gateway.Gateway) {
		none := g.Authority()
		require.Empty(t, none.Address)
		require.False(t, none.Holds())
		require.False(t, gateway.Authority{}.Holds())

		open(g, 1, "a")
		require.True(t, changed(none.Changed))
		require.False(t, none.Holds())
		first := g.Authority()
		require.Equal(t, "a", first.Address)
		require.True(t, first.Holds())
		require.False(t, changed(first.Changed))
		for epoch, flow := range map[uint64]gateway.Flow{2: gateway.Paused, 3: gateway.Closed} {
			g.Follow(gateway.Route{Epoch: epoch, Flow: flow, Upstreams: []string{"a"}})
			require.Empty(t, g.Authority().Address, flow)
		}
		open(g, 4, "a")
		require.Equal(t, "a", g.Authority().Address)
		require.True(t, changed(first.Changed))
		require.False(t, first.Holds(), "it was not so all the time")
	})
}

func TestAuthorityNeedsAConfirmedRoute(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, _ *network, g *gateway.Gateway) {
		open(g, 1, "a")
		require.Empty(t, g.Authority().Address)
		g.Confirm(time.Now())
		held := g.Authority()
		require.Equal(t, "a", held.Address)
		time.Sleep(1500 * time.Millisecond)
		require.True(t, held.Holds())
		time.Sleep(time.Nanosecond)
		require.False(t, held.Holds())
		require.Empty(t, g.Authority().Address)
		g.Confirm(time.Now())
		require.True(t, held.Holds(), "who confirms now knows of no other route in between")
	})
}
