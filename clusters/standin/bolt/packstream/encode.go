package packstream

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"memgraph-controller/clusters/standin/value"
)

// AppendStruct appends a whole message: a structure with its tag and fields.
//
// On an error (a value of a type that PackStream does not have) the returned
// slice is dst as it was, so that a broken row never reaches the wire.
func AppendStruct(dst []byte, tag byte, layout Layout, fields ...any) ([]byte, error) {
	if len(fields) > maxTiny {
		return dst, fmt.Errorf("packstream: a structure of %d fields, at most %d are possible", len(fields), maxTiny)
	}
	out := append(dst, tinyStruct|byte(len(fields)), tag)
	for _, f := range fields {
		var err error
		if out, err = Append(out, layout, f); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// Append appends one value. It takes the types that package value lists, and
// for convenience int and []string. The keys of a map are written in order, so
// that equal values have equal bytes.
func Append(dst []byte, layout Layout, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, markNull), nil
	case bool:
		return appendBool(dst, v), nil
	case int64:
		return appendInt(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(dst, markFloat64), math.Float64bits(v)), nil
	case string:
		return appendString(dst, v), nil
	case []byte:
		return append(appendSize(dst, bytesMarkers(), len(v)), v...), nil
	case []any:
		return appendList(dst, layout, v)
	case []string:
		return appendStrings(dst, v), nil
	case map[string]any:
		return appendMap(dst, layout, v)
	case value.Node:
		return appendNode(dst, layout, v)
	case value.Relationship:
		return appendRelationship(dst, layout, v)
	default:
		return dst, fmt.Errorf("packstream: cannot send a value of type %T", v)
	}
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, markTrue)
	}
	return append(dst, markFalse)
}

// appendInt uses the smallest form that holds v.
func appendInt(dst []byte, v int64) []byte {
	switch {
	case -16 <= v && v <= math.MaxInt8:
		return append(dst, byte(v))
	case math.MinInt8 <= v && v < -16:
		return append(dst, markInt8, byte(v))
	case math.MinInt16 <= v && v <= math.MaxInt16:
		return binary.BigEndian.AppendUint16(append(dst, markInt16), uint16(v))
	case math.MinInt32 <= v && v <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(dst, markInt32), uint32(v))
	default:
		return binary.BigEndian.AppendUint64(append(dst, markInt64), uint64(v))
	}
}

func appendString(dst []byte, s string) []byte {
	return append(appendSize(dst, stringMarkers(), len(s)), s...)
}

func appendStrings(dst []byte, list []string) []byte {
	dst = appendSize(dst, listMarkers(), len(list))
	for _, s := range list {
		dst = appendString(dst, s)
	}
	return dst
}

func appendList(dst []byte, layout Layout, list []any) ([]byte, error) {
	dst = appendSize(dst, listMarkers(), len(list))
	for _, v := range list {
		var err error
		if dst, err = Append(dst, layout, v); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendMap(dst []byte, layout Layout, m map[string]any) ([]byte, error) {
	dst = appendSize(dst, mapMarkers(), len(m))
	var few [8]string // most maps of a message have no more keys
	keys := slices.AppendSeq(few[:0], maps.Keys(m))
	slices.Sort(keys)
	for _, k := range keys {
		dst = appendString(dst, k)
		var err error
		if dst, err = Append(dst, layout, m[k]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func appendSize(dst []byte, m sized, n int) []byte {
	switch {
	case n <= maxTiny && m.tiny != 0:
		return append(dst, m.tiny|byte(n))
	case n <= math.MaxUint8:
		return append(dst, m.size8, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, m.size16), uint16(n))
	default:
		return binary.BigEndian.AppendUint32(append(dst, m.size32), uint32(n))
	}
}
