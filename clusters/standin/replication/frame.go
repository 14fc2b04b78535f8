package replication

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MaxFrame bounds a message, and with it a transaction or snapshot, in bytes.
const MaxFrame = 256 << 20

var errFrameSize = errors.New("replication: frame too long")

// writeFrame sends a message in one write, its length in front.
func writeFrame(w io.Writer, message []byte) error {
	if len(message) > MaxFrame {
		return fmt.Errorf("%w: %d bytes, %d allowed", errFrameSize, len(message), MaxFrame)
	}
	frame := make([]byte, 0, 4+len(message))
	frame = binary.BigEndian.AppendUint32(frame, uint32(len(message)))
	_, err := w.Write(append(frame, message...))
	return err
}

// smallFrame is how much memory a length gets before anything has arrived. Most messages
// are far smaller, and io.CopyN takes 1 KiB for each.
const smallFrame = 4 << 10

// readFrame reads a message. Memory grows with what arrives, not with what the
// length promises.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	length := int64(binary.BigEndian.Uint32(head[:]))
	if length > MaxFrame {
		return nil, fmt.Errorf("%w: %d bytes, %d allowed", errFrameSize, length, MaxFrame)
	}
	if length <= smallFrame {
		message := make([]byte, length)
		if _, err := io.ReadFull(r, message); err != nil {
			return nil, io.ErrUnexpectedEOF
		}
		return message, nil
	}
	var message bytes.Buffer
	if _, err := io.CopyN(&message, r, length); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return message.Bytes(), nil
}
