// Package answer is the upstream of the benchmarks: a server that answers each query
// of package wire with as many rows as it asks for, as fast as it can.
package answer

import (
	"errors"
	"io"
	"net"

	"memgraph-controller/bench/wire"
)

// blockSize is how much of a long answer is written at once: enough that the server
// costs little beside the proxy that is measured.
const blockSize = 256 << 10

// Serve answers on every connection of a listener until that is closed.
func Serve(listener net.Listener) error {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go converse(conn)
	}
}

// converse answers one client until it leaves. A broken connection is the business
// of whoever broke it.
func converse(conn net.Conn) {
	defer conn.Close()
	request := make([]byte, wire.RequestSize)
	if _, err := io.ReadFull(conn, request[:len(wire.Handshake)]); err != nil {
		return
	}
	if _, err := io.WriteString(conn, wire.Version); err != nil {
		return
	}
	var buf []byte
	for {
		if _, err := io.ReadFull(conn, request); err != nil {
			return
		}
		var err error
		if buf, err = write(conn, buf, wire.Rows(request)); err != nil {
			return
		}
	}
}

// write answers with rows. A short answer is one write, as a server's would be. It
// returns the buffer that it used, for the next answer.
func write(to io.Writer, buf []byte, rows int) ([]byte, error) {
	buf = wire.Head(buf[:0])
	for range rows {
		if len(buf) > blockSize-wire.RowSize {
			if _, err := to.Write(buf); err != nil {
				return buf, err
			}
			buf = buf[:0]
		}
		buf = wire.Row(buf)
	}
	buf = wire.Tail(buf)
	_, err := to.Write(buf)
	return buf, err
}
