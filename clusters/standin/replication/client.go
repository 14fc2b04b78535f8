package replication

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// Dial connects to a replica.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Gate stands in the way of every message that this process sends or receives:
// it may wait (a slow link, a frozen process), and a false answer means that
// the message is lost.
type Gate func(ctx context.Context) bool

// Client is a link to one replica. One call runs at a time, for whoever holds
// the link's lock: a call that waits for a silent replica keeps all others from
// it, heartbeats too.
//
// The connection is kept between calls. That the replica was restarted shows
// only when the next call fails; the one after it connects again.
type Client struct {
	address string
	dial    Dial
	gate    Gate
	lock    chan struct{}

	mu   sync.Mutex
	conn net.Conn
}

// NewClient returns a link that is not connected yet.
func NewClient(address string, dial Dial, gate Gate) *Client {
	return &Client{address: address, dial: dial, gate: gate, lock: make(chan struct{}, 1)}
}

// Acquire waits for the lock.
func (c *Client) Acquire(ctx context.Context) error {
	select {
	case c.lock <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AcquireWithin waits for the lock for a limited time.
func (c *Client) AcquireWithin(ctx context.Context, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.Acquire(ctx)
}

// Release gives the lock up.
func (c *Client) Release() { <-c.lock }

// Do makes one call, with the lock taken for its duration.
func (c *Client) Do(ctx context.Context, request Request) (Response, error) {
	if err := c.Acquire(ctx); err != nil {
		return Response{}, err
	}
	defer c.Release()
	return c.Call(ctx, request)
}

// Call makes one call for the holder of the lock.
func (c *Client) Call(ctx context.Context, request Request) (Response, error) {
	response, err := c.call(ctx, request)
	if err != nil {
		c.Abort()
		return Response{}, fmt.Errorf("%v to %s: %w", request.Kind, c.address, err)
	}
	return response, nil
}

func (c *Client) call(ctx context.Context, request Request) (Response, error) {
	if err := c.Connect(ctx); err != nil {
		return Response{}, err
	}
	conn := c.connection()
	if conn == nil {
		return Response{}, net.ErrClosed
	}
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	delivered := c.gate(ctx)
	if err := conn.SetDeadline(time.Now().Add(request.Kind.limit())); err != nil {
		return Response{}, err
	}
	if delivered {
		if err := writeFrame(conn, request.encode()); err != nil {
			return Response{}, err
		}
	}
	message, err := readFrame(conn)
	if err != nil {
		return Response{}, err
	}
	if !c.gate(ctx) {
		return Response{}, os.ErrDeadlineExceeded
	}
	return decodeResponse(message)
}

// Connect makes sure, for the holder of the lock, that there is a connection.
// That it is still of use only a call can tell.
func (c *Client) Connect(ctx context.Context) error {
	if c.connection() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	conn, err := c.dial(ctx, "tcp", c.address)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = conn
	return nil
}

func (c *Client) connection() net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn
}

// Abort closes the connection: a call that waits fails at once.
func (c *Client) Abort() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
