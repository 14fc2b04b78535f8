package cypher

import (
	"memgraph-controller/clusters/standin/graph"
)

// expr is a parsed expression. It is immutable after Parse.
type expr interface {
	// eval computes the value for a row. Values are nil, bool, int64,
	// float64, string, []any, map[string]any, *graph.Vertex, *graph.Edge.
	eval(x *run, row []any) (any, error)
	// children are the expressions directly within it.
	children() []expr
}

// literal is a constant.
type literal struct{ value any }

func (e *literal) eval(*run, []any) (any, error) { return e.value, nil }
func (e *literal) children() []expr              { return nil }

// parameter is $name.
type parameter struct{ name string }

func (e *parameter) eval(x *run, _ []any) (any, error) {
	value, ok := x.params[e.name]
	if !ok {
		return nil, failed("Parameter $%s not provided.", e.name)
	}
	return value, nil
}
func (e *parameter) children() []expr { return nil }

// variable is a name bound by an earlier clause; bind gives it its place.
type variable struct {
	name string
	slot int
}

func (e *variable) eval(_ *run, row []any) (any, error) { return row[e.slot], nil }
func (e *variable) children() []expr                    { return nil }

// property is of.key.
type property struct {
	of  expr
	key string
}

func (e *property) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	if err != nil {
		return nil, err
	}
	switch of := of.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return of[e.key], nil
	case graph.Entity:
		value, err := x.tx.Property(of, e.key)
		if err != nil {
			return nil, failed("Trying to get a property '%s' from a deleted object.", e.key)
		}
		return value, nil
	}
	return nil, failed("Only nodes, edges, maps, temporal types, points and graphs have properties to be looked up, not %s.", typeName(of))
}
func (e *property) children() []expr { return []expr{e.of} }

// labelCheck is of:A:B as a condition.
type labelCheck struct {
	of     expr
	labels []string
}

func (e *labelCheck) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	if of == nil || err != nil {
		return nil, err
	}
	v, ok := of.(*graph.Vertex)
	if !ok {
		return nil, failed("Only nodes have labels.")
	}
	return x.hasLabels(v, e.labels)
}
func (e *labelCheck) children() []expr { return []expr{e.of} }

// listOf is [items].
type listOf struct{ items []expr }

func (e *listOf) eval(x *run, row []any) (any, error) { return evalAll(x, row, e.items) }
func (e *listOf) children() []expr                    { return e.items }

func evalAll(x *run, row []any, items []expr) ([]any, error) {
	values := make([]any, len(items))
	for i, item := range items {
		var err error
		if values[i], err = item.eval(x, row); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// mapOf is {keys: values}.
type mapOf struct {
	keys   []string
	values []expr
}

func (e *mapOf) eval(x *run, row []any) (any, error) { return e.evalMap(x, row) }
func (e *mapOf) children() []expr                    { return e.values }

func (e *mapOf) evalMap(x *run, row []any) (map[string]any, error) {
	m := make(map[string]any, len(e.keys))
	for i, key := range e.keys {
		value, err := e.values[i].eval(x, row)
		if err != nil {
			return nil, err
		}
		m[key] = value
	}
	return m, nil
}

// element is of[at], for lists and maps.
type element struct{ of, at expr }

func (e *element) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	if err != nil {
		return nil, err
	}
	at, err := e.at.eval(x, row)
	if err != nil || of == nil || at == nil {
		return nil, err
	}
	switch of := of.(type) {
	case []any:
		i, ok := at.(int64)
		if !ok {
			return nil, failed("Expected an integer as a list index, got %s.", typeName(at))
		}
		if i < 0 {
			i += int64(len(of))
		}
		if i < 0 || i >= int64(len(of)) {
			return nil, nil
		}
		return of[i], nil
	case map[string]any:
		key, ok := at.(string)
		if !ok {
			return nil, failed("Expected a string as a map index, got %s.", typeName(at))
		}
		return of[key], nil
	}
	return nil, failed("Expected a list or a map to index with '[]', got %s.", typeName(of))
}
func (e *element) children() []expr { return []expr{e.of, e.at} }

// slice is of[from..to]; either end may be missing.
type slice struct{ of, from, to expr }

func (e *slice) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	if err != nil {
		return nil, err
	}
	items, ok := of.([]any)
	if !ok && of != nil {
		return nil, failed("Expected a list to slice, got %s.", typeName(of))
	}
	from, known, err := sliceEnd(x, row, e.from, 0, len(items))
	if err != nil || !known {
		return nil, err
	}
	to, known, err := sliceEnd(x, row, e.to, len(items), len(items))
	if err != nil || !known || of == nil {
		return nil, err
	}
	return items[from:max(from, to)], nil
}

// sliceEnd brings an end into the list; known is false for null.
func sliceEnd(x *run, row []any, end expr, missing, length int) (at int, known bool, err error) {
	if end == nil {
		return missing, true, nil
	}
	value, err := end.eval(x, row)
	if value == nil || err != nil {
		return 0, false, err
	}
	i, ok := value.(int64)
	if !ok {
		return 0, false, failed("Expected an integer for a bound in list slicing, got %s.", typeName(value))
	}
	if i < 0 {
		i = max(0, i+int64(length))
	}
	return int(min(i, int64(length))), true, nil
}

func (e *slice) children() []expr {
	all := []expr{e.of}
	for _, end := range []expr{e.from, e.to} {
		if end != nil {
			all = append(all, end)
		}
	}
	return all
}

// caseOf is CASE subject WHEN .. THEN .. ELSE .. END; without a subject the
// conditions stand for themselves.
type caseOf struct {
	subject    expr
	when, then []expr
	otherwise  expr
}

func (e *caseOf) eval(x *run, row []any) (any, error) {
	var subject any = true
	var err error
	if e.subject != nil {
		if subject, err = e.subject.eval(x, row); err != nil {
			return nil, err
		}
	}
	for i, when := range e.when {
		value, err := when.eval(x, row)
		if err != nil {
			return nil, err
		}
		if equal(subject, value) == true {
			return e.then[i].eval(x, row)
		}
	}
	if e.otherwise == nil {
		return nil, nil
	}
	return e.otherwise.eval(x, row)
}

func (e *caseOf) children() []expr {
	all := append(append([]expr{}, e.when...), e.then...)
	for _, part := range []expr{e.subject, e.otherwise} {
		if part != nil {
			all = append(all, part)
		}
	}
	return all
}
