// Package pipenet is a network in memory for tests of the stand-in and of what
// is built around it: it works inside synctest bubbles. Its connections behave
// as TCP's do where programs notice: writes return before the peer has read and
// wait when it does not read for long, each direction can be ended on its own,
// and a connection that is closed over bytes which nobody read, or written to
// after its peer closed it, is reset. Connections to an address where nobody
// listens are refused; Silence makes an address swallow new connections, as a frozen
// process or a black hole does, and Cut takes a direction between two parties away.
package pipenet

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Network connects dialers with listeners by address. The zero value is ready.
type Network struct {
	// Latency is how long everything takes from one end to the other: bytes, the
	// end of a direction, a reset. A dial takes it twice. Set it before use.
	Latency time.Duration

	mu        sync.Mutex
	listeners map[string]*listener
	silent    map[string]bool
	dialed    int
	cuts      map[path]bool
	delays    map[path]time.Duration
	wires     []*wire // of connections that are open at one end at least, oldest first
}

// Listen opens an address, which must be free.
func (n *Network) Listen(_ context.Context, network, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("%s: %w", address, syscall.EADDRINUSE)}
	}
	l := &listener{network: n, address: address, incoming: make(chan *Conn), closed: make(chan struct{})}
	if n.listeners == nil {
		n.listeners = map[string]*listener{}
	}
	n.listeners[address] = l
	return l, nil
}

// Dial connects to an address.
func (n *Network) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return n.dial(ctx, "", network, address)
}

func (n *Network) dial(ctx context.Context, party, network, address string) (net.Conn, error) {
	conn, err := n.connect(ctx, party, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", address, err)}
	}
	return conn, nil
}

func (n *Network) connect(ctx context.Context, party, address string) (*Conn, error) {
	if err := n.await(ctx, party, partyOf(address)); err != nil {
		return nil, err
	}
	there, back := n.Delay(party, partyOf(address)), n.Delay(partyOf(address), party)
	if err := sleep(ctx, 2*n.Latency+there+back); err != nil {
		return nil, err
	}
	n.mu.Lock()
	l, silent := n.listeners[address], n.silent[address]
	n.dialed++
	name := fmt.Sprintf("dialer-%d", n.dialed)
	n.mu.Unlock()
	if silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if l == nil {
		return nil, syscall.ECONNREFUSED
	}
	near, far := n.newConns(path{party, partyOf(address)}, name, address)
	select {
	case l.incoming <- far:
		return near, nil
	case <-l.closed:
		n.forget(near.wire)
		return nil, syscall.ECONNREFUSED
	case <-ctx.Done():
		n.forget(near.wire)
		return nil, ctx.Err()
	}
}

func (n *Network) forget(w *wire) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.wires = slices.DeleteFunc(n.wires, func(o *wire) bool { return o == w })
}

// Silence makes new connections to an address hang, or undoes that.
func (n *Network) Silence(address string, silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.silent == nil {
		n.silent = map[string]bool{}
	}
	n.silent[address] = silent
}

func sleep(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type listener struct {
	network  *Network
	address  string
	incoming chan *Conn
	closed   chan struct{}
	once     sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		delete(l.network.listeners, l.address)
		close(l.closed)
	})
	return nil
}

func (l *listener) Addr() net.Addr { return address(l.address) }

type address string

func (a address) Network() string { return "pipe" }
func (a address) String() string  { return string(a) }
