package api

import (
	"net"
	"sync"
)

// limitedListener refuses connections above a number. It closes them at once
// instead of leaving them in the backlog, so that their owner learns it.
type limitedListener struct {
	net.Listener
	slots chan struct{}
}

func newLimitedListener(inner net.Listener, limit int) limitedListener {
	return limitedListener{Listener: inner, slots: make(chan struct{}, limit)}
}

// Accept returns the next connection for which there is room.
func (l limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &limitedConn{Conn: conn, release: sync.OnceFunc(func() { <-l.slots })}, nil
		default:
			_ = conn.Close()
		}
	}
}

type limitedConn struct {
	net.Conn
	release func()
}

// Close frees the connection's place; it may be called more than once.
func (c *limitedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
