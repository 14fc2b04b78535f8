package crowd

import (
	"net"
	"time"

	"memgraph-controller/bench/wire"
)

const (
	// again is how long a client waits before it tries another time: what drivers
	// begin with.
	again = time.Second
	// connects is how long an attempt to connect may take, as with the driver for Go.
	// Where thousands connect at once, the kernel drops some first packets, and repeats
	// them after 1, 3, 7 and 15 s.
	connects = 5 * time.Second
)

// comeback is what became of connections that were to end and be opened anew.
type comeback struct {
	all []reopened
	err error
}

// reopened is a connection that ended, and the one that took its place.
type reopened struct {
	conn            *net.TCPConn
	ended, answered time.Time
	attempts        int
}

// Returns are how connections came back.
type Returns struct {
	// Lost is how long the old ones went on after they were to end, and Back how long
	// the new ones waited for their first byte since they could have it.
	Lost, Back Times
	// Attempts are how often connections were opened, all together.
	Attempts int
}

// ComeBack begins to wait for the end of each connection. Each is opened anew at once
// then, as often as it takes.
func (c *Crowd) ComeBack(address string) {
	conns, back := c.conns, make(chan comeback, 1)
	c.back = back
	go func() {
		all, err := each(conns, func(conn *net.TCPConn) (r reopened, err error) {
			if r.ended, err = end(conn); err != nil {
				return r, err
			}
			_ = conn.Close()
			r.conn, r.attempts, err = reopen(address)
			r.answered = time.Now()
			return r, err
		})
		back <- comeback{all, err}
	}()
}

// Back waits until every connection of ComeBack is there again. They were to end at
// one time, and could be answered since the other.
func (c *Crowd) Back(cut, open time.Time) (Returns, error) {
	var r Returns
	var lost, back []time.Duration
	came := <-c.back
	c.conns = nil
	for _, one := range came.all {
		if one.conn != nil {
			c.conns = append(c.conns, one.conn)
		}
		lost, back = append(lost, one.ended.Sub(cut)), append(back, one.answered.Sub(open))
		r.Attempts += one.attempts
	}
	r.Lost, r.Back = TimesOf(lost), TimesOf(back)
	return r, came.err
}

// reopen opens a connection and waits for the server's part of the handshake.
func reopen(address string) (conn *net.TCPConn, attempts int, err error) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(again) {
		attempts++
		if conn, err = greeted(address); err == nil {
			return conn, attempts, nil
		}
	}
	return nil, attempts, err
}

func greeted(address string) (*net.TCPConn, error) {
	conn, err := net.DialTimeout("tcp", address, connects)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Write([]byte(wire.Handshake)); err == nil {
		err = hear(conn.(*net.TCPConn), make([]byte, len(wire.Version)))
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}
