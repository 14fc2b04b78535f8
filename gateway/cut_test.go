package gateway_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// requireReset expects that the peer has reset the connection.
func requireReset(t testing.TB, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	_, err := io.Copy(io.Discard, conn)
	require.ErrorIs(t, err, syscall.ECONNRESET)
}

func TestSessionsOfAnUpstreamThatLeftAreResetOnBothLegsAndNoOthers(t *testing.T) {
	seen := make(chan error, 1)
	a := serve(t, func(conn *net.TCPConn) {
		_, err := io.Copy(conn, conn)
		seen <- err
	})
	b := serve(t, named("b"))
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	first := dial(t, g)
	talk(t, first, "hello", "hello")
	open(g, 1, a.address(), b.address())
	second := dial(t, g)
	talk(t, second, "hello", "b")

	open(g, 2, b.address())
	requireReset(t, first)
	require.ErrorIs(t, <-seen, syscall.ECONNRESET)
	applied(t, g)
	talk(t, second, "hello", "b")
	status := g.Status()
	require.Equal(t, map[gateway.Cut]uint64{gateway.CutRoute: 1}, status.Counters.Cut)
	require.Equal(t, []gateway.UpstreamStatus{{Address: b.address(), Sessions: 1}}, status.Upstreams)
}

func TestClosedRouteResetsEverySessionAndHoldsNewOnes(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	client := dial(t, g)
	talk(t, client, "hello", "hello")
	g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Closed, Upstreams: []string{a.address()}})
	requireReset(t, client)
	applied(t, g)
	require.Zero(t, g.Status().Sessions)
	held := dial(t, g)
	say(t, held, "hello")
	eventually(t, func() bool { return g.Status().Held == 1 }, "it is held")
	open(g, 3, a.address())
	hear(t, held, "hello")
}

func TestPausedSessionIsResetWhenItsUpstreamLeaves(t *testing.T) {
	a, b := serve(t, echo), serve(t, named("b"))
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	client := dial(t, g)
	talk(t, client, "hello", "hello")
	g.Follow(paused(2, a.address()))
	applied(t, g)
	say(t, client, "this waits")
	held := dial(t, g)
	say(t, held, "hello")
	open(g, 3, b.address())
	requireReset(t, client)
	hear(t, held, "b")
}

func TestSessionThatIsBlockedInAWriteIsReset(t *testing.T) {
	a := serve(t, func(conn *net.TCPConn) { // floods the client
		for {
			if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	b := serve(t, silent) // never reads
	for name, upstream := range map[string]string{"to the client": a.address(), "to the server": b.address()} {
		t.Run(name, func(t *testing.T) {
			g := start(t, gateway.Config{})
			open(g, 1, upstream)
			client := dial(t, g)
			go func() { // floods the server until it is reset
				for {
					if _, err := client.Write(make([]byte, 1<<16)); err != nil {
						return
					}
				}
			}()
			stuck := func() uint64 { c := g.Status().Counters; return c.BytesUp + c.BytesDown }
			eventually(t, func() bool {
				before := stuck()
				time.Sleep(50 * time.Millisecond)
				return before > 0 && before == stuck()
			}, "nothing moves")
			g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Closed})
			applied(t, g)
			require.Zero(t, g.Status().Sessions)
		})
	}
}

func TestHalfCloseGoesThroughAndTheOtherDirectionGoesOn(t *testing.T) {
	a := serve(t, func(conn *net.TCPConn) {
		all, _ := io.ReadAll(conn) // ends only with the client's half-close
		_, _ = conn.Write(append(all, " and goodbye"...))
		_ = conn.Close()
	})
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	client := dial(t, g)
	say(t, client, "hello")
	require.NoError(t, client.CloseWrite())
	answer, err := io.ReadAll(client)
	require.NoError(t, err)
	require.Equal(t, "hello and goodbye", string(answer))
	eventually(t, func() bool { return g.Status().Sessions == 0 }, "the session has ended")
	require.Empty(t, g.Status().Counters.Cut)
}

func TestServerMayEndFirstAndTheClientStillBeHeard(t *testing.T) {
	heard := make(chan string, 1)
	a := serve(t, func(conn *net.TCPConn) {
		_ = conn.CloseWrite()
		all, _ := io.ReadAll(conn)
		heard <- string(all)
		_ = conn.Close()
	})
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	client := dial(t, g)
	all, err := io.ReadAll(client)
	require.NoError(t, err)
	require.Empty(t, all)
	say(t, client, "still here")
	require.NoError(t, client.Close())
	require.Equal(t, "still here", <-heard)
}

func TestHalfClosedSessionEndsInTime(t *testing.T) {
	a := serve(t, silent)
	g := start(t, gateway.Config{HalfCloseTimeout: 20 * time.Millisecond})
	open(g, 1, a.address())
	client := dial(t, g)
	require.NoError(t, client.CloseWrite())
	requireReset(t, client)
	require.EqualValues(t, 1, g.Status().Counters.Cut[gateway.CutHalfClosed])
}

func TestResetIsPassedOn(t *testing.T) {
	seen := make(chan error, 1)
	var resets atomic.Bool
	a := serve(t, func(conn *net.TCPConn) {
		_, _ = io.ReadFull(conn, make([]byte, 5))
		if resets.Load() {
			_ = conn.SetLinger(0)
			_ = conn.Close()
			return
		}
		_, err := conn.Read(make([]byte, 1))
		seen <- err
	})
	g := start(t, gateway.Config{})
	open(g, 1, a.address())
	client := dial(t, g)
	say(t, client, "hello")
	eventually(t, func() bool { return g.Status().Counters.BytesUp == 5 }, "the server has it")
	require.NoError(t, client.SetLinger(0))
	require.NoError(t, client.Close())
	require.ErrorIs(t, <-seen, syscall.ECONNRESET)

	resets.Store(true)
	client = dial(t, g)
	say(t, client, "hello")
	requireReset(t, client)
}

// brokenConn is a connection to a server that takes no bytes any more, and has
// said something before.
type brokenConn struct {
	net.Conn
	tried chan struct{} // closed by the first write
	said  bool
}

func (c *brokenConn) Write([]byte) (int, error) {
	close(c.tried)
	return 0, syscall.EPIPE
}

func (c *brokenConn) Read(p []byte) (int, error) {
	<-c.tried
	if c.said {
		return 0, io.EOF
	}
	time.Sleep(time.Second) // the other pump is through with it
	c.said = true
	return copy(p, "go away"), nil
}

func TestLastWordsOfAServerThatBrokeOffAreDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var outcomes []gateway.Outcome
		g := gateway.New(gateway.Config{
			Address: "gateway", Listen: n.listen,
			Dial: func(context.Context, string, string) (net.Conn, error) {
				near, _ := net.Pipe()
				return &brokenConn{Conn: near, tried: make(chan struct{})}, nil
			},
			OnSighting: func(s gateway.Sighting) { outcomes = append(outcomes, s.Outcome) },
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait()
		open(g, 1, "a")
		client := n.connect(t)
		talk(t, client, "hello", "go away")
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		synctest.Wait()
		require.EqualValues(t, 1, g.Status().Counters.Cut[gateway.CutUpstream])
		require.Equal(t, []gateway.Outcome{gateway.Connected, gateway.Reset}, outcomes)
		cancel()
		require.NoError(t, <-ended)
	})
}

// TestBulkArrivesUnchanged sends enough for splice in both its phases, with a
// trickle in between that ends it.
func TestBulkArrivesUnchanged(t *testing.T) {
	for name, track := range map[string]func() gateway.Tracker{"spliced": nil, "tracked": func() gateway.Tracker { return &following{} }} {
		t.Run(name, func(t *testing.T) {
			sums := make(chan []byte, 1)
			const size = 24 << 20
			a := serve(t, func(conn *net.TCPConn) {
				sum := sha256.New()
				_, _ = conn.Read(make([]byte, 1))
				for range 3 {
					_, _ = io.CopyN(io.MultiWriter(conn, sum), rand.Reader, size/3)
					for range 100 {
						_, _ = io.CopyN(io.MultiWriter(conn, sum), rand.Reader, 7)
					}
				}
				sums <- sum.Sum(nil)
				_ = conn.Close()
			})
			g := start(t, gateway.Config{Track: track})
			open(g, 1, a.address())
			client := dial(t, g)
			say(t, client, "x")
			got := sha256.New()
			n, err := io.Copy(got, client)
			require.NoError(t, err)
			require.EqualValues(t, size+2100, n)
			require.Equal(t, <-sums, got.Sum(nil))
			require.EqualValues(t, n, g.Status().Counters.BytesDown)
		})
	}
}

// following is a tracker that understands everything, and never stops anything.
type following struct{}

func (*following) Client(p []byte, _ gateway.Stop) int { return len(p) }
func (*following) Server([]byte)                       {}
func (*following) State() gateway.State                { return gateway.State{} }
