package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Tunnel leads to one port of one pod through the API server, as `kubectl
// port-forward` does it. It carries any number of connections, and opens itself again
// for the next one when the API server has ended it.
//
// Client-go's own PortForwarder gives up all its connections when the pod resets one,
// which is what gateways do in a failover. It has a reason: what nobody at the pod
// reads any more stays in the kubelet and may stop new streams of the same forward.
// Here the others go on, and those that come later go over a new forward.
type Tunnel struct {
	release *Release
	pod     string
	port    int
	dialer  httpstream.Dialer

	mu       sync.Mutex
	current  *forward // that new connections go over; nil: the next one opens it
	all      map[*forward]bool
	requests int
	closed   bool

	// failed is when the pod was last seen not to serve, in Unix nanoseconds; 0: never.
	// It is read without mu, which is held while a forward is opened.
	failed atomic.Int64
}

var errTunnelClosed = errors.New("the tunnel is closed")

// Tunnel returns a tunnel, which the first connection opens.
func (r *Release) Tunnel(pod string, port int) (*Tunnel, error) {
	dialer, err := r.forwardDialer(pod)
	if err != nil {
		return nil, fmt.Errorf("port-forward to pod %s: %w", pod, err)
	}
	return &Tunnel{release: r, pod: pod, port: port, dialer: dialer, all: map[*forward]bool{}}, nil
}

// forwardDialer prefers WebSocket, which gets through proxies that do not know SPDY,
// and falls back to SPDY for API servers before 1.30, as kubectl does.
func (r *Release) forwardDialer(pod string) (httpstream.Dialer, error) {
	url := r.Client.CoreV1().RESTClient().Post().Resource("pods").Namespace(r.Namespace).Name(pod).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(r.config)
	if err != nil {
		return nil, err
	}
	old := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	modern, err := portforward.NewSPDYOverWebsocketDialer(url, r.config)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialer(modern, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// DialContext opens a connection through the tunnel, whatever the address: it has the
// form that http.Transport wants.
func (t *Tunnel) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	s, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	near, far := net.Pipe()
	go s.carry(far)
	return &conn{near, s}, nil
}

// String names the tunnel's end.
func (t *Tunnel) String() string { return fmt.Sprintf("port %d of pod %s", t.port, t.pod) }

// retire takes no new connection over a forward that one failed on.
func (t *Tunnel) retire(f *forward) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed.Store(time.Now().UnixNano())
	f.retired = true
	if t.current == f {
		t.current = nil
	}
}

// done ends a forward that is retired with its last connection.
func (t *Tunnel) done(f *forward) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.carries--; f.carries == 0 && f.retired {
		_ = f.Close()
		delete(t.all, f)
	}
}

// Close ends the tunnel and all its connections.
func (t *Tunnel) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for f := range t.all {
		_ = f.Close()
	}
}

// forward is one port-forward of the API server.
type forward struct {
	httpstream.Connection
	carries int // connections
	retired bool
}

// streams carry one connection: its bytes, and what the kubelet says went wrong.
type streams struct {
	forward      *forward
	data, errors httpstream.Stream
	tunnel       *Tunnel

	said    chan struct{} // closed when failure is known
	failure error
}

func (t *Tunnel) open(ctx context.Context) (*streams, error) {
	f, request, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	s := &streams{forward: f, tunnel: t, said: make(chan struct{})}
	if err := s.open(ctx, request); err != nil {
		t.retire(f)
		t.done(f)
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	go s.listen()
	return s, nil
}

// open opens both streams, that for errors first.
func (s *streams) open(ctx context.Context, request int) (err error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(s.tunnel.port))
	headers.Set(corev1.PortForwardRequestIDHeader, strconv.Itoa(request))
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	if s.errors, err = create(ctx, s.forward, headers); err != nil {
		return err
	}
	_ = s.errors.Close() // nothing is sent over it
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	if s.data, err = create(ctx, s.forward, headers); err != nil {
		_ = s.errors.Reset()
		s.forward.RemoveStreams(s.errors)
	}
	return err
}

// createdWithin is how long a stream may take to be created once nobody wants it any
// more: to end the connection meanwhile would leave its creation waiting for 30 s.
const createdWithin = time.Second

// create creates a stream, which knows no context.
func create(ctx context.Context, connection httpstream.Connection, headers http.Header) (httpstream.Stream, error) {
	type result struct {
		stream httpstream.Stream
		err    error
	}
	created := make(chan result, 1)
	headers = headers.Clone()
	go func() {
		stream, err := connection.CreateStream(headers)
		created <- result{stream, err}
	}()
	select {
	case r := <-created:
		return r.stream, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-created:
		if r.err == nil {
			_ = r.stream.Reset()
			connection.RemoveStreams(r.stream)
		}
	case <-time.After(createdWithin):
	}
	return nil, context.Cause(ctx)
}

// connect returns the forward that connections go over, a new one where the last has
// ended, and a number for the next request over it.
func (t *Tunnel) connect(ctx context.Context) (*forward, int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closed:
		return nil, 0, errTunnelClosed
	case ctx.Err() != nil: // while another connection waited for the forward
		return nil, 0, context.Cause(ctx)
	}
	if t.current != nil {
		select {
		case <-t.current.CloseChan():
			delete(t.all, t.current)
			t.current = nil
		default:
		}
	}
	if t.current == nil {
		connection, err := t.dial(ctx)
		if err != nil {
			t.failed.Store(time.Now().UnixNano())
			return nil, 0, fmt.Errorf("port-forward to pod %s: %w", t.pod, t.release.Explain(err, "create", "pods/portforward"))
		}
		t.current = &forward{Connection: connection}
		t.all[t.current] = true
	}
	t.requests++
	t.current.carries++
	return t.current, t.requests, nil
}

// dial asks the API server for a way to the pod. The dialer knows no context, so
// that one that comes too late is closed by whoever got it.
func (t *Tunnel) dial(ctx context.Context) (httpstream.Connection, error) {
	type result struct {
		connection httpstream.Connection
		err        error
	}
	dialed := make(chan result, 1)
	go func() {
		connection, _, err := t.dialer.Dial(portforward.PortForwardProtocolV1Name)
		dialed <- result{connection, err}
	}()
	select {
	case r := <-dialed:
		return r.connection, r.err
	case <-ctx.Done():
		go func() {
			if r := <-dialed; r.err == nil {
				_ = r.connection.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// wordWithin is how long the end of a connection waits for the reason, which comes
// over a stream of its own.
const wordWithin = 100 * time.Millisecond

// listen hears what went wrong at the other end.
func (s *streams) listen() {
	defer close(s.said)
	text, err := io.ReadAll(io.LimitReader(s.errors, 4096))
	if err == nil && len(text) > 0 {
		s.failure = fmt.Errorf("%s: %s", s.tunnel, strings.TrimSpace(string(text)))
		s.tunnel.retire(s.forward)
	}
}

// carry copies both ways until either end is done. What this end has not sent when it
// closes is not waited for: neither HTTP nor Bolt clients close before they have
// their answer.
func (s *streams) carry(local net.Conn) {
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(s.data, local)
		_ = s.data.Close()
		_ = s.data.Reset()
	}()
	_, _ = io.Copy(local, s.data)
	select {
	case <-s.said:
	case <-time.After(wordWithin):
	}
	_ = local.Close()
	<-up
	_ = s.errors.Reset()
	s.forward.RemoveStreams(s.data, s.errors)
	s.tunnel.done(s.forward)
}

// conn is the near end of a connection, whose end says why.
type conn struct {
	net.Conn
	streams *streams
}

// Read implements net.Conn.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.why(err)
}

// Write implements net.Conn.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.why(err)
}

// why is what the kubelet said of an end that came from the other side.
func (c *conn) why(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	select {
	case <-c.streams.said:
		if c.streams.failure != nil {
			return c.streams.failure
		}
	default:
	}
	return err
}
