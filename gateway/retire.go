package gateway

import (
	"context"
	"slices"
	"time"
)

// retirePoll is how often Retire looks whether a session is left.
const retirePoll = 10 * time.Millisecond

// Retire ends the service gently, before Run is ended: new connections are turned
// away, those in the hold too, and each session is cut when it is between two
// transactions, as one to a leaving upstream is (Route.Leaving). Routes are
// followed as ever meanwhile. It returns when no session is left, or when ctx has
// ended; its deadline, where it has one, is also when what goes on is cut.
//
// Without it a COMMIT may be in flight when its connection ends, and its client
// never learns what became of it.
func (g *Gateway) Retire(ctx context.Context) {
	until, limited := ctx.Deadline()
	if !limited {
		until = time.Now().Add(g.cfg.DrainLimit)
	}
	g.mu.Lock()
	g.retireBy = until
	if g.closeDoor != nil {
		g.closeDoor()
	}
	held := g.hold.takeAll()
	g.reject(RejectShutdown, held...)
	g.direct(time.Now())
	g.mu.Unlock()
	g.turnAway(RejectShutdown, held...)
	g.cfg.Log.Info("retiring")
	g.rouse()
	for g.serving() {
		sleep(ctx, retirePoll)
		if ctx.Err() != nil {
			return
		}
	}
}

// serving tells whether a connection is left.
func (g *Gateway) serving() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.sessions) > 0
}

// admits tells whether a connection may wait for an upstream. The caller holds
// Gateway.mu.
func (s *state) admits() bool { return s.running && s.retireBy.IsZero() }

// direct applies the route to the upstreams: while retiring, all that it allows
// are leaving. The caller holds g.mu.
func (g *Gateway) direct(now time.Time) {
	if g.retireBy.IsZero() {
		g.retarget(g.route.targets(), g.route.Leaving, now, g.route.leaveBy(now, g.cfg.DrainLimit))
		return
	}
	g.retarget(nil, slices.Concat(g.route.targets(), g.route.Leaving), now, g.retireBy)
}
