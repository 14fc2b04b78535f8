// Package crowd is the clients of the benchmarks: many connections that ask queries
// of package wire, and measure how long each answer takes.
//
// They are a closed loop: each connection asks its next query when it has the answer
// to the one before, as a session of a driver does. A proxy that is slower is thus
// also asked less; what that hides, the processor time for each round trip shows.
package crowd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/bench/wire"
)

// patience is how long a client waits for anything before the measurement fails.
const patience = 30 * time.Second

// Crowd is clients with their open connections. The zero Crowd has none.
type Crowd struct {
	conns []*net.TCPConn
	ends  chan ending   // of those that Watch looks at
	back  chan comeback // of those that ComeBack opens anew
}

// ending is when connections ended.
type ending struct {
	at  []time.Time
	err error
}

// Dial opens n connections and says the client's part of the handshake on each,
// without waiting for the server's.
func (c *Crowd) Dial(address string, n int) error {
	hello := []byte(wire.Handshake)
	for range n {
		conn, err := net.DialTimeout("tcp", address, patience)
		if err != nil {
			return fmt.Errorf("connection %d: %w", len(c.conns)+1, err)
		}
		c.conns = append(c.conns, conn.(*net.TCPConn))
		if _, err := conn.Write(hello); err != nil {
			return fmt.Errorf("connection %d: %w", len(c.conns), err)
		}
	}
	return nil
}

// Greeted waits until every connection has the server's part of the handshake. It
// returns how long each waited since a time.
func (c *Crowd) Greeted(since time.Time) (waits []time.Duration, err error) {
	return each(c.conns, func(conn *net.TCPConn) (time.Duration, error) {
		err := hear(conn, make([]byte, len(wire.Version)))
		return time.Since(since), err
	})
}

// Close ends every connection in order.
func (c *Crowd) Close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

// Watch begins to look for the end of each connection.
func (c *Crowd) Watch() {
	conns, ends := c.conns, make(chan ending, 1)
	c.ends = ends
	go func() {
		at, err := each(conns, end)
		ends <- ending{at, err}
	}()
}

// end waits for the end of a connection, however it comes.
func end(conn *net.TCPConn) (time.Time, error) {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, err := conn.Read(make([]byte, 1))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return time.Time{}, fmt.Errorf("it has not ended: %w", err)
	}
	return time.Now(), nil
}

// Lost waits until every connection that Watch looks at has ended. It returns how
// long each went on after a time.
func (c *Crowd) Lost(since time.Time) (waits []time.Duration, err error) {
	ended := <-c.ends
	for _, at := range ended.at {
		waits = append(waits, at.Sub(since))
	}
	return waits, ended.err
}

// hear reads a whole answer within patience.
func hear(conn *net.TCPConn, buf []byte) error {
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	_, err := io.ReadFull(conn, buf)
	return err
}

// each does the same on every connection at once. It returns what each took, and
// the first error.
func each[T any](conns []*net.TCPConn, do func(*net.TCPConn) (T, error)) ([]T, error) {
	results := make([]T, len(conns))
	var all errgroup.Group
	for i, conn := range conns {
		all.Go(func() (err error) {
			if results[i], err = do(conn); err != nil {
				err = fmt.Errorf("connection %d: %w", i+1, err)
			}
			return err
		})
	}
	return results, all.Wait()
}
