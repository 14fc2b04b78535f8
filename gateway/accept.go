package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// The pause after a failed accept grows from minBackoff to maxBackoff. Failures
// come in rows (no file descriptors left) and end when sessions do.
const (
	minBackoff = 5 * time.Millisecond
	maxBackoff = time.Second
)

// accept takes in connections until ctx ends or the listener is closed.
func (g *Gateway) accept(ctx context.Context, listener net.Listener) error {
	backoff := minBackoff
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			backoff = minBackoff
			g.admit(ctx, conn)
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the listener was closed because ctx has ended
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("gateway %s: the listening socket was closed: %w", g.cfg.Name, err)
		default:
			g.cfg.Log.Error("cannot accept connections, trying again", "error", err, "after", backoff)
			sleep(ctx, backoff)
			backoff = min(2*backoff, maxBackoff)
		}
	}
}

var errNotAllowed = errors.New("its address is not allowed")

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// admit finds a place for a new connection: on the way to an upstream, in the
// hold, or nowhere.
func (g *Gateway) admit(ctx context.Context, conn net.Conn) {
	s := newSession(g, conn)
	allowed := g.cfg.allows(conn)
	g.mu.Lock()
	rejection, held := g.enter(s, allowed)
	g.mu.Unlock()
	switch {
	case rejection != "":
		g.turnAway(rejection, s)
	case held:
		g.rouse()
	case s.opener != nil:
		g.tasks.Go(func() { g.meet(ctx, s) })
	default:
		g.tasks.Go(func() { g.connect(ctx, s) })
	}
}

// enter takes note of a new connection and decides where it goes. The caller holds
// g.mu.
func (g *Gateway) enter(s *session, allowed bool) (rejection Rejection, held bool) {
	g.counters.Accepted++
	g.nextID++
	s.id = g.nextID
	switch {
	case !allowed:
		rejection = RejectAddress
	case !g.admits():
		rejection = RejectShutdown
	case len(g.sessions) >= g.cfg.MaxSessions:
		rejection = RejectSessions
	case s.opener == nil:
		return g.place(s)
	case len(g.hold.queue)+g.connecting >= g.cfg.MaxHeld:
		rejection = RejectHeld
	default:
		g.sessions[s.id] = s
		g.connecting++
		return "", false
	}
	g.reject(rejection, s)
	return rejection, false
}

// place finds a place for a connection: on the way to an upstream, in the hold, or
// nowhere. The caller holds g.mu.
func (g *Gateway) place(s *session) (rejection Rejection, held bool) {
	switch {
	case g.flowing() && !g.stall.stalled && len(g.hold.queue) == 0:
		g.sessions[s.id] = s
		g.connecting++
		return "", false
	case len(g.hold.queue)+g.connecting >= g.cfg.MaxHeld:
		g.reject(RejectHeld, s)
		return RejectHeld, false
	default:
		g.sessions[s.id] = s
		g.park(s)
		return "", true
	}
}

// reject takes note that connections get no upstream.
func (s *state) reject(why Rejection, rejected ...*session) {
	for _, r := range rejected {
		delete(s.sessions, r.id)
		s.counters.Rejected[why]++
		if r.parked {
			s.counters.HeldSeconds += time.Since(r.since).Seconds()
		}
	}
}

// turnAway closes rejected connections.
func (g *Gateway) turnAway(why Rejection, rejected ...*session) {
	for _, r := range rejected {
		if why == RejectAddress {
			g.complain(r, why, errNotAllowed)
		}
		if why == RejectSessions || why == RejectAddress {
			resetOnClose(r.client.conn)
		}
		_ = r.client.conn.Close()
		g.cfg.Log.Debug("connection turned away", "client", r.client.conn.RemoteAddr(), "reason", why)
	}
}
