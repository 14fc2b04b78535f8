package cypher

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"

	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/value"
)

// typeName is what Memgraph calls a value's type in messages.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "double"
	case string:
		return "string"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	case *graph.Vertex:
		return "vertex"
	case *graph.Edge:
		return "edge"
	}
	return "unknown"
}

// equal is the language's =: true, false or nil for unknown.
func equal(a, b any) any {
	switch a := a.(type) {
	case nil:
		return nil
	case int64, float64:
		if math.IsNaN(asFloat(a)) || math.IsNaN(asFloat(b)) {
			return unlessNull(b, false)
		}
	case []any:
		if b, ok := b.([]any); ok {
			return equalLists(a, b)
		}
		return unlessNull(b, false)
	case map[string]any:
		if b, ok := b.(map[string]any); ok {
			return equalMaps(a, b)
		}
		return unlessNull(b, false)
	case *graph.Vertex, *graph.Edge:
		return unlessNull(b, a == b)
	}
	return unlessNull(b, typeName(b) != "vertex" && typeName(b) != "edge" && graph.Compare(a, b) == 0)
}

// asFloat is 0 for anything but a float.
func asFloat(v any) float64 {
	f, _ := v.(float64)
	return f
}

func unlessNull(b any, result bool) any {
	if b == nil {
		return nil
	}
	return result
}

func equalLists(a, b []any) any {
	if len(a) != len(b) {
		return false
	}
	var result any = true
	for i := range a {
		switch equal(a[i], b[i]) {
		case false:
			return false
		case nil:
			result = nil
		}
	}
	return result
}

func equalMaps(a, b map[string]any) any {
	if len(a) != len(b) {
		return false
	}
	var result any = true
	for key := range a {
		other, ok := b[key]
		if !ok {
			return false
		}
		switch equal(a[key], other) {
		case false:
			return false
		case nil:
			result = nil
		}
	}
	return result
}

// order is <, <=, > or >= for two numbers or two strings; null if either is.
func order(op string, a, b any) (any, error) {
	if a == nil || b == nil {
		return nil, nil
	}
	_, numberA := number(a)
	_, numberB := number(b)
	_, stringA := a.(string)
	_, stringB := b.(string)
	fit := numberA && numberB || stringA && stringB
	if !fit {
		return nil, failed("Invalid types: %s and %s for '%s'.", typeName(a), typeName(b), op)
	}
	if math.IsNaN(asFloat(a)) || math.IsNaN(asFloat(b)) {
		return false, nil
	}
	c := graph.Compare(a, b)
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// appendKey appends bytes that are the same for values that DISTINCT and
// grouping do not tell apart: null is like null, 1 is like 1.0.
func appendKey(dst []byte, v any) []byte {
	switch v := v.(type) {
	case bool:
		if v {
			return append(dst, 't')
		}
		return append(dst, 'f')
	case int64:
		return binary.BigEndian.AppendUint64(append(dst, 'i'), uint64(v))
	case float64:
		if i := int64(v); float64(i) == v && v < 1<<63 {
			return appendKey(dst, i)
		}
		return binary.BigEndian.AppendUint64(append(dst, 'd'), math.Float64bits(v))
	case string:
		dst = binary.AppendUvarint(append(dst, 's'), uint64(len(v)))
		return append(dst, v...)
	case []any:
		dst = binary.AppendUvarint(append(dst, 'l'), uint64(len(v)))
		for _, item := range v {
			dst = appendKey(dst, item)
		}
		return dst
	case map[string]any:
		dst = binary.AppendUvarint(append(dst, 'm'), uint64(len(v)))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			dst = appendKey(appendKey(dst, key), v[key])
		}
		return dst
	case *graph.Vertex:
		return binary.BigEndian.AppendUint64(append(dst, 'v'), uint64(v.ID()))
	case *graph.Edge:
		return binary.BigEndian.AppendUint64(append(dst, 'e'), uint64(v.ID()))
	}
	return append(dst, 'n')
}

// export turns a value into what a client gets.
func export(tx *graph.Tx, v any) (any, error) {
	switch v := v.(type) {
	case *graph.Vertex:
		return exportVertex(tx, v)
	case *graph.Edge:
		props, err := exportProperties(tx, v)
		return value.Relationship{ID: v.ID(), StartID: v.From().ID(), EndID: v.To().ID(), Type: v.Type(), Props: props}, err
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = export(tx, v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for key := range v {
			var err error
			if out[key], err = export(tx, v[key]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

func exportVertex(tx *graph.Tx, v *graph.Vertex) (any, error) {
	labels, err := tx.Labels(v)
	if err != nil {
		return nil, errReturnDeleted
	}
	props, err := exportProperties(tx, v)
	return value.Node{ID: v.ID(), Labels: slices.Clone(labels), Props: props}, err
}

var errReturnDeleted = &QueryError{"Returning a deleted object as a result."}

func exportProperties(tx *graph.Tx, e graph.Entity) (map[string]any, error) {
	props, err := tx.Properties(e)
	if err != nil {
		return nil, errReturnDeleted
	}
	out := make(map[string]any, len(props))
	for _, p := range props {
		out[p.Key] = p.Value
	}
	return out, nil
}
