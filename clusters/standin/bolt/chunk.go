package bolt

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

const (
	// flushAt is how many bytes of rows are gathered before they are written.
	flushAt = 32 << 10
	// readStep is how much of a chunk is read at a time: a chunk that is
	// declared but never sent costs no more than this.
	readStep = 4 << 10
)

var errTooLong = errors.New("a message is too long")

// chunkReader puts messages together from their chunks. A chunk is a size of
// two bytes and as many bytes of message; an empty chunk ends the message.
type chunkReader struct {
	from *bufio.Reader
	max  int // bytes in one message
}

// next returns the next message in memory of its own. Empty chunks between
// messages, the keep-alive of Bolt, are skipped.
func (r *chunkReader) next() ([]byte, error) {
	var message []byte
	for {
		size, err := r.size()
		switch {
		case err != nil:
			return nil, err
		case size == 0 && len(message) > 0:
			return message, nil
		case len(message)+size > r.max:
			return nil, fmt.Errorf("%w: limit %d bytes", errTooLong, r.max)
		}
		if message, err = r.chunk(message, size); err != nil {
			return nil, err
		}
	}
}

func (r *chunkReader) size() (int, error) {
	var head [2]byte
	_, err := io.ReadFull(r.from, head[:])
	return int(binary.BigEndian.Uint16(head[:])), err
}

// chunk appends size bytes to message, which grows only as they arrive.
func (r *chunkReader) chunk(message []byte, size int) ([]byte, error) {
	for size > 0 {
		step := min(size, readStep)
		start := len(message)
		message = slices.Grow(message, step)[:start+step]
		if _, err := io.ReadFull(r.from, message[start:]); err != nil {
			return nil, err
		}
		size -= step
	}
	return message, nil
}

// chunkWriter splits messages into chunks and gathers them until flush.
type chunkWriter struct {
	to  io.Writer
	out []byte
}

// add appends a message.
func (w *chunkWriter) add(message []byte) {
	for part := range slices.Chunk(message, math.MaxUint16) {
		w.out = binary.BigEndian.AppendUint16(w.out, uint16(len(part)))
		w.out = append(w.out, part...)
	}
	w.out = append(w.out, 0, 0)
}

// full tells that enough is gathered to be worth a write.
func (w *chunkWriter) full() bool { return len(w.out) >= flushAt }

// flush writes what was gathered. The memory of an unusually large message is
// given back.
func (w *chunkWriter) flush() error {
	_, err := w.to.Write(w.out)
	if cap(w.out) > 2*flushAt {
		w.out = nil
	}
	w.out = w.out[:0]
	return err
}
