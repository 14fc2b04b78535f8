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
	var message bytes.Buffer
	if n, err := io.CopyN(&message, r, length); err != nil {
		if n > 0 || length > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return message.Bytes(), nil
}
