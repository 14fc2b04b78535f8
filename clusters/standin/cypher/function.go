package cypher

import (
	"math"
	"strconv"
	"strings"

	"memgraph-controller/clusters/standin/graph"
)

// maxList bounds the lists that range makes where it cannot be streamed.
const maxList = 1_000_000

// call is a function applied to arguments.
type call struct {
	name string // as written
	args []expr
	fn   function
}

// function says how a function is computed. Where null is not accepted, a null
// argument makes the result null.
type function struct {
	min, max int // number of arguments; max < 0 is any
	nulls    bool
	apply    func(x *run, args []any) (any, error)
}

func (e *call) children() []expr { return e.args }

// resolve finds the function when the query is parsed.
func (e *call) resolve() error {
	fn, ok := functionNamed(strings.ToLower(e.name))
	if !ok {
		return semantic("Function '%s' doesn't exist.", strings.ToUpper(e.name))
	}
	if n := len(e.args); n < fn.min || (fn.max >= 0 && n > fn.max) {
		return semantic("'%s' cannot be called with %d arguments.", e.name, n)
	}
	e.fn = fn
	return nil
}

func (e *call) eval(x *run, row []any) (any, error) {
	args, err := evalAll(x, row, e.args)
	if err != nil {
		return nil, err
	}
	if !e.fn.nulls {
		for _, arg := range args {
			if arg == nil {
				return nil, nil
			}
		}
	}
	return e.fn.apply(x, args)
}

func functionNamed(name string) (function, bool) {
	one := func(apply func(x *run, arg any) (any, error)) (function, bool) {
		return function{min: 1, max: 1, apply: func(x *run, args []any) (any, error) { return apply(x, args[0]) }}, true
	}
	switch name {
	case "id":
		return one(idOf)
	case "labels":
		return one(labelsOf)
	case "type":
		return one(typeOf)
	case "properties":
		return one(propertiesOf)
	case "keys":
		return one(keysOf)
	case "startnode":
		return one(func(_ *run, v any) (any, error) { return endOf("startNode", v, (*graph.Edge).From) })
	case "endnode":
		return one(func(_ *run, v any) (any, error) { return endOf("endNode", v, (*graph.Edge).To) })
	case "size":
		return one(sizeOf)
	case "head":
		return one(func(_ *run, v any) (any, error) { return itemOf("head", v, func(int) int { return 0 }) })
	case "last":
		return one(func(_ *run, v any) (any, error) { return itemOf("last", v, func(n int) int { return n - 1 }) })
	case "tointeger":
		return one(toInteger)
	case "tofloat":
		return one(toFloat)
	case "toboolean":
		return one(toBoolean)
	case "tostring":
		return one(toString)
	case "abs":
		return one(abs)
	case "range":
		return function{min: 2, max: 3, apply: rangeList}, true
	case "coalesce":
		return function{min: 1, max: -1, nulls: true, apply: coalesce}, true
	case "exists":
		return function{min: 1, max: 1, nulls: true, apply: func(_ *run, args []any) (any, error) { return args[0] != nil, nil }}, true
	case "timestamp":
		return function{apply: func(x *run, _ []any) (any, error) { return x.now.UnixMicro(), nil }}, true
	}
	return function{}, false
}

// unfit is the error for an argument of the wrong type.
func unfit(name, wanted string, got any) error {
	return failed("'%s' expected %s as its argument, got %s.", name, wanted, typeName(got))
}

func idOf(_ *run, v any) (any, error) {
	if e, ok := v.(graph.Entity); ok {
		return e.ID(), nil
	}
	return nil, unfit("id", "a node or an edge", v)
}

func labelsOf(x *run, v any) (any, error) {
	vertex, ok := v.(*graph.Vertex)
	if !ok {
		return nil, unfit("labels", "a node", v)
	}
	labels, err := x.tx.Labels(vertex)
	if err != nil {
		return nil, failed("Trying to get labels from a deleted node.")
	}
	return anyList(labels), nil
}

func anyList(items []string) []any {
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = item
	}
	return out
}

func typeOf(_ *run, v any) (any, error) {
	if e, ok := v.(*graph.Edge); ok {
		return e.Type(), nil
	}
	return nil, unfit("type", "an edge", v)
}

// propertiesOf returns the properties of a node or an edge, or a map itself.
func propertiesOf(x *run, v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		return v, nil
	case graph.Entity:
		return exportProperties(x.tx, v)
	}
	return nil, unfit("properties", "a node, an edge or a map", v)
}

func keysOf(x *run, v any) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		return anyList(sorted(keys)), nil
	case graph.Entity:
		props, err := x.tx.Properties(v)
		if err != nil {
			return nil, failed("Trying to get properties from a deleted object.")
		}
		keys := make([]any, len(props))
		for i, p := range props {
			keys[i] = p.Key
		}
		return keys, nil
	}
	return nil, unfit("keys", "a node, an edge or a map", v)
}

func endOf(name string, v any, end func(*graph.Edge) *graph.Vertex) (any, error) {
	if e, ok := v.(*graph.Edge); ok {
		return end(e), nil
	}
	return nil, unfit(name, "an edge", v)
}

func sizeOf(_ *run, v any) (any, error) {
	switch v := v.(type) {
	case string:
		return int64(len([]rune(v))), nil
	case []any:
		return int64(len(v)), nil
	case map[string]any:
		return int64(len(v)), nil
	}
	return nil, unfit("size", "a string, a list or a map", v)
}

func itemOf(name string, v any, at func(length int) int) (any, error) {
	items, ok := v.([]any)
	if !ok {
		return nil, unfit(name, "a list", v)
	}
	if len(items) == 0 {
		return nil, nil
	}
	return items[at(len(items))], nil
}

// toInteger is null for a string that is no number.
func toInteger(_ *run, v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		return truncate(v)
	case string:
		s := strings.TrimSpace(v)
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return truncate(f)
		}
		return nil, nil
	}
	return nil, unfit("toInteger", "a number, a string or a boolean", v)
}

func truncate(f float64) (any, error) {
	if math.IsNaN(f) || f >= 1<<63 || f < -1<<63 {
		return nil, failed("Integer overflow: %s", formatFloat(f))
	}
	return int64(f), nil
}

func toFloat(_ *run, v any) (any, error) {
	if f, ok := number(v); ok {
		return f, nil
	}
	s, ok := v.(string)
	if !ok {
		return nil, unfit("toFloat", "a number or a string", v)
	}
	if f, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
		return f, nil
	}
	return nil, nil
}

func toBoolean(_ *run, v any) (any, error) {
	switch v := v.(type) {
	case bool:
		return v, nil
	case int64:
		return v != 0, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true", "t", "1":
			return true, nil
		case "false", "f", "0":
			return false, nil
		}
		return nil, nil
	}
	return nil, unfit("toBoolean", "a boolean, an integer or a string", v)
}

func toString(_ *run, v any) (any, error) {
	if b, ok := v.(bool); ok {
		return strconv.FormatBool(b), nil
	}
	if s, ok := text(v); ok {
		return s, nil
	}
	return nil, unfit("toString", "a string, a number or a boolean", v)
}

func abs(_ *run, v any) (any, error) {
	switch v := v.(type) {
	case int64:
		if v == math.MinInt64 {
			return nil, failed("Integer overflow: abs(%d)", v)
		}
		return max(v, -v), nil
	case float64:
		return math.Abs(v), nil
	}
	return nil, unfit("abs", "a number", v)
}

func coalesce(_ *run, args []any) (any, error) {
	for _, arg := range args {
		if arg != nil {
			return arg, nil
		}
	}
	return nil, nil
}

// series is what range describes: from, from+step, ... up to and with to.
type series struct{ from, to, step int64 }

func newSeries(args []any) (series, error) {
	s := series{step: 1}
	for i, field := range []*int64{&s.from, &s.to, &s.step}[:len(args)] {
		n, ok := args[i].(int64)
		if !ok {
			return s, unfit("range", "integers", args[i])
		}
		*field = n
	}
	if s.step == 0 {
		return s, failed("The step of 'range' cannot be zero.")
	}
	return s, nil
}

func (e *call) isRange() bool { return strings.EqualFold(e.name, "range") }

// length is exact for any bounds: the distance always fits an unsigned number.
func (s series) length() uint64 {
	switch {
	case s.step > 0 && s.from <= s.to:
		return (uint64(s.to)-uint64(s.from))/uint64(s.step) + 1
	case s.step < 0 && s.from >= s.to:
		return (uint64(s.from)-uint64(s.to))/(-uint64(s.step)) + 1
	}
	return 0
}

func rangeList(_ *run, args []any) (any, error) {
	s, err := newSeries(args)
	if err != nil {
		return nil, err
	}
	n := s.length()
	if n > maxList {
		return nil, failed("A list of %d items is too long: UNWIND range(...) streams it, up to %d items can be in one list.", n, maxList)
	}
	out := make([]any, n)
	for i := range out {
		out[i] = s.from + int64(i)*s.step
	}
	return out, nil
}
