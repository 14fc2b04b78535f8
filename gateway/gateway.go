package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Gateway is one TCP gateway. All methods may be called by many goroutines.
type Gateway struct {
	cfg  Config
	base time.Time // origin of confirmed

	gate      atomic.Pointer[gate]
	confirmed atomic.Int64 // nanoseconds from base to what the last Confirm vouches for
	answers   firstAnswer
	buffers   sync.Pool // *buffer
	pipes     pipePool

	wake    chan struct{} // capacity 1: steer has something to do
	changes chan struct{} // capacity 1: see Changes

	tasks sync.WaitGroup // goroutines of connections in the current Run

	mu sync.Mutex // never held while anything waits
	state
}

// state is what Gateway.mu guards.
type state struct {
	running   bool
	listening string    // address of the listening socket
	retireBy  time.Time // set while retiring

	route    Route
	routes   uint64        // how many were taken
	rerouted chan struct{} // closed and replaced with each of them: see Authority
	applied  uint64
	pause    pause

	upstreams []*upstream // of the route, in its order
	leaving   []*upstream // no targets any more, still have sessions
	turn      int         // round robin among equal upstreams

	entering  context.Context    // ends when nobody is let in any more; set while running
	closeDoor context.CancelFunc // ends it

	nextID     uint64
	sessions   map[uint64]*session // by their ids, from accept to the end, held ones included
	connecting int                 // of these, on their way to an upstream
	hold       hold
	ramp       ramp
	stall      stall

	silencedAt time.Time
	complaints complaints
	counters   Counters // but for the bytes of living sessions
}

// New makes a gateway that holds every connection until it is given a route
// (and, with Config.IsolationAfter, a confirmation). Nothing happens before Run.
func New(cfg Config) *Gateway {
	g := &Gateway{
		cfg:     cfg.withDefaults(),
		base:    time.Now(),
		wake:    make(chan struct{}, 1),
		changes: make(chan struct{}, 1),
	}
	g.buffers.New = func() any { return new(buffer) }
	g.confirmed.Store(never)
	isolated := g.cfg.IsolationAfter > 0
	g.gate.Store(&gate{stop: BeforeMessage, muted: isolated, silenced: isolated, changed: make(chan struct{})})
	g.silencedAt = g.base
	g.sessions = make(map[uint64]*session)
	g.rerouted = make(chan struct{})
	g.counters = Counters{
		Rejected: make(map[Rejection]uint64), Cut: make(map[Cut]uint64), Logins: make(map[Login]uint64),
	}
	g.ramp = ramp{rate: g.cfg.ReleaseRate, burst: g.cfg.ReleaseBurst}
	return g
}

// Run listens and serves until ctx ends; then every connection is reset, and
// Run returns nil when all is gone. It returns an error when it cannot listen
// or the listening socket is lost. It may be called again after it returned,
// not before.
func (g *Gateway) Run(ctx context.Context) error {
	listener, err := g.listen(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { _ = listener.Close() })

	g.mu.Lock()
	if g.running {
		g.mu.Unlock()
		return fmt.Errorf("gateway %s runs already", g.cfg.Name)
	}
	g.running, g.listening, g.retireBy = true, listener.Addr().String(), time.Time{}
	g.stall = stall{}
	g.entering, g.closeDoor = context.WithCancel(ctx)
	g.reroute()
	g.mu.Unlock()
	g.cfg.Log.Info("listening", "address", listener.Addr().String())

	var steering sync.WaitGroup
	steering.Go(func() { g.steer(ctx) })
	err = g.accept(ctx, listener)
	cancel()
	steering.Wait()
	g.shutDown()
	return err
}

func (g *Gateway) listen(ctx context.Context) (net.Listener, error) {
	if g.cfg.Address == "" {
		return nil, fmt.Errorf("gateway %s: no address to listen on: set it to host:port", g.cfg.Name)
	}
	listener, err := g.cfg.Listen(ctx, "tcp", g.cfg.Address)
	switch {
	case err == nil:
		prepareListener(listener)
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("gateway %s: address %s is taken: stop what listens there or choose another address: %w", g.cfg.Name, g.cfg.Address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("gateway %s: address %s is not allowed: choose a port above 1023: %w", g.cfg.Name, g.cfg.Address, err)
	default:
		return nil, fmt.Errorf("gateway %s: cannot listen on %q: check that it is host:port with an address of this machine: %w", g.cfg.Name, g.cfg.Address, err)
	}
}

// shutDown resets every connection and waits until their goroutines are gone.
func (g *Gateway) shutDown() {
	g.mu.Lock()
	g.running, g.listening = false, ""
	attached := g.attached()
	held := g.hold.takeAll()
	g.reject(RejectShutdown, held...)
	g.mu.Unlock()
	severAll(attached, CutShutdown)
	g.turnAway(RejectShutdown, held...)
	g.tasks.Wait()
	g.pipes.close()
	g.mu.Lock()
	g.applied = g.route.Epoch
	g.mu.Unlock()
	g.cfg.Log.Info("stopped listening")
}

// Follow makes route the current one, unless it is older. It takes effect
// before it returns: no byte that the route forbids passes afterwards, with the
// exception of what is on its way at this very moment; Status.Applied tells when
// that has come to rest too. Follow never blocks.
func (g *Gateway) Follow(route Route) {
	route.Upstreams, route.Leaving = slices.Clone(route.Upstreams), slices.Clone(route.Leaving)
	previous, taken := g.take(route)
	switch {
	case !taken:
		return
	case route.Flow != previous.Flow:
		g.cfg.Log.Info("route", "epoch", route.Epoch, "flow", route.Flow, "upstreams", route.Upstreams)
		g.announce()
	default:
		g.cfg.Log.Debug("route", "epoch", route.Epoch, "flow", route.Flow, "upstreams", route.Upstreams)
	}
	g.rouse()
}

// take is the part of Follow under the lock. It returns the route before, and
// whether the new one differs and is not older.
func (g *Gateway) take(route Route) (previous Route, taken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	previous = g.route
	if route.Epoch < previous.Epoch || route.equal(previous) {
		return previous, false
	}
	g.route = route
	g.routes++
	g.reroute()
	if g.applied == route.Epoch && g.applied > 0 {
		g.applied-- // the epoch means something else now
	}
	now := time.Now()
	g.direct(now)
	g.pause.begin(route, now, g.cfg)
	gate := g.gate.Load()
	stop := route.stop()
	if route.Flow == Paused && !route.Drain {
		stop = max(stop, gate.stop) // a pause that stands already need not begin anew
	}
	g.setGate(stop, gate.silenced)
	if route.Flow == Open && previous.Flow != Open {
		g.answers.arm(now)
	}
	if !g.running && len(g.sessions) == 0 {
		g.applied = route.Epoch // there is nobody to apply it to
	}
	return previous, true
}

// Changes receives a value after Status.Applied, Flow or Silenced changed.
// Several changes may be reported by one value, so it serves one receiver.
func (g *Gateway) Changes() <-chan struct{} { return g.changes }

// announce makes a change known to the receiver of Changes.
func (g *Gateway) announce() {
	select {
	case g.changes <- struct{}{}:
	default:
	}
	g.rouse()
}

// rouse makes steer look at everything once more.
func (g *Gateway) rouse() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}
