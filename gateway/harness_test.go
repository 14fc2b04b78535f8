package gateway_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/gateway"
)

func TestMain(m *testing.M) {
	if role := roles[os.Getenv(roleVariable)]; role != nil {
		role(bufio.NewScanner(os.Stdin))
		return
	}
	goleak.VerifyTestMain(m)
}

// eventually waits for a condition on real sockets.
func eventually(t testing.TB, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, time.Millisecond, what)
}

// start runs a gateway until the test ends, and waits until it listens.
func start(t testing.TB, cfg gateway.Config) *gateway.Gateway {
	t.Helper()
	if cfg.Address == "" {
		cfg.Address = "127.0.0.1:0"
	}
	if _, test := t.(*testing.T); test && testing.Verbose() {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	g := gateway.New(cfg)
	running(t, g)
	return g
}

// running runs a gateway until the test ends, and waits until it listens.
func running(t testing.TB, g *gateway.Gateway) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	eventually(t, func() bool { return g.Status().Running }, "the gateway listens")
}

// open makes g follow a route that is open to the upstreams.
func open(g *gateway.Gateway, epoch uint64, upstreams ...string) {
	g.Follow(gateway.Route{Epoch: epoch, Flow: gateway.Open, Upstreams: upstreams})
}

// applied waits until g has carried out its route.
func applied(t testing.TB, g *gateway.Gateway) {
	t.Helper()
	eventually(t, func() bool { s := g.Status(); return s.Applied == s.Epoch }, "the route is applied")
}

// server is an upstream on a real socket.
type server struct {
	net.Listener
	mu    sync.Mutex
	conns []net.Conn
}

// serve runs handle for every connection. It closes them all at the end of the
// test, whether handle returned or not.
func serve(t testing.TB, handle func(conn *net.TCPConn)) *server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{Listener: listener}
	var tasks sync.WaitGroup
	tasks.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns = append(s.conns, conn)
			s.mu.Unlock()
			tasks.Go(func() { handle(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		tasks.Wait()
	})
	return s
}

func (s *server) address() string { return s.Addr().String() }

// echo sends back what it gets. It does not let io.Copy splice: the pipes that
// the net package keeps for that would count among the gateway's open files.
func echo(conn *net.TCPConn) {
	_, _ = io.CopyBuffer(struct{ io.Writer }{conn}, struct{ io.Reader }{conn}, make([]byte, 512))
	_ = conn.Close()
}

// named answers every message with a name, so that a client knows where it is.
func named(name string) func(*net.TCPConn) {
	return func(conn *net.TCPConn) {
		buf := make([]byte, 1024)
		for {
			if _, err := conn.Read(buf); err != nil {
				_ = conn.Close()
				return
			}
			_, _ = conn.Write([]byte(name))
		}
	}
}

// silent reads nothing and says nothing.
func silent(*net.TCPConn) {}

// dial connects to a gateway.
func dial(t testing.TB, g *gateway.Gateway) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", g.Status().Address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

// say sends a message.
func say(t testing.TB, conn net.Conn, message string) {
	t.Helper()
	_, err := conn.Write([]byte(message))
	require.NoError(t, err)
}

// hear reads exactly the message.
func hear(t testing.TB, conn net.Conn, message string) {
	t.Helper()
	buf := make([]byte, len(message))
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := io.ReadFull(conn, buf)
	require.NoError(t, err)
	require.Equal(t, message, string(buf))
}

// talk sends a message and expects the answer.
func talk(t testing.TB, conn net.Conn, message, answer string) {
	t.Helper()
	say(t, conn, message)
	hear(t, conn, answer)
}
