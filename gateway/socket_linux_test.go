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

func TestSocketsOfClientsFindAVanishedOneInTime(t *testing.T) {
	a := serve(t, echo)
	accepted := make(chan net.Conn, 1)
	g := start(t, gateway.Config{Listen: keeping(accepted)})
	open(g, 1, a.address())
	talk(t, dial(t, g), "hello", "hello")
	conn := <-accepted
	require.Equal(t, 1, option(t, conn, unix.IPPROTO_TCP, unix.TCP_NODELAY))
	require.Equal(t, 1, option(t, conn, unix.SOL_SOCKET, unix.SO_KEEPALIVE))
	require.Equal(t, 15, option(t, conn, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE))
	require.Equal(t, 5, option(t, conn, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL))
	require.Equal(t, 3, option(t, conn, unix.IPPROTO_TCP, unix.TCP_KEEPCNT))
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

// keepingListener keeps what it accepts for a look at the sockets.
type keepingListener struct {
	*net.TCPListener
	accepted chan net.Conn
}

func keeping(accepted chan net.Conn) func(context.Context, string, string) (net.Listener, error) {
	return func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &keepingListener{l.(*net.TCPListener), accepted}, nil
	}
}

func (l *keepingListener) Accept() (net.Conn, error) {
	conn, err := l.TCPListener.Accept()
	if err == nil {
		l.accepted <- conn
	}
	return conn, err
}

func TestBytesOfAPausedSessionAreLeftInItsSocket(t *testing.T) {
	a := serve(t, func(conn *net.TCPConn) {
		buf := make([]byte, 16)
		for n, err := conn.Read(buf); err == nil; n, err = conn.Read(buf) {
			if text := string(buf[:n]); text != "never mind" {
				_, _ = conn.Write(buf[:n])
			}
		}
	})
	accepted := make(chan net.Conn, 2)
	g := start(t, gateway.Config{PauseLimit: time.Hour, Listen: keeping(accepted)})
	open(g, 1, a.address())
	client := dial(t, g)
	talk(t, client, "hello", "hello")
	busy := dial(t, g)
	say(t, busy, "never mind") // keeps the pause from being applied
	eventually(t, func() bool { return g.Status().Counters.BytesUp == 15 }, "the server has it")
	g.Follow(paused(2, a.address()))
	eventually(t, func() bool { return g.Status().Busy == 1 }, "the other session is quiet")
	say(t, client, "again")
	raw, err := (<-accepted).(*net.TCPConn).SyscallConn()
	require.NoError(t, err)
	unread := func() (n int) {
		require.NoError(t, raw.Control(func(fd uintptr) { n, err = unix.IoctlGetInt(int(fd), unix.SIOCINQ) }))
		require.NoError(t, err)
		return n
	}
	eventually(t, func() bool { return unread() == 5 }, "it has arrived")
	require.Never(t, func() bool { return unread() != 5 }, 20*time.Millisecond, time.Millisecond)
	open(g, 3, a.address())
	hear(t, client, "again")
}
