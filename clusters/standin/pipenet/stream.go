package pipenet

import (
	"bytes"
	"io"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes of one direction may be on their way or unread; then
// writers wait.
const window = 64 << 10

// stream is one direction of a connection. The wire's lock guards it.
type stream struct {
	parts []part
	size  int // bytes in parts
	// When the orderly end and a reset arrive; zero while there is none. Both are
	// found behind the parts.
	endAt, resetAt time.Time

	readable *sync.Cond // something changed that a Read may wait for
	tell     func()     // broadcasts it
	telling  time.Time  // when it will do so last

	path  path
	delay time.Duration // beside the latency
	cut   bool
	held  time.Time // when the first thing was sent that does not arrive; zero: nothing
	// unread tells that nobody reads any more: what arrives is answered with a reset.
	unread bool
}

// never is when something arrives whose direction is cut.
func never() time.Time { return time.Unix(1<<40, 0) }

// hold notes that something is sent over and over from now on.
func (s *stream) hold(now time.Time) time.Time {
	if s.held.IsZero() {
		s.held = now
	}
	return never()
}

// letGo lets everything that was held arrive at a time.
func (s *stream) letGo(at time.Time) {
	s.held = time.Time{}
	for n := range s.parts {
		if s.parts[n].at.Equal(never()) {
			s.parts[n].at = at
		}
	}
	for _, mark := range []*time.Time{&s.endAt, &s.resetAt} {
		if mark.Equal(never()) {
			*mark = at
		}
	}
}

// part is what one Write sent.
type part struct {
	data []byte
	at   time.Time // when it arrives
}

func (s *stream) room() int { return window - s.size }

func (s *stream) add(data []byte, at time.Time) {
	s.parts = append(s.parts, part{bytes.Clone(data), at})
	s.size += len(data)
}

// arrived tells whether there are bytes to read.
func (s *stream) arrived(now time.Time) bool { return len(s.parts) > 0 && !now.Before(s.parts[0].at) }

// end is what a reader finds behind the parts; nil while more may come.
func (s *stream) end(now time.Time) error {
	switch {
	case len(s.parts) > 0:
		return nil
	case s.wasReset(now):
		return syscall.ECONNRESET
	case !s.endAt.IsZero() && !now.Before(s.endAt):
		return io.EOF
	}
	return nil
}

func (s *stream) wasReset(now time.Time) bool { return !s.resetAt.IsZero() && !now.Before(s.resetAt) }

// take reads from the first part.
func (s *stream) take(p []byte) int {
	first := &s.parts[0]
	n := copy(p, first.data)
	s.size -= n
	if first.data = first.data[n:]; len(first.data) == 0 {
		s.parts = s.parts[1:]
	}
	return n
}

// reset lets a reset arrive at a time, unless one is on its way.
func (s *stream) reset(at time.Time) {
	if s.resetAt.IsZero() {
		s.resetAt = at
	}
}
