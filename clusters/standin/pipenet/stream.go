package pipenet

import (
	"bytes"
	"io"
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
