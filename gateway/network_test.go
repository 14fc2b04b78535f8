package gateway_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// network is a network in memory, for bubbles of testing/synctest.
type network struct {
	mu        sync.Mutex
	listeners map[string]*memoryListener
	dials     map[string]int           // attempts by address
	mute      map[string]bool          // addresses that do not answer to a dial
	slow      map[string]time.Duration // what a dial takes, even when it was called off
}

func newNetwork() *network {
	return &network{listeners: make(map[string]*memoryListener), dials: make(map[string]int), mute: make(map[string]bool), slow: make(map[string]time.Duration)}
}

func (n *network) listen(_ context.Context, _, address string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[address] != nil {
		return nil, fmt.Errorf("listen %s: %w", address, syscall.EADDRINUSE)
	}
	l := &memoryListener{network: n, name: address, conns: make(chan net.Conn), closed: make(chan struct{})}
	n.listeners[address] = l
	return l, nil
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials[address]++
	l, mute, slow := n.listeners[address], n.mute[address], n.slow[address]
	n.mu.Unlock()
	if slow > 0 {
		time.Sleep(slow)
		ctx = context.WithoutCancel(ctx)
	}
	switch {
	case mute:
		<-ctx.Done()
		return nil, ctx.Err()
	case l == nil:
		return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
	}
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, fmt.Errorf("dial %s: %w", address, syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// dialed is how often an address was dialed.
func (n *network) dialed(address string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[address]
}

// silence makes an address answer to no dial, or answer again.
func (n *network) silence(address string, mute bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.mute[address] = mute
}

type memoryListener struct {
	network *network
	name    string
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *memoryListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.name)
		l.network.mu.Unlock()
		close(l.closed)
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr  { return l }
func (l *memoryListener) Network() string { return "memory" }
func (l *memoryListener) String() string  { return l.name }

// bubble runs a test in virtual time, with a gateway at "gateway" that listens
// and dials in memory. The gateway is stopped when test returns.
func bubble(t *testing.T, cfg gateway.Config, test func(t *testing.T, n *network, g *gateway.Gateway)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		cfg.Address, cfg.Listen, cfg.Dial = "gateway", n.listen, n.dial
		g := gateway.New(cfg)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.Run(ctx) }()
		synctest.Wait()
		test(t, n, g)
		cancel()
		require.NoError(t, <-ended)
		require.Empty(t, g.Sessions())
	})
}

// connect dials the gateway of a bubble.
func (n *network) connect(t *testing.T) net.Conn {
	t.Helper()
	conn, err := n.dial(t.Context(), "memory", "gateway")
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// serve runs handle for every connection to an address, until the bubble ends.
// It returns a function that stops it and ends its connections.
func (n *network) serve(t *testing.T, address string, handle func(net.Conn)) (stop func()) {
	t.Helper()
	l, err := n.listen(t.Context(), "memory", address)
	require.NoError(t, err)
	var mu sync.Mutex
	var conns []net.Conn
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			go handle(conn)
		}
	}()
	stop = func() {
		_ = l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
	t.Cleanup(stop)
	return stop
}

// answering answers each message with a text, after what wait does.
func answering(text string, wait func()) func(net.Conn) {
	return func(conn net.Conn) {
		buf := make([]byte, 1024)
		for {
			if _, err := conn.Read(buf); err != nil {
				_ = conn.Close()
				return
			}
			wait()
			_, _ = conn.Write([]byte(text))
		}
	}
}

func atOnce() {}
