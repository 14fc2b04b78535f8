package pipenet

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Conn is one end of a connection. Its methods may be called by many goroutines.
type Conn struct {
	*wire
	in, out       *stream
	peer          *Conn
	local, remote address

	// The wire's lock guards the rest.
	closed  bool
	ended   bool // nothing more is written
	abrupt  bool // Close resets
	readBy  deadline
	writeBy deadline
	onClose func()
}

// wire is what both ends of a connection share.
type wire struct {
	network *Network
	latency time.Duration
	streams [2]*stream
	mu      sync.Mutex
	moved   *sync.Cond // something changed that a Write may wait for
}

// newConns returns both ends of a new connection on a path.
func (n *Network) newConns(p path, dialer, listener string) (near, far *Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := path{p.to, p.from}
	there := &stream{path: p, cut: n.cuts[p], delay: n.delays[p]}
	back := &stream{path: q, cut: n.cuts[q], delay: n.delays[q]}
	w := &wire{network: n, latency: n.Latency, streams: [2]*stream{there, back}}
	w.moved = sync.NewCond(&w.mu)
	for _, s := range w.streams {
		s.readable = sync.NewCond(&w.mu)
		s.tell = func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			s.readable.Broadcast()
		}
	}
	n.wires = append(n.wires, w)
	near = &Conn{wire: w, in: back, out: there, local: address(dialer), remote: address(listener)}
	far = &Conn{wire: w, in: there, out: back, local: address(listener), remote: address(dialer), peer: near}
	near.peer = far
	return near, far
}

// wake lets everybody look again.
func (w *wire) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved.Broadcast()
	w.streams[0].readable.Broadcast()
	w.streams[1].readable.Broadcast()
}

// arrives is when what is sent now on a direction arrives. It also sees to it that
// readers look again then: nobody else is woken, since most of what a simulation does is
// to wake somebody.
func (w *wire) arrives(s *stream) time.Time {
	d := w.latency + s.delay
	at := time.Now().Add(d)
	switch {
	case d == 0:
		s.readable.Broadcast()
	case !s.telling.Equal(at): // once for all that is sent at the same instant
		s.telling = at
		time.AfterFunc(d, s.tell)
	}
	return at
}

// resets is when a reset that is sent now on a direction arrives, which ends writes
// in the other one too.
func (w *wire) resets(after time.Duration) time.Time {
	at := time.Now().Add(after)
	w.wakeAt(at)
	return at
}

// sent is when what is sent now arrives; never, as long as the direction is cut.
func (c *Conn) sent() time.Time {
	if !c.out.cut {
		return c.arrives(c.out)
	}
	return c.out.hold(time.Now())
}

// provoke is a byte that arrives at a peer that is closed: it is answered with a
// reset, and sent again until the answer gets through.
func (c *Conn) provoke() {
	if c.in.cut {
		c.in.reset(c.in.hold(time.Now()))
	} else {
		c.in.reset(c.resets(2 * c.latency))
	}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		now := time.Now()
		end := c.in.end(now)
		switch {
		case c.closed:
			return 0, c.failed("read", net.ErrClosed)
		case c.readBy.passed(now):
			return 0, c.failed("read", os.ErrDeadlineExceeded)
		case c.in.arrived(now):
			n := c.in.take(p)
			c.moved.Broadcast()
			return n, nil
		case end != nil:
			return 0, c.failed("read", end)
		}
		c.in.readable.Wait()
	}
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (written int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		now := time.Now()
		switch {
		case c.closed:
			return written, c.failed("write", net.ErrClosed)
		case c.ended:
			return written, c.failed("write", syscall.EPIPE)
		case c.in.wasReset(now):
			return written, c.failed("write", syscall.ECONNRESET)
		case c.writeBy.passed(now):
			return written, c.failed("write", os.ErrDeadlineExceeded)
		case written == len(p):
			return written, nil
		case c.peer.closed && !c.out.cut:
			// The sender's kernel took it; the other one answers with a reset.
			c.provoke()
			return len(p), nil
		case c.out.room() > 0:
			n := min(c.out.room(), len(p)-written)
			c.out.add(p[written:written+n], c.sent())
			written += n
			continue
		}
		c.moved.Wait()
	}
}

// CloseWrite ends the direction to the peer: it reads io.EOF behind what was
// written.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failed("close", net.ErrClosed)
	}
	if !c.ended {
		c.ended = true
		c.out.endAt = c.sent()
	}
	return nil
}

// SetLinger with 0 makes Close a reset; any other value changes nothing.
func (c *Conn) SetLinger(seconds int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abrupt = seconds == 0
	return nil
}

// Close implements net.Conn. The peer gets the end behind what was written, or a
// reset where something is left that this end has not read.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return c.failed("close", net.ErrClosed)
	}
	c.closed, c.in.unread = true, true
	c.readBy.stop()
	c.writeBy.stop()
	switch {
	case c.abrupt || c.in.size > 0:
		if !c.out.cut {
			c.out.reset(c.resets(c.latency + c.out.delay))
		}
	case !c.ended:
		c.out.endAt = c.sent()
	}
	c.moved.Broadcast()
	c.in.readable.Broadcast()
	forget, over := c.onClose, c.peer.closed
	c.mu.Unlock()
	if over {
		c.network.forget(c.wire)
	}
	if forget != nil {
		forget()
	}
	return nil
}

// failed wraps an error as the net package does; the end of a stream is none.
func (c *Conn) failed(op string, err error) error {
	if err == io.EOF { //nolint:errorlint // it is never wrapped
		return err
	}
	return &net.OpError{Op: op, Net: "pipe", Source: c.local, Addr: c.remote, Err: err}
}

// LocalAddr implements net.Conn.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr implements net.Conn.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline implements net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.limit(t, &c.readBy, &c.writeBy) }

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.limit(t, &c.readBy) }

// SetWriteDeadline implements net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.limit(t, &c.writeBy) }

func (c *Conn) limit(t time.Time, deadlines ...*deadline) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return c.failed("set", net.ErrClosed)
	}
	for _, d := range deadlines {
		d.set(t, c.wake)
	}
	c.moved.Broadcast()
	c.in.readable.Broadcast()
	return nil
}

// deadline wakes whoever waits beyond it.
type deadline struct {
	at    time.Time
	timer *time.Timer
}

func (d *deadline) set(t time.Time, wake func()) {
	d.stop()
	d.at = t
	if !t.IsZero() {
		d.timer = time.AfterFunc(time.Until(t), wake)
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
}

func (d *deadline) passed(now time.Time) bool { return !d.at.IsZero() && !now.Before(d.at) }
