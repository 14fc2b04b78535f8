package gateway

import (
	"sync/atomic"
	"time"
)

// openingSize bounds what is kept of what a client says before it is answered. A
// Bolt client sends 20 bytes and waits.
const openingSize = 256

// opening is the part of a session before its server's first byte. A connection
// that loses its upstream there is nobody's loss: it goes back into the hold, and
// what its client said is said again to the next upstream, if the tracker knows
// that this does no harm. A main that is killed leaves a moment in which its port
// still takes connections that it will never answer, and a frozen one goes on
// taking them; neo4j drivers count a connection that breaks there as a failed
// attempt and wait for 2 s before the next (a gap of 2.0 s in the writes of four
// writers was measured).
//
// It happens once for each connection: whoever is cut off without a word a
// second time said something that servers do not like.
type opening struct {
	said     []byte      // of the client's pump until both pumps have ended
	spoke    atomic.Bool // said is not empty
	tooLong  atomic.Bool // said is not everything
	answered atomic.Bool // the client may have got something
	second   bool        // it began anew already
	again    atomic.Bool // it begins anew
}

// remember keeps what the client says. It is called before that is sent.
func (o *opening) remember(p []byte) {
	o.spoke.Store(true)
	switch {
	case o.answered.Load() || o.second || o.tooLong.Load():
	case len(o.said)+len(p) > openingSize:
		o.said = nil
		o.tooLong.Store(true)
	default:
		o.said = append(o.said, p...)
	}
}

// mayBeginAnew tells whether a session is still where losing its upstream does no
// harm.
func (s *session) mayBeginAnew() bool {
	o := &s.opening
	if o.answered.Load() || o.second || o.tooLong.Load() || s.clientEnded.Load() {
		return false
	}
	return !o.spoke.Load() || s.standing().Opening
}

// beginAnew is asked when a session has been severed: it sees to a new beginning
// if nothing forbids it. answered is set before the first byte is written, and
// the writer looks at severed afterwards: one of the two sees the other.
func (s *session) beginAnew(why Cut) bool {
	switch why {
	case CutRoute, CutUpstream, CutBusy, CutIsolated:
	default:
		return false
	}
	if !s.mayBeginAnew() {
		return false
	}
	s.opening.again.Store(true)
	s.limitClient(time.Time{})
	return true
}

// limitClient sets until when the client's pump waits for bytes: until the past,
// once the session begins anew. Whoever sets a limit looks at that afterwards,
// so that none outlasts it.
func (s *session) limitClient(until time.Time) {
	_ = s.client.conn.SetReadDeadline(until)
	if s.opening.again.Load() {
		_ = s.client.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// readmit puts the client of a session that begins anew into the hold, in its
// old place.
func (g *Gateway) readmit(old *session) {
	_ = old.client.conn.SetReadDeadline(time.Time{})
	s := newSession(g, old.client.conn)
	s.id = old.id
	s.opening.said, s.opening.second = old.opening.said, true
	g.mu.Lock()
	admitted := g.admits()
	if admitted {
		g.sessions[s.id] = s
		g.park(s)
	} else {
		g.reject(RejectShutdown, s)
	}
	g.mu.Unlock()
	if !admitted {
		g.turnAway(RejectShutdown, s)
		return
	}
	g.rouse()
}
