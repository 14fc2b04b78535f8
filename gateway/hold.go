package gateway

import (
	"context"
	"slices"
	"time"
)

// sweepInterval is how often the gateway looks for held clients that went away,
// with one system call for all of them.
const sweepInterval = 100 * time.Millisecond

// hold is the queue of connections that wait for an upstream, in the order in
// which they came. None of them has a goroutine.
type hold struct {
	queue   []*session
	sweepAt time.Time // when clients that went away are looked for next
}

// add puts a connection in its place: at the end, or where it was before it was
// let go and found no upstream.
func (h *hold) add(s *session) {
	at := len(h.queue)
	for at > 0 && h.queue[at-1].id > s.id {
		at--
	}
	h.queue = slices.Insert(h.queue, at, s)
}

// park puts a connection into the hold.
func (s *state) park(c *session) {
	if !c.parked {
		c.parked = true
		s.counters.Held++
	}
	s.hold.add(c)
}

// first removes and returns the connection that has waited longest.
func (h *hold) first() *session {
	s := h.queue[0]
	h.queue[0] = nil
	h.queue = h.queue[1:]
	return s
}

func (h *hold) takeAll() []*session {
	all := h.queue
	h.queue = nil
	return all
}

// overdue removes and returns the connections that came before a time.
func (h *hold) overdue(since time.Time) (late []*session) {
	for len(h.queue) > 0 && !h.queue[0].since.After(since) {
		late = append(late, h.first())
	}
	return late
}

// deserted removes and returns the connections whose client went away.
func (h *hold) deserted() (gone []*session) {
	left := hungUp(h.queue)
	if len(left) == 0 {
		return nil
	}
	h.queue = slices.DeleteFunc(h.queue, func(s *session) bool {
		_, is := left[s]
		if is {
			gone = append(gone, s)
		}
		return is
	})
	return gone
}

// stall stops connections from running all at once against upstreams that
// cannot be reached: one tries, the others wait.
type stall struct {
	stalled bool
	probing bool      // one is trying
	retryAt time.Time // otherwise: when the next may
}

// tend is the part of steer that looks after held connections: it lets go those
// that may have an upstream now, and gives up those that waited too long or
// whose client left.
func (g *Gateway) tend(ctx context.Context, now time.Time) (next time.Time) {
	g.mu.Lock()
	late := g.hold.overdue(now.Add(-g.cfg.HoldTimeout))
	var gone []*session
	if sweep := !now.Before(g.hold.sweepAt); sweep && len(g.hold.queue) > 0 {
		gone = g.hold.deserted()
		g.hold.sweepAt = now.Add(sweepInterval)
	}
	g.reject(RejectHoldTimeout, late...)
	g.reject(RejectDeserted, gone...)
	released := g.release(now)
	next = g.nextTending(now)
	g.mu.Unlock()

	g.turnAway(RejectHoldTimeout, late...)
	g.turnAway(RejectDeserted, gone...)
	for _, s := range released {
		g.tasks.Go(func() { g.connect(ctx, s) })
	}
	return next
}

// release takes the connections that may have an upstream now from the queue.
// The caller holds g.mu.
func (g *Gateway) release(now time.Time) (released []*session) {
	for len(g.hold.queue) > 0 && g.flowing() {
		if g.stall.stalled {
			if g.stall.probing || now.Before(g.stall.retryAt) {
				break
			}
			g.stall.probing = true
		} else if !g.ramp.take(now) {
			break
		}
		s := g.hold.first()
		g.connecting++
		released = append(released, s)
	}
	return released
}

// nextTending is when tend has something to do if nothing else happens.
func (g *Gateway) nextTending(now time.Time) (next time.Time) {
	if len(g.hold.queue) == 0 {
		return time.Time{}
	}
	next = earliest(g.hold.queue[0].since.Add(g.cfg.HoldTimeout), g.hold.sweepAt)
	switch {
	case !g.flowing() || g.stall.probing:
		return next
	case g.stall.stalled:
		return earliest(next, g.stall.retryAt)
	default:
		return earliest(next, g.ramp.next(now))
	}
}

// flowing tells whether a new connection may get an upstream.
func (g *Gateway) flowing() bool {
	return g.running && g.route.Flow == Open && len(g.upstreams) > 0 && !g.gate.Load().silenced
}
