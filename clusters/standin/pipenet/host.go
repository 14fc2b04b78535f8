package pipenet

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
)

// Host is one process on a network: everything that it opened ends with it.
type Host struct {
	network *Network
	party   string

	mu   sync.Mutex
	dead bool
	open []io.Closer // oldest first
}

// Host returns a new process that dials as a party.
func (n *Network) Host(party string) *Host {
	return &Host{network: n, party: party}
}

// Listen is Network.Listen.
func (h *Host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := h.network.Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if !h.keep(l) {
		return nil, &net.OpError{Op: "listen", Net: network, Err: net.ErrClosed}
	}
	return &hostListener{l, h}, nil
}

// Dial is Network.Dial.
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := h.network.dial(ctx, h.party, network, address)
	if err != nil {
		return nil, err
	}
	if !h.own(conn.(*Conn)) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: net.ErrClosed}
	}
	return conn, nil
}

// Kill ends the process as kill -9 does: all that it has open is closed at this
// moment, and it opens nothing more.
func (h *Host) Kill() {
	h.mu.Lock()
	open := h.open
	h.dead, h.open = true, nil
	h.mu.Unlock()
	for _, c := range open {
		_ = c.Close() // it may just have been closed
	}
}

// own makes a connection end with the process.
func (h *Host) own(c *Conn) bool {
	c.mu.Lock()
	c.onClose = func() { h.forget(c) }
	c.mu.Unlock()
	return h.keep(c)
}

// keep reports false, and closes c, when the process is dead.
func (h *Host) keep(c io.Closer) bool {
	h.mu.Lock()
	alive := !h.dead
	if alive {
		h.open = append(h.open, c)
	}
	h.mu.Unlock()
	if !alive {
		_ = c.Close() // nobody has heard of it yet
	}
	return alive
}

func (h *Host) forget(c io.Closer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = slices.DeleteFunc(h.open, func(o io.Closer) bool { return o == c })
}

type hostListener struct {
	net.Listener
	host *Host
}

func (l *hostListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.host.own(conn.(*Conn)) {
			return conn, nil
		}
	}
}

func (l *hostListener) Close() error {
	l.host.forget(l.Listener)
	return l.Listener.Close()
}
