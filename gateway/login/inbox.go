package login

import (
	"errors"
	"fmt"
	"io"
	"net"

	"memgraph-controller/gateway/boltframe"
)

// maxOpening bounds what one side says before a session begins. A HELLO and a LOGON
// together have about 500 bytes; tokens, which Community does not take, have some
// thousands.
const maxOpening = 8 << 10

// readSize is what is read at once.
const readSize = 512

var errTooLong = fmt.Errorf("more than %d bytes before the login", maxOpening)

// inbox takes apart what one side says in an opening. It keeps its place when reading is
// interrupted.
type inbox struct {
	left int    // bytes that may still come
	rest []byte // that came and were not taken yet

	message boltframe.Message
	raw     []byte // of the message that is arriving, with its chunks
}

// fill waits until something is there to be taken.
func (b *inbox) fill(conn net.Conn) error {
	if len(b.rest) > 0 {
		return nil
	}
	if b.left == 0 {
		return errTooLong
	}
	buf := make([]byte, min(readSize, b.left))
	n, err := conn.Read(buf)
	b.left, b.rest = b.left-n, buf[:n]
	switch {
	case n > 0:
		return nil
	case err == nil:
		return io.ErrNoProgress
	default:
		return err
	}
}

// bytes completes into, of which have bytes are there already, and returns how many are
// there now.
func (b *inbox) bytes(conn net.Conn, into []byte, have int) (int, error) {
	for have < len(into) {
		if err := b.fill(conn); err != nil {
			return have, err
		}
		n := copy(into[have:], b.rest)
		have, b.rest = have+n, b.rest[n:]
	}
	return have, nil
}

var errNoMessage = errors.New("something that is no message of Bolt")

// next returns the next message: as it came, what it holds, and what it is.
func (b *inbox) next(conn net.Conn) (raw, content []byte, tag byte, err error) {
	for {
		if err := b.fill(conn); err != nil {
			return nil, nil, 0, err
		}
		n, whole := b.message.Take(b.rest)
		b.raw, b.rest = append(b.raw, b.rest[:n]...), b.rest[n:]
		if !whole {
			continue
		}
		raw, b.raw = b.raw, nil
		tag, known := b.message.Tag()
		if !known {
			return nil, nil, 0, errNoMessage
		}
		return raw, b.message.Content(), tag, nil
	}
}
