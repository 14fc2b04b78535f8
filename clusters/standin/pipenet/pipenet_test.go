package pipenet_test

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/clusters/standin/pipenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const latency = time.Millisecond

// inPair runs a test in virtual time on both ends of a connection.
func inPair(t *testing.T, test func(t *testing.T, near, far *pipenet.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		near, far := connect(t, n.Dial, listen(t, &n, "a:1"))
		test(t, near, far)
		_ = near.Close()
		_ = far.Close()
	})
}

type dial = func(context.Context, string, string) (net.Conn, error)

func listen(t *testing.T, n interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
}, address string) net.Listener {
	l, err := n.Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func connect(t *testing.T, dial dial, l net.Listener) (near, far *pipenet.Conn) {
	accepted := make(chan net.Conn, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			t.Error(err)
		}
		accepted <- conn
	}()
	conn, err := dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	return conn.(*pipenet.Conn), (<-accepted).(*pipenet.Conn)
}

func say(t *testing.T, conn net.Conn, text string) {
	n, err := conn.Write([]byte(text))
	require.NoError(t, err)
	require.Equal(t, len(text), n)
}

func hear(t *testing.T, conn net.Conn, text string) {
	heard := make([]byte, len(text))
	_, err := io.ReadFull(conn, heard)
	require.NoError(t, err)
	require.Equal(t, text, string(heard))
}

// ends reads once more and returns the error.
func ends(conn net.Conn) error {
	_, err := conn.Read(make([]byte, 1))
	return err
}

func TestBytesTakeTheLatencyAndKeepTheirOrder(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		begun := time.Now()
		say(t, near, "abc")
		say(t, near, "de")
		require.Equal(t, begun, time.Now(), "a write does not wait for its reader")
		hear(t, far, "abcde")
		require.Equal(t, latency, time.Since(begun))
		say(t, far, "back")
		hear(t, near, "back")
	})
}

func TestDirectionIsEndedOnItsOwn(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		say(t, near, "last")
		require.NoError(t, near.CloseWrite())
		hear(t, far, "last")
		require.Equal(t, io.EOF, ends(far))
		_, err := near.Write([]byte("more"))
		require.ErrorIs(t, err, syscall.EPIPE)
		say(t, far, "answer")
		require.NoError(t, far.Close())
		hear(t, near, "answer")
		require.Equal(t, io.EOF, ends(near))
	})
}

func TestCloseOverUnreadBytesIsAReset(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		say(t, near, "nobody reads this")
		say(t, far, "read before the reset")
		require.NoError(t, far.Close())
		hear(t, near, "read before the reset")
		require.ErrorIs(t, ends(near), syscall.ECONNRESET)
		_, err := near.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestWriteToAClosedPeerIsAnsweredWithAReset(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		require.NoError(t, far.Close())
		say(t, near, "taken by the kernel")
		time.Sleep(2 * latency)
		_, err := near.Write([]byte("x"))
		require.ErrorIs(t, err, syscall.ECONNRESET)
		require.ErrorIs(t, ends(near), syscall.ECONNRESET)
	})
}

func TestLingerOfZeroMakesCloseAReset(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		require.NoError(t, near.SetLinger(0))
		require.NoError(t, near.Close())
		require.ErrorIs(t, ends(far), syscall.ECONNRESET)
		require.ErrorIs(t, ends(near), net.ErrClosed)
		require.ErrorIs(t, near.Close(), net.ErrClosed)
	})
}

func TestWriterWaitsForAReaderThatIsLate(t *testing.T) {
	inPair(t, func(t *testing.T, near, far *pipenet.Conn) {
		much := make([]byte, 1<<20)
		require.NoError(t, near.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err := near.Write(much)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Positive(t, n)
		require.NoError(t, near.SetWriteDeadline(time.Time{}))
		go func() { _, _ = near.Write(much[n:]) }()
		_, err = io.ReadFull(far, make([]byte, len(much)))
		require.NoError(t, err)
	})
}

func TestReaderHasItsDeadline(t *testing.T) {
	inPair(t, func(t *testing.T, near, _ *pipenet.Conn) {
		begun := time.Now()
		require.NoError(t, near.SetDeadline(begun.Add(time.Second)))
		err := ends(near)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.Equal(t, time.Second, time.Since(begun))
	})
}

func TestAddressesAreRefusedTakenAndSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n pipenet.Network
		l := listen(t, &n, "a:1")
		_, err := n.Listen(t.Context(), "tcp", "a:1")
		require.ErrorIs(t, err, syscall.EADDRINUSE)
		_ = l.Close()
		_, err = n.Dial(t.Context(), "tcp", "a:1")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		require.ErrorContains(t, err, "a:1")
		n.Silence("a:1", true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.Dial(ctx, "tcp", "a:1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestDeadHostHasNothingOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n pipenet.Network
		host := n.Host("host")
		theirs, ours := connect(t, n.Dial, listen(t, host, "host:1"))
		out, in := connect(t, host.Dial, listen(t, &n, "a:1"))
		host.Kill()
		require.Equal(t, io.EOF, ends(theirs))
		require.ErrorIs(t, ends(ours), net.ErrClosed)
		require.Equal(t, io.EOF, ends(in))
		require.ErrorIs(t, ends(out), net.ErrClosed)
		_, err := n.Dial(t.Context(), "tcp", "host:1")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		_, err = host.Listen(t.Context(), "tcp", "host:1")
		require.ErrorIs(t, err, net.ErrClosed)
		_ = theirs.Close()
		_ = in.Close()
	})
}

func TestWhatIsSentThroughACutArrivesAfterItAsTCPSendsItAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		near, far := connect(t, n.DialAs("b"), listen(t, &n, "a:1"))
		n.Cut("b", "a")
		begun := time.Now()
		say(t, near, "one")
		say(t, far, "back")
		hear(t, near, "back")
		require.Equal(t, latency, time.Since(begun), "the other way is open")
		time.Sleep(time.Second)
		say(t, near, "two")
		n.Heal("c", "a")
		require.NoError(t, far.SetReadDeadline(time.Now().Add(time.Second)))
		require.ErrorIs(t, ends(far), os.ErrDeadlineExceeded, "another link was healed")
		n.Heal("b", "a")
		require.NoError(t, far.SetReadDeadline(time.Time{}))
		hear(t, far, "onetwo")
		require.Equal(t, 3*time.Second+latency, time.Since(begun), "after 0.2 + 0.4 + 0.8 + 1.6 s")
		_ = near.Close()
		_ = far.Close()
	})
}

func TestDialThroughACutHangsUntilASynGetsThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		l := listen(t, &n, "a:1")
		n.Cut("a", "b")
		begun := time.Now()
		time.AfterFunc(1500*time.Millisecond, func() { n.Heal("a", "b") })
		near, far := connect(t, n.DialAs("b"), l)
		require.Equal(t, 3*time.Second+2*latency, time.Since(begun), "after 1 + 2 s")
		n.Cut("b", "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := n.DialAs("b")(ctx, "tcp", "a:1")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_ = near.Close()
		_ = far.Close()
	})
}

func TestEndsOfConnectionsThatAreCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		l := listen(t, &n, "a:1")
		orderly, abrupt := [2]*pipenet.Conn{}, [2]*pipenet.Conn{}
		orderly[0], orderly[1] = connect(t, n.DialAs("b"), l)
		abrupt[0], abrupt[1] = connect(t, n.DialAs("b"), l)
		n.Cut("b", "a")
		_ = orderly[0].Close()
		require.NoError(t, abrupt[0].SetLinger(0))
		_ = abrupt[0].Close()
		time.Sleep(100 * time.Millisecond)
		n.Heal("b", "a")
		require.Equal(t, io.EOF, ends(orderly[1]))
		require.NoError(t, abrupt[1].SetReadDeadline(time.Now().Add(time.Minute)))
		require.ErrorIs(t, ends(abrupt[1]), os.ErrDeadlineExceeded, "a reset is sent once")
		n.Cut("a", "b")
		say(t, abrupt[1], "x")
		time.Sleep(100 * time.Millisecond)
		n.Heal("a", "b")
		require.NoError(t, abrupt[1].SetReadDeadline(time.Now().Add(time.Minute)))
		require.ErrorIs(t, ends(abrupt[1]), syscall.ECONNRESET, "it is sent again, and nobody is there")
		_ = orderly[1].Close()
		_ = abrupt[1].Close()
	})
}

func TestBytesOnTheirWayThroughACutToAProcessThatDiesMeetAReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		near, far := connect(t, n.DialAs("b"), listen(t, &n, "a:1"))
		say(t, near, "read by nobody")
		time.Sleep(latency)
		n.Cut("b", "a")
		n.Cut("a", "b")
		say(t, near, "x")
		_ = far.Close()
		n.Heal("a", "b")
		n.Heal("b", "a")
		require.ErrorIs(t, ends(near), syscall.ECONNRESET)
		_ = near.Close()
	})
}

func TestSlowDirectionKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := pipenet.Network{Latency: latency}
		near, far := connect(t, n.DialAs("b"), listen(t, &n, "a:1"))
		n.Slow("b", "a", time.Second)
		require.Equal(t, time.Second, n.Delay("b", "a"))
		begun := time.Now()
		say(t, near, "late")
		n.Slow("b", "a", 0)
		say(t, near, " and later")
		say(t, far, "back")
		hear(t, near, "back")
		require.Equal(t, latency, time.Since(begun), "the other way is as fast as ever")
		hear(t, far, "late and later")
		require.Equal(t, time.Second+latency, time.Since(begun))
		n.Slow("a", "b", time.Second)
		begun = time.Now()
		other, end := connect(t, n.DialAs("b"), listen(t, &n, "a:2"))
		require.Equal(t, time.Second+2*latency, time.Since(begun), "a dial goes there and back")
		for _, c := range []*pipenet.Conn{near, far, other, end} {
			_ = c.Close()
		}
	})
}
