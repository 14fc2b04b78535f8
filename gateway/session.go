package gateway

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// session is one client's connection from accept to the end: held first, or on
// its way to an upstream, then attached to it.
type session struct {
	gateway *Gateway
	id      uint64 // in order of arrival
	since   time.Time
	client  leg
	done    chan struct{} // closed when the session is severed

	// Set when the session is attached, before its pumps run.
	upstream *upstream
	server   leg

	sending  atomic.Bool   // bytes are on their way from client to server
	awaiting atomic.Bool   // bytes went to the server and none came back since
	up, down atomic.Uint64 // bytes
	severed  atomic.Bool
	pumps    atomic.Int32 // that still run

	opening opening // what may be said again elsewhere

	opener         Opener // nil: the connection needs none
	failedOpenings int    // upstreams that ended while the opener spoke to them

	clientEnded    atomic.Bool // the client has ended its direction
	upstreamBroken atomic.Bool // the server does not take bytes any more
	unheard        bool        // the client has not spoken yet; of its pump alone

	follow  sync.Mutex // guards tracker; held for a look at bytes in memory
	tracker Tracker    // nil: timing alone

	half atomic.Pointer[time.Timer] // ends a session of which one direction has ended

	// The rest belongs to Gateway.state.
	parked     bool // was in the hold
	quietIn    uint64
	moved      uint64 // up + down when it was asked last whether it is quiet
	stillSince time.Time
}

func newSession(g *Gateway, conn net.Conn) *session {
	s := &session{gateway: g, since: time.Now(), client: newLeg(conn)}
	if g.cfg.Open != nil {
		s.opener = g.cfg.Open()
	}
	return s
}

// attach gives the session its upstream. The caller holds Gateway.mu.
func (s *session) attach(u *upstream, conn net.Conn) {
	s.upstream = u
	s.server = newLeg(conn)
	s.done = make(chan struct{})
	if s.gateway.cfg.Track != nil {
		s.tracker = s.gateway.cfg.Track()
	}
	if s.opener != nil {
		s.resume(s.opener.Opened())
		s.opener = nil // it knows the client's credentials
	}
}

// attached returns the sessions that have an upstream.
func (s *state) attached() (sessions []*session) {
	for _, session := range s.sessions {
		if session.upstream != nil {
			sessions = append(sessions, session)
		}
	}
	return sessions
}

// over tells whether no byte of this session may pass any more.
func (s *session) over() bool { return s.severed.Load() || s.upstream.left.Load() }

// sever resets both connections at once, or only the upstream's if the session
// can begin anew elsewhere. It may be called by anyone, and again.
func (s *session) sever(why Cut) {
	if s.severed.Swap(true) {
		return
	}
	again := s.beginAnew(why)
	close(s.done)
	s.server.reset()
	if !again {
		s.gateway.countCut(why)
		s.client.reset()
	}
}

func severAll(sessions []*session, why Cut) {
	for _, s := range sessions {
		s.sever(why)
	}
}

// waitBehind blocks until the gate is another one. It returns false when the
// session is over.
func (s *session) waitBehind(g *gate) bool {
	select {
	case <-g.changed:
		return !s.over()
	case <-s.done:
		return false
	}
}

// halfClosed bounds the life of a session of which one direction has ended.
func (s *session) halfClosed() {
	timer := time.AfterFunc(s.gateway.cfg.HalfCloseTimeout, func() { s.sever(CutHalfClosed) })
	if old := s.half.Swap(timer); old != nil {
		old.Stop()
	}
}

// pumpEnded is the last act of each pump; the session ends with the second.
func (s *session) pumpEnded() {
	if s.upstream.left.Load() {
		s.sever(CutRoute)
	}
	if s.pumps.Add(-1) > 0 {
		return
	}
	if timer := s.half.Load(); timer != nil {
		timer.Stop()
	}
	if !s.severed.Swap(true) {
		_ = s.server.conn.Close()
		_ = s.client.conn.Close()
	}
	s.gateway.forget(s)
	if s.opening.again.Load() {
		s.gateway.readmit(s)
	}
}

// forget removes a session that has ended.
func (g *Gateway) forget(s *session) {
	g.mu.Lock()
	delete(g.sessions, s.id)
	delete(s.upstream.sessions, s.id)
	g.counters.BytesUp += s.up.Load()
	g.counters.BytesDown += s.down.Load()
	waited := s.upstream.leaves() || g.pause.busy > 0
	g.mu.Unlock()
	if waited {
		g.rouse()
	}
}
