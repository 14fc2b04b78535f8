package gateway_test

import (
	"testing"

	"memgraph-controller/gateway"
	"github.com/stretchr/testify/require"
)

func clients() bool { return false }

func TestSmoke(t *testing.T) {
	a, b := serve(t, named("a")), serve(t, named("b"))
	g := start(t, gateway.Config{})
	c := dial(t, g)
	say(t, c, "x")
	open(g, 1, a.address())
	hear(t, c, "a")
	talk(t, c, "x", "a")
	g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Paused, Upstreams: []string{a.address()}})
	applied(t, g)
	say(t, c, "x")
	c2 := dial(t, g)
	say(t, c2, "x")
	open(g, 3, b.address())
	applied(t, g)
	hear(t, c2, "b")
	_, err := c.Read(make([]byte, 10))
	require.Error(t, err)
	require.NotZero(t, b.accepted())
}
