package packstream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// MaxDepth is how deep lists and maps may be nested. Clients nest parameters a
// few levels deep; the bound keeps a message of nothing but list markers from
// using a stack of its own length.
const MaxDepth = 100

// firstAllocation bounds, in elements, what is allocated for a list or a map
// before its elements have been seen. What is allocated beyond it has been
// paid for with bytes received.
const firstAllocation = 32

// ErrMalformed is wrapped by every error about bytes that are not PackStream.
var ErrMalformed = errors.New("malformed PackStream")

// Struct is a message: its tag and its fields.
type Struct struct {
	Tag    byte
	Fields []any
}

// StructError says that a field of a message holds a structure: a date, a
// duration, a point, ... The message is well formed; its sender uses what this
// package does not support.
type StructError struct{ Tag byte }

func (e *StructError) Error() string {
	return fmt.Sprintf("values of structure 0x%02X (temporal and spatial types) are not supported", e.Tag)
}

// Decode decodes a whole message. Bytes that are left over are an error.
//
// Where a field holds a structure the error is a *StructError, but only if the
// message is well formed otherwise; every other error wraps ErrMalformed.
func Decode(message []byte) (Struct, error) {
	d := decoder{rest: message}
	s, err := d.message()
	switch {
	case err != nil:
		return Struct{}, err
	case len(d.rest) > 0:
		return Struct{}, malformed("%d bytes after the end of the message", len(d.rest))
	case d.foreign != nil:
		return Struct{}, d.foreign
	}
	return s, nil
}

// decoder consumes rest from its front.
type decoder struct {
	rest    []byte
	depth   int
	foreign error // the first structure met inside a field
}

func (d *decoder) message() (Struct, error) {
	size, tag, err := d.structHeader()
	if err != nil {
		return Struct{}, err
	}
	fields, err := d.elements(size)
	return Struct{Tag: tag, Fields: fields}, err
}

func (d *decoder) structHeader() (size int, tag byte, err error) {
	head, err := d.take(2)
	if err != nil {
		return 0, 0, err
	}
	if head[0]&0xF0 != tinyStruct {
		return 0, 0, malformed("expected a structure, got marker 0x%02X", head[0])
	}
	return int(head[0] & 0x0F), head[1], nil
}

func (d *decoder) value() (any, error) {
	head, err := d.take(1)
	if err != nil {
		return nil, err
	}
	switch m := head[0]; m {
	case markNull:
		return nil, nil
	case markFalse, markTrue:
		return m == markTrue, nil
	case markFloat64:
		bits, err := d.uint(8)
		return math.Float64frombits(bits), err
	case markInt8, markInt16, markInt32, markInt64:
		return d.int(1 << (m - markInt8))
	default:
		return d.sizedValue(m)
	}
}

// sizedValue decodes what has a size, and the tiny integers, which are what is
// left.
func (d *decoder) sizedValue(m byte) (any, error) {
	if size, ok, err := d.size(m, stringMarkers()); ok {
		return orError(d.string, size, err)
	}
	if size, ok, err := d.size(m, listMarkers()); ok {
		return orError(d.list, size, err)
	}
	if size, ok, err := d.size(m, mapMarkers()); ok {
		return orError(d.dictionary, size, err)
	}
	if size, ok, err := d.size(m, bytesMarkers()); ok {
		return orError(d.bytes, size, err)
	}
	if m&0xF0 == tinyStruct {
		return nil, d.structure(int(m & 0x0F))
	}
	if m < tinyString || m >= tinyMinus {
		return int64(int8(m)), nil
	}
	return nil, malformed("unknown marker 0x%02X", m)
}

// orError runs decode unless reading the size has already failed.
func orError[T any](decode func(int) (T, error), size int, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	v, err := decode(size)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// size reads the size that follows marker m. ok is false when m is not of the
// family. No value has more elements than there are bytes left, so a size
// beyond these is refused before anything is allocated for it.
func (d *decoder) size(m byte, f sized) (n int, ok bool, err error) {
	var size uint64
	switch {
	case f.tiny != 0 && m&0xF0 == f.tiny:
		size = uint64(m & 0x0F)
	case m == f.size8:
		size, err = d.uint(1)
	case m == f.size16:
		size, err = d.uint(2)
	case m == f.size32:
		size, err = d.uint(4)
	default:
		return 0, false, nil
	}
	if err == nil && size > uint64(len(d.rest)) {
		err = malformed("a size of %d declared with %d bytes left", size, len(d.rest))
	}
	return int(size), true, err
}

func (d *decoder) string(size int) (string, error) {
	b, err := d.take(size)
	if err == nil && !utf8.Valid(b) {
		err = malformed("a string is not UTF-8")
	}
	return string(b), err
}

func (d *decoder) bytes(size int) ([]byte, error) {
	b, err := d.take(size)
	return append([]byte{}, b...), err
}

func (d *decoder) list(size int) ([]any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	return d.elements(size)
}

func (d *decoder) elements(size int) ([]any, error) {
	list := make([]any, 0, min(size, firstAllocation))
	for range size {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func (d *decoder) dictionary(size int) (map[string]any, error) {
	if err := d.enter(); err != nil {
		return nil, err
	}
	defer d.leave()
	m := make(map[string]any, min(size, firstAllocation))
	for range size {
		k, err := d.value()
		if err != nil {
			return nil, err
		}
		key, ok := k.(string)
		if !ok {
			return nil, malformed("a map's key is a %T, not a string", k)
		}
		if _, double := m[key]; double {
			return nil, malformed("a map has the key %q twice", key)
		}
		if m[key], err = d.value(); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// structure skips a structure inside a field and remembers its tag.
func (d *decoder) structure(size int) error {
	if err := d.enter(); err != nil {
		return err
	}
	defer d.leave()
	tag, err := d.take(1)
	if err != nil {
		return err
	}
	if d.foreign == nil {
		d.foreign = &StructError{Tag: tag[0]}
	}
	_, err = d.elements(size)
	return err
}

func (d *decoder) enter() error {
	if d.depth++; d.depth > MaxDepth {
		return malformed("values are nested more than %d levels deep", MaxDepth)
	}
	return nil
}

func (d *decoder) leave() { d.depth-- }

// uint reads a number of n bytes, int one with a sign.
func (d *decoder) uint(n int) (uint64, error) {
	b, err := d.take(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[8-n:], b)
	return binary.BigEndian.Uint64(wide[:]), nil
}

func (d *decoder) int(n int) (any, error) {
	bits, err := d.uint(n)
	if err != nil {
		return nil, err
	}
	unused := 64 - 8*n
	return int64(bits<<unused) >> unused, nil
}

func (d *decoder) take(n int) ([]byte, error) {
	if n > len(d.rest) {
		return nil, malformed("it ends %d bytes early", n-len(d.rest))
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
