package gateway_test

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// inUse is what the Go heap and the stacks hold, without garbage.
func inUse() uint64 {
	runtime.GC()
	runtime.GC() // the first one finds what pools still keep
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// needFiles skips a test where a process may not have so many files open.
func needFiles(t testing.TB, n uint64) {
	t.Helper()
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit))
	if limit.Cur < n {
		t.Skipf("needs %d file descriptors, may have %d: see ulimit -n", n, limit.Cur)
	}
}

const crowdSize = 5000

func TestFiveThousandIdleSessionsCostLittleAndHinderNobody(t *testing.T) {
	needFiles(t, 2*crowdSize+500)
	g := start(t, gateway.Config{Track: boltframe.Track})
	others := spawn(t, "crowd")
	open(g, 1, others.hear(t))
	talk(t, dial(t, g), "hello", "hello")

	memory, goroutines := inUse(), runtime.NumGoroutine()
	others.say(t, crowdSize, g.Status().Address)
	require.Equal(t, "connected", others.hear(t))
	require.Equal(t, "answered", others.hear(t))
	eventually(t, func() bool { return g.Status().Sessions == crowdSize+1 }, "all have a session")
	require.Less(t, (inUse()-memory)/crowdSize, uint64(12<<10)*raceFactor, "bytes per idle session")
	require.LessOrEqual(t, runtime.NumGoroutine()-goroutines, 2*crowdSize)

	talk(t, dial(t, g), "hello", "hello")
	route := paused(2, g.Status().Upstreams[0].Address)
	g.Follow(route)
	applied(t, g)
	require.Zero(t, g.Status().Busy)
	g.Follow(gateway.Route{Epoch: 3})
	applied(t, g)
	require.Zero(t, g.Status().Sessions)
}

func TestFiveThousandHeldConnectionsHaveNoGoroutineAndAllAreServed(t *testing.T) {
	needFiles(t, 2*crowdSize+500)
	g := start(t, gateway.Config{ReleaseRate: 20_000, MaxHeld: crowdSize})
	others := spawn(t, "crowd")
	upstream := others.hear(t)
	goroutines := runtime.NumGoroutine()
	others.say(t, crowdSize, g.Status().Address)
	require.Equal(t, "connected", others.hear(t))
	eventually(t, func() bool { return g.Status().Held == crowdSize }, "all are held")
	require.LessOrEqual(t, runtime.NumGoroutine(), goroutines+10)
	open(g, 1, upstream)
	require.Equal(t, "answered", others.hear(t))
	require.EqualValues(t, crowdSize, g.Status().Counters.Released)
	require.Empty(t, g.Status().Counters.Rejected)
}

func TestConnectionAboveMaxSessionsIsReset(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{MaxSessions: 2})
	open(g, 1, a.address())
	first, second := dial(t, g), dial(t, g)
	talk(t, first, "hello", "hello")
	talk(t, second, "hello", "hello")
	third, err := net.Dial("tcp", g.Status().Address)
	if err == nil {
		defer third.Close()
		requireReset(t, third)
	} else { // the reset may be faster than net.Dial
		require.ErrorIs(t, err, syscall.ECONNRESET)
	}
	require.EqualValues(t, 1, g.Status().Counters.Rejected[gateway.RejectSessions])
	talk(t, first, "hello", "hello")
	require.NoError(t, second.Close())
	eventually(t, func() bool { return g.Status().Sessions == 1 }, "there is room again")
	talk(t, dial(t, g), "hello", "hello")
}

func TestClientThatNeverSpeaksIsReset(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{FirstByteTimeout: 30 * time.Millisecond})
	open(g, 1, a.address())
	speaks, silent := dial(t, g), dial(t, g)
	talk(t, speaks, "hello", "hello")
	requireReset(t, silent)
	require.EqualValues(t, 1, g.Status().Counters.Cut[gateway.CutSilent])
	talk(t, speaks, "may be idle from now on", "may be idle from now on")
}

func TestSlowLorisHindersNobody(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{Track: boltframe.Track, PauseLimit: time.Hour})
	open(g, 1, a.address())
	lorises := make([]net.Conn, 200)
	for i := range lorises {
		lorises[i] = dial(t, g)
	}
	for _, b := range []byte("\x60\x60\xB0\x17\x00") {
		for _, conn := range lorises {
			say(t, conn, string([]byte{b}))
		}
		talk(t, dial(t, g), "hello", "hello")
	}
	eventually(t, func() bool { return g.Status().Counters.BytesUp == 200*5+5*5 }, "all bytes are through")
	g.Follow(paused(2, a.address()))
	applied(t, g)
	require.Zero(t, g.Status().Busy)
}

func TestRandomBytesGoThroughUnchanged(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{Track: boltframe.Track})
	open(g, 1, a.address())
	var tasks sync.WaitGroup
	for i := range 50 {
		conn := dial(t, g)
		tasks.Go(func() {
			sent := make([]byte, 1+i*1000)
			_, _ = rand.Read(sent)
			if i%2 == 0 {
				copy(sent, handshake) // looks like Bolt at first
			}
			go func() { _, _ = conn.Write(sent) }()
			got := make([]byte, len(sent))
			_, err := io.ReadFull(conn, got)
			if err != nil || !bytes.Equal(sent, got) {
				t.Errorf("session %d: %v", i, err)
			}
		})
	}
	tasks.Wait()
}

func TestClientsThatNeverReadCostABufferEachAndHinderNobody(t *testing.T) {
	zeros := make([]byte, 1<<16)
	flood := serve(t, func(conn *net.TCPConn) {
		_, _ = conn.Read(make([]byte, 1))
		for {
			if _, err := conn.Write(zeros); err != nil {
				return
			}
		}
	})
	for name, track := range map[string]func() gateway.Tracker{"spliced": nil, "tracked": boltframe.Track} {
		t.Run(name, func(t *testing.T) {
			g := start(t, gateway.Config{Track: track})
			open(g, 1, flood.address())
			before := inUse()
			const sessions = 50
			for range sessions {
				say(t, dial(t, g), handshake)
			}
			eventually(t, func() bool {
				before := g.Status().Counters.BytesDown
				time.Sleep(50 * time.Millisecond)
				return before > sessions<<16 && before == g.Status().Counters.BytesDown
			}, "nothing moves any more")
			require.Less(t, inUse(), before+sessions*(64<<10))

			a := serve(t, echo)
			open(g, 1, flood.address(), a.address())
			talk(t, dial(t, g), "hello", "hello")
			g.Follow(gateway.Route{Epoch: 2})
			applied(t, g)
		})
	}
}

func TestUpstreamThatSaysNothingHindersNobody(t *testing.T) {
	mute, a := serve(t, silent), serve(t, echo)
	g := start(t, gateway.Config{PauseLimit: 20 * time.Millisecond})
	open(g, 1, mute.address())
	var waiting []net.Conn
	for range 50 {
		conn := dial(t, g)
		say(t, conn, "hello")
		waiting = append(waiting, conn)
	}
	eventually(t, func() bool { return g.Status().Counters.BytesUp == 250 }, "all are asked")
	open(g, 1, mute.address(), a.address())
	answered := dial(t, g)
	talk(t, answered, "hello", "hello")
	route := paused(2, mute.address(), a.address())
	route.CutBusy = true
	g.Follow(route)
	applied(t, g)
	for _, conn := range waiting {
		requireReset(t, conn)
	}
	open(g, 3, a.address())
	talk(t, answered, "hello", "hello")
}

// TestIdleSessionsKeepNoBuffer makes every session use a buffer of its own at the
// same time, and looks what is left of that.
func TestIdleSessionsKeepNoBuffer(t *testing.T) {
	const sessions = 300
	answer := make(chan struct{})
	a := serve(t, func(conn *net.TCPConn) {
		buf := make([]byte, 1)
		_, _ = conn.Read(buf)
		_, _ = conn.Write(buf)
		_, _ = conn.Read(buf)
		<-answer
		_, _ = conn.Write(buf)
		_, _ = conn.Read(buf)
	})
	g := start(t, gateway.Config{IsolationAfter: 500 * time.Millisecond, IsolationGrace: time.Hour})
	open(g, 1, a.address())
	clients := make([]net.Conn, sessions)
	for i := range clients {
		g.Confirm(time.Now())
		clients[i] = dial(t, g)
		talk(t, clients[i], "x", "x")
	}
	before := inUse()
	for _, conn := range clients {
		g.Confirm(time.Now())
		say(t, conn, "x")
	}
	eventually(t, func() bool { return g.Status().Counters.BytesUp == 2*sessions }, "all have asked")
	eventually(t, func() bool { return g.Status().Silenced }, "the gateway is silenced")
	close(answer)
	eventually(t, func() bool { return inUse() > before+sessions*(20<<10) }, "every answer waits in a buffer")
	for _, conn := range clients {
		g.Confirm(time.Now())
		hear(t, conn, "x")
	}
	require.Less(t, inUse(), before+sessions*(8<<10))
}

func TestPauseIsNotTakenForAClientsSilence(t *testing.T) {
	a := serve(t, echo)
	g := start(t, gateway.Config{FirstByteTimeout: 100 * time.Millisecond})
	open(g, 1, a.address())
	client := dial(t, g)
	eventually(t, func() bool { return g.Status().Sessions == 1 }, "it has its upstream")
	g.Follow(paused(2, a.address()))
	applied(t, g)
	say(t, client, "hello")
	time.Sleep(150 * time.Millisecond) // longer than a client may be silent
	open(g, 3, a.address())
	hear(t, client, "hello")
}
