package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A record is its length, its checksum and its body; integers are little endian.
const recordHead = 8

func checksum(body []byte) uint32 { return crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) }

func appendRecord(dst, body []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(body)))
	dst = binary.LittleEndian.AppendUint32(dst, checksum(body))
	return append(dst, body...)
}

var (
	errTorn     = errors.New("ends in the middle of a record")
	errChecksum = errors.New("has a record with a wrong checksum")
	errBody     = errors.New("has a record that makes no sense")
)

// cutRecord splits the first record off data.
func cutRecord(data []byte) (body, rest []byte, err error) {
	if len(data) < recordHead {
		return nil, nil, errTorn
	}
	length := uint64(binary.LittleEndian.Uint32(data))
	if length > uint64(len(data)-recordHead) {
		return nil, nil, errTorn
	}
	body, rest = data[recordHead:recordHead+length], data[recordHead+length:]
	if checksum(body) != binary.LittleEndian.Uint32(data[4:]) {
		return nil, nil, errChecksum
	}
	return body, rest, nil
}

func appendText(dst []byte, text string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(text)))
	return append(dst, text...)
}

// reader takes a record's body apart; the first thing that is missing makes it
// fail and everything after it come out empty.
type reader struct {
	data   []byte
	failed bool
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 {
		r.failed, r.data = true, nil
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *reader) text() string {
	n := r.number()
	if n > uint64(len(r.data)) {
		r.failed, r.data = true, nil
		return ""
	}
	text := string(r.data[:n])
	r.data = r.data[n:]
	return text
}

// rest returns what is left, and whether all before it was there.
func (r *reader) rest() ([]byte, error) {
	if r.failed {
		return nil, errBody
	}
	return r.data, nil
}

func damaged(name string, at int, err error) error {
	return fmt.Errorf("%s %w (byte %d)", name, err, at)
}
