package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// errStopped is returned by a leg when the gate forbids what it was asked for.
var errStopped = errors.New("stopped at the gate")

// copyClientToServer is the pump of one direction.
func (s *session) copyClientToServer() {
	defer s.pumpEnded()
	source := newSource(&s.client, &s.gateway.buffers, s.holdsBack)
	sink := newSink(&s.server, s.muted)
	if said := s.opening.said; s.opening.second && len(said) > 0 {
		s.opening.said = nil
		if !s.forward(sink, said) {
			return
		}
	} else {
		s.expectFirstByte()
	}
	for {
		p, err := source.next()
		if errors.Is(err, errStopped) {
			if gate := s.gateway.gate.Load(); s.over() || s.stoppedAt(gate) && !s.waitBehind(gate) {
				return
			}
			if s.unheard { // it may have spoken, but could not be heard
				s.expectFirstByte()
			}
			continue
		}
		if err != nil {
			s.clientStopped(err)
			return
		}
		s.heardClient()
		s.opening.remember(p)
		ok := s.forward(sink, p)
		source.release()
		if !ok {
			return
		}
	}
}

// copyServerToClient is the pump of the other direction.
func (s *session) copyServerToClient() {
	defer s.pumpEnded()
	source := newSource(&s.server, &s.gateway.buffers, nil)
	sink := newSink(&s.client, s.muted)
	full := 0 // buffers in a row
	for {
		p, err := source.next()
		if err != nil {
			s.serverStopped(err)
			return
		}
		s.opening.answered.Store(true)
		sink.rest = p
		ok := s.pass(sink, &s.client)
		if ok {
			s.delivered(len(p))
			s.answered(p)
		}
		source.release()
		if !ok {
			return
		}
		full++
		if len(p) < bufferSize {
			full = 0
		}
		if full < spliceAfter || !s.mayBeSpliced() {
			continue
		}
		full = 0
		if err := s.spliceServerToClient(); err != nil {
			s.serverStopped(err)
			return
		}
	}
}

// delivered notes that the client was given n bytes.
func (s *session) delivered(n int) {
	s.down.Add(uint64(n))
	s.awaiting.Store(false)
	s.gateway.answers.note()
}

// holdsBack is asked before bytes are taken from the client.
func (s *session) holdsBack() bool { return s.over() || s.stoppedAt(s.gateway.gate.Load()) }

// muted is asked right before bytes are written, in either direction.
func (s *session) muted() bool { return s.over() || s.gateway.current().muted }

// forward gives bytes to the server as far as the gate lets it, and waits with
// the rest. sending is set before the gate is looked at: a pause changes the
// gate first and looks at sending then, so one of the two sees the other.
func (s *session) forward(sink *sink, p []byte) bool {
	for len(p) > 0 {
		s.sending.Store(true)
		gate := s.gateway.current()
		n := s.permit(p, gate)
		if n == 0 {
			s.sending.Store(false)
			if !s.waitBehind(gate) {
				return false
			}
			continue
		}
		s.awaiting.Store(true)
		s.up.Add(uint64(n))
		sink.rest = p[:n]
		ok := s.pass(sink, &s.server)
		s.sending.Store(false)
		if !ok {
			return false
		}
		p = p[n:]
	}
	return true
}

// output is what pass writes to: bytes that wait to be written to a leg.
type output interface {
	// flush writes them, or returns errStopped and can be called again.
	flush() error
}

// pass writes everything in out to a leg, and waits while the gateway is
// muted. It returns false when nothing more can be written.
func (s *session) pass(out output, to *leg) bool {
	for {
		err := out.flush()
		switch {
		case err == nil:
			return true
		case errors.Is(err, errStopped):
			if gate := s.gateway.gate.Load(); s.over() || gate.muted && !s.waitBehind(gate) {
				return false
			}
		case to == &s.client:
			s.sever(CutClient)
			return false
		default:
			// What the server said before it broke off is still to be delivered:
			// the other pump finds the end and ends the session.
			s.upstreamBroken.Store(true)
			return false
		}
	}
}

// expectFirstByte and heardClient limit how long a client may be silent at the
// beginning.
func (s *session) expectFirstByte() {
	s.unheard = true
	s.limitClient(time.Now().Add(s.gateway.cfg.FirstByteTimeout))
}

func (s *session) heardClient() {
	if s.unheard {
		s.unheard = false
		s.limitClient(time.Time{})
	}
}

// clientStopped deals with the end of what the client sends.
func (s *session) clientStopped(err error) {
	switch {
	case errors.Is(err, io.EOF):
		s.clientEnded.Store(true)
		s.server.endWriting()
		s.halfClosed()
	case isLocal(err): // endWriting had to close it
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.sever(CutSilent)
	default:
		s.sever(CutClient)
	}
}

// serverStopped deals with the end of what the server sends.
func (s *session) serverStopped(err error) {
	if s.over() {
		return
	}
	switch {
	case isLocal(err): // endWriting had to close it
	case errors.Is(err, io.EOF) && !s.upstreamBroken.Load():
		if !s.clientEnded.Load() {
			s.gateway.sight(s.upstream.address, Ended)
		}
		// A Bolt server that ends in order without a word is going down.
		if s.standing().Opening && s.mayBeginAnew() {
			s.sever(CutUpstream)
			return
		}
	default:
		if s.upstreamBroken.Load() {
			err = syscall.ECONNRESET // the other pump has met it already
		}
		s.gateway.sightError(s.upstream.address, err)
		s.sever(CutUpstream)
		return
	}
	s.opening.answered.Store(true) // by an end
	if s.clientEnded.Load() {
		return // as the other pump has: the session closes both connections at once
	}
	s.client.endWriting()
	s.halfClosed()
}

// isLocal tells whether an error means that this side has closed a connection.
func isLocal(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe)
}
