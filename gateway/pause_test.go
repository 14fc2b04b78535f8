package gateway_test

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// paused is a route that pauses.
func paused(epoch uint64, upstreams ...string) gateway.Route {
	return gateway.Route{Epoch: epoch, Flow: gateway.Paused, Upstreams: upstreams}
}

// after is a server's time to think.
func after(d time.Duration) func() { return func() { time.Sleep(d) } }

func TestPauseIsAppliedAtOnceWithoutSessions(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, _ *network, g *gateway.Gateway) {
		began := time.Now()
		g.Follow(paused(1, "a"))
		<-g.Changes()
		synctest.Wait()
		require.EqualValues(t, 1, g.Status().Applied)
		require.Zero(t, time.Since(began))
	})
}

func TestPauseIsAppliedAtOnceForASessionThatNeverSaidAnything(t *testing.T) {
	bubble(t, gateway.Config{FirstByteTimeout: time.Hour}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		n.connect(t)
		synctest.Wait()
		began := time.Now()
		g.Follow(paused(2, "a"))
		synctest.Wait()
		require.EqualValues(t, 2, g.Status().Applied)
		require.Zero(t, time.Since(began))
	})
}

func TestPauseLetsTheAnswerDrainBeforeItIsApplied(t *testing.T) {
	cfg := gateway.Config{QuietFor: 5 * time.Millisecond, PauseLimit: time.Second}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", after(300*time.Millisecond)))
		open(g, 1, "a")
		client := n.connect(t)
		say(t, client, "hello")
		synctest.Wait()
		g.Follow(paused(2, "a"))
		time.Sleep(299 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied)
		require.Equal(t, 1, g.Status().Busy)
		hear(t, client, "a")
		time.Sleep(4 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied, "the server may have more to say")
		time.Sleep(4 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		require.Zero(t, g.Status().Busy)
	})
}

func TestPausedSessionPassesNothingToTheServerAndGoesOnWhenTheRouteOpens(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		var received atomic.Int64
		n.serve(t, "a", answering("a", func() { received.Add(1) }))
		open(g, 1, "a")
		client := n.connect(t)
		talk(t, client, "hello", "a")
		g.Follow(paused(2, "a"))
		go func() { _, _ = client.Write([]byte("more")) }()
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, received.Load())
		require.Equal(t, gateway.SessionPaused, g.Sessions()[0].State)

		open(g, 3, "a")
		hear(t, client, "a")
		synctest.Wait()
		require.EqualValues(t, 2, received.Load())
		require.EqualValues(t, 3, g.Status().Applied)
		require.Equal(t, time.Minute.Seconds(), g.Status().LastPauseSeconds)
		require.Empty(t, g.Status().Counters.Cut)
	})
}

func TestBusySessionIsLeftAloneAfterThePauseLimit(t *testing.T) {
	cfg := gateway.Config{PauseLimit: 200 * time.Millisecond}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", after(time.Second)))
		open(g, 1, "a")
		busy, idle := n.connect(t), n.connect(t)
		say(t, busy, "hello")
		synctest.Wait()
		began := time.Now()
		g.Follow(paused(2, "a"))
		for g.Status().Applied < 2 {
			<-g.Changes()
		}
		require.InDelta(t, 0.2, time.Since(began).Seconds(), 0.002)
		require.Equal(t, 1, g.Status().Busy)
		hear(t, busy, "a")
		time.Sleep(150 * time.Millisecond)
		require.Zero(t, g.Status().Busy, "it has become quiet after all")
		open(g, 3, "a")
		talk(t, busy, "hello", "a")
		talk(t, idle, "hello", "a")
	})
}

func TestBusySessionIsCutAfterThePauseLimitIfTheRouteSaysSo(t *testing.T) {
	cfg := gateway.Config{PauseLimit: 200 * time.Millisecond}
	bubble(t, cfg, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", after(time.Second)))
		open(g, 1, "a")
		busy, idle := n.connect(t), n.connect(t)
		say(t, busy, "hello")
		synctest.Wait()
		route := paused(2, "a")
		route.CutBusy = true
		g.Follow(route)
		_, err := busy.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		synctest.Wait()
		require.EqualValues(t, 2, g.Status().Applied)
		require.EqualValues(t, 1, g.Status().Counters.Cut[gateway.CutBusy])
		open(g, 3, "a")
		talk(t, idle, "hello", "a")
	})
}

func TestPauseOfTheNextEpochAsksAgain(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		client := n.connect(t)
		talk(t, client, "hello", "a")
		for epoch := uint64(2); epoch < 5; epoch++ {
			g.Follow(paused(epoch, "a"))
			time.Sleep(50 * time.Millisecond)
			require.Equal(t, epoch, g.Status().Applied)
		}
		open(g, 5, "a")
		talk(t, client, "hello", "a")
	})
}

func TestOlderRouteIsIgnoredAndTheSameEpochCanBeChanged(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		n.serve(t, "b", answering("b", atOnce))
		open(g, 5, "a")
		client := n.connect(t)
		talk(t, client, "hello", "a")
		open(g, 4, "b")
		talk(t, client, "hello", "a")
		open(g, 5, "b")
		require.EqualValues(t, 4, g.Status().Applied, "the epoch means something else now")
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		synctest.Wait()
		require.EqualValues(t, 5, g.Status().Applied)
		talk(t, n.connect(t), "hello", "b")
	})
}

func TestPausedBytesWaitInTheClientsSocket(t *testing.T) {
	var received atomic.Int64
	upstream := serve(t, func(conn *net.TCPConn) {
		buf := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buf)
			received.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	g := start(t, gateway.Config{PauseLimit: 10 * time.Millisecond})
	open(g, 1, upstream.address())
	client := dial(t, g)
	say(t, client, "hello")
	eventually(t, func() bool { return received.Load() == 5 }, "the server got it")
	g.Follow(paused(2, upstream.address()))
	applied(t, g)

	const size = 32 << 20 // more than sockets hold
	var sent atomic.Int64
	done := make(chan error, 1)
	go func() {
		for sent.Load() < size {
			n, err := client.Write(make([]byte, 1<<16))
			sent.Add(int64(n))
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	eventually(t, func() bool {
		before := sent.Load()
		time.Sleep(20 * time.Millisecond)
		return before > 0 && before == sent.Load()
	}, "the sockets are full")
	require.Less(t, sent.Load(), int64(size))
	require.EqualValues(t, 5, received.Load())

	open(g, 3, upstream.address())
	require.NoError(t, <-done)
	eventually(t, func() bool { return received.Load() == 5+size }, "everything arrives")
}

// What a server answers while nobody but it has a write is heard when others have it.
func TestMutedSessionHearsNothingUntilTheRouteOpens(t *testing.T) {
	bubble(t, gateway.Config{PauseLimit: 200 * time.Millisecond}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", after(time.Second)))
		open(g, 1, "a")
		client := n.connect(t)
		say(t, client, "hello")
		synctest.Wait()
		began := time.Now()
		g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Paused, Upstreams: []string{"a"}, Mute: true})
		synctest.Wait()
		require.EqualValues(t, 2, g.Status().Applied, "there is nothing to wait for")
		require.Zero(t, time.Since(began))
		require.Equal(t, gateway.SessionPaused, g.Sessions()[0].State)

		require.NoError(t, client.SetReadDeadline(began.Add(time.Minute)))
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, client.SetReadDeadline(time.Time{}))

		open(g, 3, "a")
		hear(t, client, "a")
		talk(t, client, "more", "a")
		require.Empty(t, g.Status().Counters.Cut)
	})
}
