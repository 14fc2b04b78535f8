package gateway

import "time"

// standing tells where the session stands in its protocol; Lost where nobody
// follows it.
func (s *session) standing() State {
	s.follow.Lock()
	defer s.follow.Unlock()
	if s.tracker == nil {
		return State{Lost: true}
	}
	return s.tracker.State()
}

// quiet tells whether nothing of this session is in flight. It counts as still
// from the pause's beginning at the earliest. While draining, a session in a
// transaction is not quiet.
func (s *session) quiet(now, pauseBegan time.Time, draining bool) bool {
	if moved := s.up.Load() + s.down.Load(); moved != s.moved || s.stillSince.Before(pauseBegan) {
		s.moved, s.stillSince = moved, now
	}
	if s.sending.Load() {
		return false
	}
	still := now.Sub(s.stillSince) >= s.gateway.cfg.QuietFor
	at := s.standing()
	if at.Open && draining && !at.Lost {
		return false
	}
	switch {
	case at.Lost:
		return s.up.Load() == 0 || still && !s.awaiting.Load()
	case at.Owing:
		return false
	case at.Partial:
		return still // a client that does not finish its message has only itself to wait for
	default:
		return true
	}
}

// drained tells whether the session can be cut without harm: it is between two
// transactions, and its client's kernel has everything that was said.
func (s *session) drained(now time.Time) bool {
	return s.quiet(now, s.upstream.drainFrom, true) && s.client.flushed()
}

// stopUnder is where this session is stopped under a gate. While its upstream is
// drained it begins no transaction.
func (s *session) stopUnder(gate *gate) Stop {
	if s.upstream.draining.Load() {
		return max(gate.stop, BeforeTransaction)
	}
	return gate.stop
}

// stoppedAt tells whether bytes of this session must stay in the client's socket
// under a gate. Under BeforeTransaction they have to be looked at first.
func (s *session) stoppedAt(gate *gate) bool {
	stop := s.stopUnder(gate)
	switch {
	case gate.muted || stop == AtOnce:
		return true
	case stop == Nowhere:
		return false
	}
	at := s.standing()
	return at.Lost || stop == BeforeMessage && !at.Partial
}

// permit returns how many bytes of p may go to the server under a gate.
func (s *session) permit(p []byte, gate *gate) int {
	stop := s.stopUnder(gate)
	if gate.muted || stop == AtOnce {
		return 0
	}
	s.follow.Lock()
	defer s.follow.Unlock()
	allowed := 0
	if s.tracker != nil {
		allowed = s.tracker.Client(p, stop)
		if !s.tracker.State().Lost {
			return allowed
		}
		s.tracker = nil
	}
	if stop == Nowhere {
		return len(p)
	}
	return allowed
}

// answered shows the tracker what the client has been given.
func (s *session) answered(p []byte) {
	s.follow.Lock()
	defer s.follow.Unlock()
	if s.tracker == nil {
		return
	}
	s.tracker.Server(p)
	if s.tracker.State().Lost {
		s.tracker = nil
	}
}

// mayBeSpliced tells whether nobody has to see what the server says.
func (s *session) mayBeSpliced() bool {
	return s.client.raw != nil && s.server.raw != nil && s.standing().Lost
}
