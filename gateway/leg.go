package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// bufferSize is what a pump takes at once. Copying bulk in pieces of 16 kB and of
// 64 kB was measured to cost a third more. A client that does not read costs one
// buffer.
const bufferSize = 32 << 10

type buffer [bufferSize]byte

// leg is one of the two connections of a session.
type leg struct {
	conn net.Conn
	// raw is the socket below a *net.TCPConn or what dialTCP brings. Whoever reads
	// from it himself can wait without a buffer, and can look at the gate at the
	// last moment. A connection that wraps one is not unwrapped: it does something
	// that must not be bypassed.
	raw syscall.RawConn
}

func newLeg(conn net.Conn) leg {
	l := leg{conn: conn}
	if raw, err := rawOf(conn); err == nil {
		l.raw = raw
	}
	return l
}

// reset closes the connection such that the peer learns of it at once, instead
// of an orderly end behind everything that was sent.
func (l *leg) reset() {
	resetOnClose(l.conn)
	_ = l.conn.Close()
}

func resetOnClose(conn net.Conn) {
	if c, ok := conn.(interface{ SetLinger(seconds int) error }); ok {
		_ = c.SetLinger(0)
	}
}

// endWriting tells the peer that nothing will follow. A connection that cannot
// say so is closed.
func (l *leg) endWriting() {
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
		return
	}
	_ = l.conn.Close()
}

// source takes bytes from a leg, without a buffer while there are none.
type source struct {
	leg     *leg
	buffers *sync.Pool
	veto    func() bool // asked before bytes are taken; nil: never

	attempt func(fd uintptr) bool // (*source).read, bound once so that reading does not allocate
	buf     *buffer
	n       int
	err     error
}

func newSource(l *leg, buffers *sync.Pool, veto func() bool) *source {
	s := &source{leg: l, buffers: buffers, veto: veto}
	s.attempt = s.read
	return s
}

// next waits for bytes and returns them; they are valid until release, which
// must be called before the next next. At the end it returns io.EOF, and
// errStopped when the veto forbids to take what is there.
func (s *source) next() ([]byte, error) {
	if s.leg.raw == nil {
		s.buf = s.buffers.Get().(*buffer)
		s.n, s.err = s.leg.conn.Read(s.buf[:])
		if s.n > 0 {
			s.err = nil // it comes again with the next read
		}
	} else if err := s.leg.raw.Read(s.attempt); err != nil {
		s.err = err
	}
	if s.err != nil {
		s.release()
		return nil, s.err
	}
	return s.buf[:s.n], nil
}

// read tries to take bytes from the socket; false means that none are there.
func (s *source) read(fd uintptr) (done bool) {
	if s.veto != nil && s.veto() {
		s.err = errStopped
		return true
	}
	s.buf = s.buffers.Get().(*buffer)
	s.n, s.err = ignoringEINTR(receive, fd, s.buf[:])
	switch {
	case errors.Is(s.err, unix.EAGAIN):
		s.release()
		return false
	case s.err != nil:
		s.err = os.NewSyscallError("read", s.err)
	case s.n == 0:
		s.err = io.EOF
	}
	return true
}

// release gives the buffer back.
func (s *source) release() {
	if s.buf != nil {
		s.buffers.Put(s.buf)
		s.buf = nil
	}
}

// sink writes bytes to a leg.
type sink struct {
	leg  *leg
	veto func() bool // asked right before bytes are written

	attempt func(fd uintptr) bool // (*sink).push, bound once
	rest    []byte                // what is not written yet
	err     error
}

func newSink(l *leg, veto func() bool) *sink {
	s := &sink{leg: l, veto: veto}
	s.attempt = s.push
	return s
}

// flush writes what is in rest. It returns errStopped when the veto forbids to
// go on, and can be called again then. On a socket the veto is asked before each
// piece that the peer has room for, however long that takes.
func (s *sink) flush() error {
	s.err = nil
	if s.leg.raw != nil {
		if err := s.leg.raw.Write(s.attempt); err != nil {
			s.err = err
		}
	} else if s.veto() {
		s.err = errStopped
	} else {
		var n int
		n, s.err = s.leg.conn.Write(s.rest)
		s.rest = s.rest[n:]
	}
	if len(s.rest) == 0 {
		s.rest = nil // even an empty rest would keep its buffer alive while the session idles
	}
	return s.err
}

// push writes as much as the socket takes; false means that it is full.
func (s *sink) push(fd uintptr) (done bool) {
	for len(s.rest) > 0 {
		if s.veto() {
			s.err = errStopped
			return true
		}
		n, err := ignoringEINTR(send, fd, s.rest)
		if errors.Is(err, unix.EAGAIN) {
			return false
		}
		if err != nil {
			s.err = os.NewSyscallError("write", err)
			return true
		}
		s.rest = s.rest[n:]
	}
	return true
}

func ignoringEINTR(call func(int, []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		n, err := call(int(fd), p)
		if !errors.Is(err, unix.EINTR) {
			return n, err
		}
	}
}
