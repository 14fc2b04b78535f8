package gateway

import (
	"context"
	"errors"
	"net"
	"time"
)

// connect takes a connection to an upstream and starts its session. One that
// finds none goes (back) into the hold. It runs in a goroutine of its own, since
// dialing needs a deep stack, which the pumps would keep for the session's life.
func (g *Gateway) connect(ctx context.Context, s *session) {
	var tried []*upstream
	failed := false
	for {
		g.mu.Lock()
		u := g.choose(tried, time.Now())
		g.mu.Unlock()
		if u == nil {
			g.returnToHold(s, failed)
			return
		}
		conn, err := g.dial(ctx, u)
		if err != nil {
			tried, failed = append(tried, u), true
			g.unreached(u)
			continue
		}
		if s.opener != nil {
			switch g.open(ctx, s, u, conn) {
			case openedElsewhere:
				tried = append(tried, u)
				continue
			case openedLate:
				continue
			case openedNever:
				return
			}
		}
		if !g.begin(s, u, conn) {
			_ = conn.Close()
			g.returnToHold(s, false)
		}
		return
	}
}

// dial makes one attempt to reach an upstream. It is called off when the
// upstream leaves the route.
func (g *Gateway) dial(ctx context.Context, u *upstream) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, g.cfg.DialTimeout)
	defer cancel()
	defer context.AfterFunc(u.dialing, cancel)() // ends with ctx or the upstream, whichever is first
	conn, err := g.cfg.Dial(ctx, "tcp", u.address)
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			g.sightError(u.address, err)
		}
		g.cfg.Log.Debug("dial failed", "upstream", u.address, "error", err)
		return nil, err
	}
	g.sight(u.address, Connected)
	prepareUpstream(conn, g.cfg.UserTimeout)
	return conn, nil
}

// unreached notes a failed dial.
func (g *Gateway) unreached(u *upstream) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u.connecting--
	u.suspect = time.Now().Add(suspicion)
	g.counters.Dialed++
	g.counters.DialFailures++
}

// begin makes a session of a connection and its upstream, unless the route has
// changed meanwhile.
func (g *Gateway) begin(s *session, u *upstream, conn net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s.opener == nil {
		g.reached(u)
	}
	u.connecting--
	if u.leaves() || !g.flowing() {
		return false
	}
	g.connecting--
	if s.parked {
		g.counters.Released++
		g.counters.HeldSeconds += time.Since(s.since).Seconds()
	}
	u.sessions[s.id] = s
	s.attach(u, conn)
	s.pumps.Store(2)
	g.tasks.Go(s.copyClientToServer)
	g.tasks.Go(s.copyServerToClient)
	return true
}

// reached notes a dial that succeeded. The caller holds g.mu.
func (g *Gateway) reached(u *upstream) {
	u.suspect = time.Time{}
	g.counters.Dialed++
	if g.stall.stalled && !u.leaves() {
		g.stall = stall{}
		g.rouse()
	}
}

// returnToHold parks a connection that found no upstream. After an attempt that
// failed everywhere, the gateway takes one connection at a time for the next.
func (g *Gateway) returnToHold(s *session, failed bool) {
	g.mu.Lock()
	g.connecting--
	admitted := g.admits()
	if admitted {
		g.park(s)
	} else {
		g.reject(RejectShutdown, s)
	}
	if failed {
		g.stall = stall{stalled: true, retryAt: time.Now().Add(g.cfg.RetryInterval)}
	}
	g.mu.Unlock()
	if !admitted {
		g.turnAway(RejectShutdown, s)
		return
	}
	g.rouse()
}
