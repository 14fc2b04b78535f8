package gateway_test

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// TestNothingReachesAServerOnceAPauseIsApplied pauses again and again under
// load, and looks at the server: between Applied and the next open route no byte
// may come.
func TestNothingReachesAServerOnceAPauseIsApplied(t *testing.T) {
	for name, cfg := range map[string]gateway.Config{
		"tracked": {Track: func() gateway.Tracker { return new(asking) }},
		"timed":   {QuietFor: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			var received atomic.Int64
			a := serve(t, func(conn *net.TCPConn) {
				buf := make([]byte, 64)
				for {
					n, err := conn.Read(buf)
					if err != nil {
						return
					}
					received.Add(int64(n))
					_, _ = conn.Write(buf[:n])
				}
			})
			g := start(t, cfg)
			open(g, 1, a.address())
			stop := load(t, g, 8)
			for epoch := uint64(2); epoch < 200; epoch += 2 {
				g.Follow(paused(epoch, a.address()))
				applied(t, g)
				require.Zero(t, g.Status().Busy)
				before := received.Load()
				time.Sleep(200 * time.Microsecond) // what got past the gate would be here by now
				require.Equal(t, before, received.Load(), "epoch %d", epoch)
				open(g, epoch+1, a.address())
			}
			stop()
			require.Empty(t, g.Status().Counters.Cut)
		})
	}
}

// load makes clients ask and read the answer as fast as they can.
func load(t *testing.T, g *gateway.Gateway, clients int) (stop func()) {
	var stopped atomic.Bool
	var tasks sync.WaitGroup
	for range clients {
		conn := dial(t, g)
		tasks.Go(func() {
			buf := make([]byte, 1)
			for !stopped.Load() {
				if _, err := conn.Write(buf); err != nil {
					t.Error(err)
					return
				}
				if _, err := conn.Read(buf); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return func() {
		stopped.Store(true)
		tasks.Wait()
	}
}

// asking is a tracker of a protocol in which every byte is a question and every
// byte from the server the answer to one.
type asking struct{ owing int }

func (a *asking) Client(p []byte, stop gateway.Stop) int {
	if stop != gateway.Nowhere {
		return 0
	}
	a.owing += len(p)
	return len(p)
}

func (a *asking) Server(p []byte) { a.owing -= len(p) }

func (a *asking) State() gateway.State { return gateway.State{Owing: a.owing > 0} }

// TestSessionIsBusyWhileItsBytesAreOnTheirWay stops a session between its look
// at the gate and the write, where neither its tracker nor its server knows yet
// that something comes.
func TestSessionIsBusyWhileItsBytesAreOnTheirWay(t *testing.T) {
	a := serve(t, echo)
	tracker := &slowTracker{entered: make(chan struct{}), goOn: make(chan struct{})}
	g := start(t, gateway.Config{Track: func() gateway.Tracker { return tracker }, PauseLimit: time.Hour})
	open(g, 1, a.address())
	client := dial(t, g)
	say(t, client, "hello")
	<-tracker.entered
	g.Follow(paused(2, a.address()))
	eventually(t, func() bool { return g.Status().Busy == 1 }, "the pause waits for it")
	require.EqualValues(t, 1, g.Status().Applied)
	close(tracker.goOn)
	hear(t, client, "hello")
	applied(t, g)
}

// slowTracker is a tracker that takes its time over the client's bytes.
type slowTracker struct {
	following
	entered, goOn chan struct{}
}

func (s *slowTracker) Client(p []byte, _ gateway.Stop) int {
	close(s.entered)
	<-s.goOn
	return len(p)
}
