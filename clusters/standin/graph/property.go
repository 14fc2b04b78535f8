package graph

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
)

// maxDepth bounds how deeply lists and maps may nest in a property, so that
// nothing that walks them can run out of stack.
const maxDepth = 32

// ValueError means that a value cannot be stored in a property.
type ValueError struct{ Reason string }

func (e *ValueError) Error() string { return e.Reason }

// cleanProperties checks and copies a map of properties.
func cleanProperties(props map[string]any) ([]Property, error) {
	if len(props) == 0 {
		return nil, nil
	}
	out := make([]Property, 0, len(props))
	for key, value := range props {
		value, err := cleanValue(value, 0)
		if err != nil {
			return nil, err
		}
		if value != nil {
			out = append(out, Property{Key: key, Value: value})
		}
	}
	slices.SortFunc(out, func(a, b Property) int { return cmp.Compare(a.Key, b.Key) })
	return out, nil
}

// cleanValue checks a value and copies what the caller could change later.
func cleanValue(value any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &ValueError{fmt.Sprintf("A property value must not nest deeper than %d levels.", maxDepth)}
	}
	switch value := value.(type) {
	case nil, bool, int64, float64, string:
		return value, nil
	case []any:
		out := make([]any, len(value))
		for i := range value {
			var err error
			if out[i], err = cleanValue(value[i], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(value))
		for key := range value {
			var err error
			if out[key], err = cleanValue(value[key], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return nil, &ValueError{fmt.Sprintf("A value of type %T cannot be used as a property value.", value)}
}

// Compare is a total order over property values: maps, lists, strings,
// booleans, numbers, other types, nil. Integers and floats compare by
// value and exactly; NaN is the greatest number and equal to itself.
func Compare(a, b any) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	switch a := a.(type) {
	case map[string]any:
		return compareMaps(a, b.(map[string]any))
	case []any:
		return slices.CompareFunc(a, b.([]any), Compare)
	case string:
		return cmp.Compare(a, b.(string))
	case bool:
		return compareBools(a, b.(bool))
	case int64, float64:
		return compareNumbers(a, b)
	}
	return 0
}

func rank(v any) int {
	switch v.(type) {
	case map[string]any:
		return 0
	case []any:
		return 1
	case string:
		return 2
	case bool:
		return 3
	case int64, float64:
		return 4
	case nil:
		return 6
	}
	return 5
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func compareMaps(a, b map[string]any) int {
	keysA, keysB := slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))
	if c := slices.Compare(keysA, keysB); c != 0 {
		return c
	}
	for _, key := range keysA {
		if c := Compare(a[key], b[key]); c != 0 {
			return c
		}
	}
	return 0
}

func compareNumbers(a, b any) int {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
		return compareIntFloat(a, b.(float64))
	case float64:
		if b, ok := b.(int64); ok {
			return -compareIntFloat(b, a)
		}
		return compareFloats(a, b.(float64))
	}
	return 0
}

// compareFloats differs from cmp.Compare in where NaN goes.
func compareFloats(a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return compareBools(math.IsNaN(a), math.IsNaN(b))
	}
	return cmp.Compare(a, b)
}

// compareIntFloat is exact where converting the integer would round it.
func compareIntFloat(i int64, f float64) int {
	switch {
	case math.IsNaN(f) || f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if c := cmp.Compare(i, int64(whole)); c != 0 {
		return c
	}
	return cmp.Compare(whole, f)
}
