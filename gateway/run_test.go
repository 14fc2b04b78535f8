package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

func TestRunSaysWhatToDoWhenItCannotListen(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	for address, says := range map[string]string{
		taken.Addr().String(): "gateway rw: address " + taken.Addr().String() + " is taken: stop what listens there or choose another address",
		"127.0.0.1:notaport":  `gateway rw: cannot listen on "127.0.0.1:notaport": check that it is host:port`,
		"203.0.113.1:7687":    `gateway rw: cannot listen on "203.0.113.1:7687": check that it is host:port with an address of this machine`,
		"":                    `gateway rw: no address to listen on: set it to host:port`,
	} {
		require.ErrorContains(t, gateway.New(gateway.Config{Name: "rw", Address: address}).Run(t.Context()), says)
	}
}

func TestGatewayThatCannotListenLeavesTheOtherAlone(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		other := gateway.New(gateway.Config{Address: "gateway", Listen: n.listen, Dial: n.dial})
		require.ErrorIs(t, other.Run(t.Context()), syscall.EADDRINUSE)
		talk(t, n.connect(t), "hello", "a")
	})
}

func TestRouteIsAppliedWhileTheGatewayDoesNotRun(t *testing.T) {
	g := gateway.New(gateway.Config{Address: "127.0.0.1:0"})
	open(g, 3, "127.0.0.1:1")
	require.EqualValues(t, 3, g.Status().Applied, "nobody can be heard through it")
}

func TestGatewayCanBeRunAgainAndKeepsItsRoute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		g := gateway.New(gateway.Config{Address: "gateway", Listen: n.listen, Dial: n.dial, HoldTimeout: keepHold})
		stop := n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		for round := range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- g.Run(ctx) }()
			synctest.Wait()
			require.True(t, g.Status().Running)
			client, idle := n.connect(t), n.connect(t)
			talk(t, client, "hello", "a")
			cancel()
			require.NoError(t, <-ended)
			require.False(t, g.Status().Running)
			for _, conn := range []net.Conn{client, idle} {
				_, err := conn.Read(make([]byte, 1))
				require.Error(t, err, "round %d", round)
			}
		}
		stop()
	})
}

func TestRunTwiceAtTheSameTimeIsRefused(t *testing.T) {
	g := start(t, gateway.Config{})
	require.ErrorContains(t, g.Run(t.Context()), "runs already")
	require.True(t, g.Status().Running)
}

func TestStoppedGatewayResetsHeldAndConnectingClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.silence("mute", true)
		g := gateway.New(gateway.Config{Address: "gateway", Listen: n.listen, Dial: n.dial, DialTimeout: time.Hour, HoldTimeout: 2 * time.Hour})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait()
		held := n.connect(t)
		open(g, 1, "mute")
		dialing := n.connect(t)
		synctest.Wait()
		cancel()
		require.NoError(t, <-ended)
		for _, conn := range []net.Conn{held, dialing} {
			_, err := conn.Read(make([]byte, 1))
			require.Error(t, err)
		}
		require.Empty(t, g.Sessions())
	})
}

// failingListener fails as a process without file descriptors does.
type failingListener struct {
	net.Listener
	failures atomic.Int64
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, os.NewSyscallError("accept4", syscall.EMFILE)
	}
	return l.Listener.Accept()
}

func TestAcceptErrorsAreWaitedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve(t, "a", answering("a", atOnce))
		failing := &failingListener{}
		failing.failures.Store(10)
		g := gateway.New(gateway.Config{Address: "gateway", Dial: n.dial, Listen: func(ctx context.Context, network, address string) (net.Listener, error) {
			l, err := n.listen(ctx, network, address)
			failing.Listener = l
			return failing, err
		}})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		open(g, 1, "a")
		synctest.Wait()
		began := time.Now()
		talk(t, n.connect(t), "hello", "a")
		// 5, 10, 20 ... 640 ms, then 1 s twice
		require.Equal(t, 3275*time.Millisecond, time.Since(began))
		cancel()
		require.NoError(t, <-ended)
	})
}

func TestRunEndsWithAnErrorWhenItsListenerIsLost(t *testing.T) {
	var listener net.Listener
	g := gateway.New(gateway.Config{Name: "ro", Address: "127.0.0.1:0", Listen: func(ctx context.Context, network, address string) (l net.Listener, err error) {
		l, err = new(net.ListenConfig).Listen(ctx, network, address)
		listener = l
		return l, err
	}})
	ended := make(chan error, 1)
	go func() { ended <- g.Run(t.Context()) }()
	eventually(t, func() bool { return g.Status().Running }, "it runs")
	require.NoError(t, listener.Close())
	err := <-ended
	require.ErrorContains(t, err, "gateway ro: the listening socket was closed")
	require.True(t, errors.Is(err, net.ErrClosed))
}

// openFiles counts the file descriptors of this process.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(files)
}

func TestNoFileDescriptorIsLeft(t *testing.T) {
	before := openFiles(t)
	t.Run("a gateway that does everything", func(t *testing.T) {
		a := serve(t, func(conn *net.TCPConn) {
			_, _ = conn.Read(make([]byte, 1))
			_, _ = conn.Write(make([]byte, 8<<20)) // bulk: takes a pipe
			echo(conn)
		})
		g := start(t, gateway.Config{})
		held := dial(t, g)
		say(t, held, "x")
		open(g, 1, a.address())
		for range 3 {
			conn := dial(t, g)
			say(t, conn, "x")
			hear(t, conn, string(make([]byte, 8<<20)))
		}
		g.Follow(gateway.Route{Epoch: 2})
		applied(t, g)
		dial(t, g)
	})
	eventually(t, func() bool { return openFiles(t) <= before }, "all are closed")
}

func TestStatusIsReadableJSON(t *testing.T) {
	bubble(t, gateway.Config{Name: "ro"}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("abc", atOnce))
		open(g, 1, "a")
		talk(t, n.connect(t), "hello", "abc")
		synctest.Wait()
		status := g.Status()
		status.OpenedAt, status.FirstAnswerAt = time.Time{}, time.Time{}
		text, err := json.Marshal(status)
		require.NoError(t, err)
		require.JSONEq(t, `{"name":"ro","address":"gateway","running":true,"epoch":1,"applied":1,"flow":"open","silenced":false,
			"upstreams":[{"address":"a","sessions":1}],"sessions":1,"held":0,"busy":0,"last_pause_seconds":0,
			"counters":{"accepted":1,"rejected":{},"cut":{},"dialed":1,"dial_failures":0,"held":0,"released":0,"held_seconds":0,"bytes_up":5,"bytes_down":3}}`, string(text))
		sessions := g.Sessions()
		require.Len(t, sessions, 1)
		require.Equal(t, "a", sessions[0].Upstream)
		require.Equal(t, gateway.SessionActive, sessions[0].State)
		require.EqualValues(t, 5, sessions[0].BytesUp)
		require.EqualValues(t, 3, sessions[0].BytesDown)
	})
}
