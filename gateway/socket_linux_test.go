package gateway_test

import (
	"context"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"memgraph-controller/gateway"
)

// option reads an option of a socket.
func option(t *testing.T, conn net.Conn, level, name int) (value int) {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { value, err = unix.GetsockoptInt(int(fd), level, name) }))
	require.NoError(t, err)
	return value
}

func TestSocketsToUpstreamsGiveUpAVanishedPeerInTime(t *testing.T) {
	a := serve(t, echo)
	dialed := make(chan net.Conn, 1)
	g := start(t, gateway.Config{
		UserTimeout: 7 * time.Second,
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			dialed <- conn
			return conn, err
		},
	})
	open(g, 1, a.address())
	talk(t, dial(t, g), "hello", "hello")
	conn := <-dialed
	require.Equal(t, 7000, option(t, conn, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT))
	require.Equal(t, 1, option(t, conn, unix.IPPROTO_TCP, unix.TCP_NODELAY))
	require.Equal(t, 1, option(t, conn, unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	require.Equal(t, 15, option(t, conn, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE))
}

// TestDrainWaitsUntilTheClientsKernelHasTheAnswer: a reset destroys what is
// still on its way, so a session is not quiet as long as something is.
func TestDrainWaitsUntilTheClientsKernelHasTheAnswer(t *testing.T) {
	answer := strings.Repeat("x", 256<<10) // fits the gateway's send buffer, not the client's window
	a := serve(t, named(answer))
	g := start(t, gateway.Config{Track: func() gateway.Tracker { return &following{} }, PauseLimit: time.Hour})
	open(g, 1, a.address())
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096) })
	}}
	client, err := dialer.Dial("tcp", g.Status().Address)
	require.NoError(t, err)
	defer client.Close()
	say(t, client, "hello")
	eventually(t, func() bool { return g.Status().Counters.BytesDown == uint64(len(answer)) }, "the gateway has written it")

	route := paused(2, a.address())
	route.Drain = true
	g.Follow(route)
	eventually(t, func() bool { return g.Status().Busy == 1 }, "the pause waits")
	hear(t, client, answer)
	applied(t, g)
}
