package standin

import (
	"context"
	"net"
)

// frozenListener makes Bolt connections stand still with the process.
type frozenListener struct {
	net.Listener
	faults *Faults
	life   context.Context
}

func (l *frozenListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &frozenConn{Conn: conn, l: l}, nil
}

type frozenConn struct {
	net.Conn
	l *frozenListener
}

func (c *frozenConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if thawed := c.l.faults.thaw(c.l.life); thawed != nil {
		return 0, thawed
	}
	return n, err
}

func (c *frozenConn) Write(p []byte) (int, error) {
	if err := c.l.faults.thaw(c.l.life); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
