package graph

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// The binary form of a delta begins with a byte that holds the form's version
// in its upper three bits and the Op in its lower five. Then come the fields
// that count for the Op, in the order ID, From, To, Name, Names, Props, Value:
// numbers as varints, strings and lists with their length before them. Map keys
// and property keys are sorted, so that equal deltas have equal bytes.
const formVersion = 1 << 5

// Tags of values.
const (
	tagNil = iota
	tagFalse
	tagTrue
	tagInt
	tagFloat
	tagString
	tagList
	tagMap
)

// fields says which fields of a Delta an Op uses.
type fields uint8

const (
	hasID fields = 1 << iota
	hasEnds
	hasName
	hasNames
	hasProps
	hasValue
)

var fieldsOf = [...]fields{
	VertexCreate: hasID | hasNames | hasProps,
	VertexDelete: hasID,
	LabelAdd:     hasID | hasName,
	LabelRemove:  hasID | hasName,
	VertexSet:    hasID | hasName | hasValue,
	EdgeCreate:   hasID | hasEnds | hasName | hasProps,
	EdgeDelete:   hasID,
	EdgeSet:      hasID | hasName | hasValue,
	IndexCreate:  hasName | hasNames,
	IndexDrop:    hasName | hasNames,
	UniqueCreate: hasName | hasNames,
	UniqueDrop:   hasName | hasNames,
}

// AppendDelta appends the binary form of d, which must be one that a Tx made.
func AppendDelta(dst []byte, d Delta) []byte {
	f := fieldsOf[d.Op]
	dst = append(dst, formVersion|byte(d.Op))
	if f&hasID != 0 {
		dst = binary.AppendUvarint(dst, uint64(d.ID))
	}
	if f&hasEnds != 0 {
		dst = binary.AppendUvarint(dst, uint64(d.From))
		dst = binary.AppendUvarint(dst, uint64(d.To))
	}
	if f&hasName != 0 {
		dst = appendString(dst, d.Name)
	}
	if f&hasNames != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(d.Names)))
		for _, name := range d.Names {
			dst = appendString(dst, name)
		}
	}
	if f&hasProps != 0 {
		dst = binary.AppendUvarint(dst, uint64(len(d.Props)))
		for _, p := range d.Props {
			dst = appendValue(appendString(dst, p.Key), p.Value)
		}
	}
	if f&hasValue != 0 {
		dst = appendValue(dst, d.Value)
	}
	return dst
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

func appendValue(dst []byte, value any) []byte {
	switch value := value.(type) {
	case bool:
		if value {
			return append(dst, tagTrue)
		}
		return append(dst, tagFalse)
	case int64:
		return binary.AppendVarint(append(dst, tagInt), value)
	case float64:
		return binary.LittleEndian.AppendUint64(append(dst, tagFloat), math.Float64bits(value))
	case string:
		return appendString(append(dst, tagString), value)
	case []any:
		dst = binary.AppendUvarint(append(dst, tagList), uint64(len(value)))
		for _, item := range value {
			dst = appendValue(dst, item)
		}
		return dst
	case map[string]any:
		dst = binary.AppendUvarint(append(dst, tagMap), uint64(len(value)))
		for _, key := range slices.Sorted(maps.Keys(value)) {
			dst = appendValue(appendString(dst, key), value[key])
		}
		return dst
	}
	return append(dst, tagNil)
}

// DecodeDelta reads one delta from the beginning of src and returns how many
// bytes it took. It never reads past src, and allocates no more than a small
// multiple of the bytes it consumed.
func DecodeDelta(src []byte) (d Delta, n int, err error) {
	if len(src) == 0 {
		return d, 0, errShort
	}
	if src[0]&^31 != formVersion {
		return d, 0, fmt.Errorf("delta in form %d: this version reads form %d", src[0]>>5, formVersion>>5)
	}
	d.Op = Op(src[0] & 31)
	if int(d.Op) >= len(fieldsOf) || fieldsOf[d.Op] == 0 {
		return Delta{}, 0, fmt.Errorf("delta of unknown kind %d", uint8(d.Op))
	}
	r := decoder{rest: src[1:]}
	r.delta(&d, fieldsOf[d.Op])
	if r.err != nil {
		return Delta{}, 0, fmt.Errorf("delta %q: %w", d.Op, r.err)
	}
	return d, len(src) - len(r.rest), nil
}

var (
	errShort    = errors.New("cut short")
	errNumber   = errors.New("number out of range")
	errUnsorted = errors.New("keys are not in ascending order")
	errDepth    = errors.New("value nested too deeply")
	errTag      = errors.New("unknown kind of value")
	errEmpty    = errors.New("property without a value")
)

// decoder keeps its first error; after it every read yields nothing.
type decoder struct {
	rest []byte
	err  error
}

func (r *decoder) fail(err error) {
	if r.err == nil {
		r.err = err
		r.rest = nil
	}
}

func (r *decoder) delta(d *Delta, f fields) {
	if f&hasID != 0 {
		d.ID = r.id()
	}
	if f&hasEnds != 0 {
		d.From, d.To = r.id(), r.id()
	}
	if f&hasName != 0 {
		d.Name = r.string()
	}
	if f&hasNames != 0 {
		for range r.count() {
			d.Names = append(d.Names, r.string())
		}
	}
	if f&hasProps != 0 {
		d.Props = r.props()
	}
	if f&hasValue != 0 {
		d.Value = r.value(0)
	}
}

func (r *decoder) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// id reads an object's number; the highest one is not used, so that the number
// after it exists.
func (r *decoder) id() int64 {
	n := r.uvarint()
	if n >= math.MaxInt64 {
		r.fail(errNumber)
		return 0
	}
	return int64(n)
}

// count reads the length of something whose items take a byte each at least.
func (r *decoder) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail(errShort)
		return 0
	}
	return int(n)
}

func (r *decoder) string() string {
	n := r.count()
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

func (r *decoder) props() []Property {
	var props []Property
	for i := range r.count() {
		key, value := r.string(), r.value(0)
		switch {
		case r.err != nil:
			return nil
		case value == nil:
			r.fail(errEmpty)
		case i > 0 && key <= props[i-1].Key:
			r.fail(errUnsorted)
		}
		props = append(props, Property{Key: key, Value: value})
	}
	return props
}

func (r *decoder) value(depth int) any {
	if depth > maxDepth {
		r.fail(errDepth)
	}
	if len(r.rest) == 0 {
		r.fail(errShort)
		return nil
	}
	tag := r.rest[0]
	r.rest = r.rest[1:]
	switch tag {
	case tagNil:
		return nil
	case tagFalse, tagTrue:
		return tag == tagTrue
	case tagInt:
		return r.varint()
	case tagFloat:
		return r.float()
	case tagString:
		return r.string()
	case tagList:
		return r.list(depth)
	case tagMap:
		return r.mapping(depth)
	}
	r.fail(errTag)
	return nil
}

func (r *decoder) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *decoder) float() float64 {
	if len(r.rest) < 8 {
		r.fail(errShort)
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(r.rest))
	r.rest = r.rest[8:]
	return f
}

func (r *decoder) list(depth int) []any {
	list := []any{}
	for range r.count() {
		list = append(list, r.value(depth+1))
		if r.err != nil {
			return nil
		}
	}
	return list
}

func (r *decoder) mapping(depth int) map[string]any {
	m := map[string]any{}
	last := ""
	for i := range r.count() {
		key := r.string()
		if i > 0 && key <= last {
			r.fail(errUnsorted)
		}
		last = key
		m[key] = r.value(depth + 1)
		if r.err != nil {
			return nil
		}
	}
	return m
}
