package crowd

import (
	"fmt"
	"net"
	"slices"
	"time"

	"memgraph-controller/bench/wire"
)

// readSize is how much of a long answer is read at once. It is what the server
// writes at once, too.
const readSize = 256 << 10

// Exchange has every connection ask for rows, again and again, for a time. It
// returns how long each answer took, from before the query to the answer's last
// byte.
func (c *Crowd) Exchange(rows int, lasts time.Duration) ([]time.Duration, error) {
	end := time.Now().Add(lasts)
	all, err := each(c.conns, func(conn *net.TCPConn) ([]time.Duration, error) {
		_ = conn.SetReadDeadline(end.Add(patience))
		return exchange(conn, rows, end)
	})
	return slices.Concat(all...), err
}

func exchange(conn *net.TCPConn, rows int, end time.Time) (took []time.Duration, err error) {
	request, size := wire.Request(rows), wire.AnswerSize(rows)
	buf := make([]byte, min(size, readSize))
	for asked := time.Now(); asked.Before(end); {
		if _, err := conn.Write(request); err != nil {
			return took, err
		}
		if err := skip(conn, buf, size); err != nil {
			return took, err
		}
		answered := time.Now()
		took = append(took, answered.Sub(asked))
		asked = answered
	}
	return took, nil
}

// skip reads size bytes, in pieces as they come.
func skip(conn *net.TCPConn, buf []byte, size int) error {
	for size > 0 {
		n, err := conn.Read(buf[:min(size, len(buf))])
		if err != nil {
			return err
		}
		size -= n
	}
	return nil
}

// Connect opens connections one after the other, each when the one before has had
// its first byte and was closed. It returns how long each first byte took, from
// before the connection. A client that is done hangs up in order, as a driver does.
func Connect(address string, n int) (took []time.Duration, err error) {
	for i := range n {
		began := time.Now()
		conn, err := greeted(address)
		if err != nil {
			return took, fmt.Errorf("connection %d: %w", i+1, err)
		}
		took = append(took, time.Since(began))
		_ = conn.Close()
	}
	return took, nil
}
