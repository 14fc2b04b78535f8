package cypher

import (
	"math"
	"strconv"
	"strings"
)

// logic is AND, OR or XOR in three-valued logic.
type logic struct {
	op   string
	a, b expr
}

func (e *logic) children() []expr { return []expr{e.a, e.b} }

func (e *logic) eval(x *run, row []any) (any, error) {
	a, err := truth(x, row, e.a, e.op)
	if err != nil {
		return nil, err
	}
	// false AND, true OR: the other side does not matter
	if a != nil && (e.op == "AND" && a == false || e.op == "OR" && a == true) {
		return a, nil
	}
	b, err := truth(x, row, e.b, e.op)
	if err != nil {
		return nil, err
	}
	switch {
	case e.op == "AND" && b == false, e.op == "OR" && b == true:
		return b, nil
	case a == nil || b == nil:
		return nil, nil
	case e.op == "XOR":
		return a != b, nil
	}
	return b, nil
}

// truth evaluates a condition: true, false or nil.
func truth(x *run, row []any, e expr, op string) (any, error) {
	value, err := e.eval(x, row)
	if err != nil {
		return nil, err
	}
	switch value.(type) {
	case nil, bool:
		return value, nil
	}
	return nil, failed("Invalid type %s for '%s'.", typeName(value), op)
}

// negation is NOT.
type negation struct{ of expr }

func (e *negation) children() []expr { return []expr{e.of} }

func (e *negation) eval(x *run, row []any) (any, error) {
	of, err := truth(x, row, e.of, "NOT")
	if of == nil || err != nil {
		return nil, err
	}
	return of == false, nil
}

// comparison is =, <>, <, <=, > or >=.
type comparison struct {
	op   string
	a, b expr
}

func (e *comparison) children() []expr { return []expr{e.a, e.b} }

func (e *comparison) eval(x *run, row []any) (any, error) {
	a, err := e.a.eval(x, row)
	if err != nil {
		return nil, err
	}
	b, err := e.b.eval(x, row)
	if err != nil {
		return nil, err
	}
	switch e.op {
	case "=":
		return equal(a, b), nil
	case "<>":
		if same := equal(a, b); same != nil {
			return same == false, nil
		}
		return nil, nil
	}
	return order(e.op, a, b)
}

// signed is +x or -x.
type signed struct {
	minus bool
	of    expr
}

func (e *signed) children() []expr { return []expr{e.of} }

func (e *signed) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	if err != nil {
		return nil, err
	}
	switch of := of.(type) {
	case nil:
		return nil, nil
	case int64:
		if e.minus && of == math.MinInt64 {
			return nil, failed("Integer overflow: -(%d)", of)
		}
		if e.minus {
			of = -of
		}
		return of, nil
	case float64:
		if e.minus {
			of = -of
		}
		return of, nil
	}
	return nil, failed("Invalid type %s for unary '%s'.", typeName(of), map[bool]string{true: "-", false: "+"}[e.minus])
}

// arithmetic is +, -, *, /, % or ^; + also joins strings and lists.
type arithmetic struct {
	op   string
	a, b expr
}

func (e *arithmetic) children() []expr { return []expr{e.a, e.b} }

func (e *arithmetic) eval(x *run, row []any) (any, error) {
	a, err := e.a.eval(x, row)
	if err != nil {
		return nil, err
	}
	b, err := e.b.eval(x, row)
	if err != nil {
		return nil, err
	}
	return calculate(e.op, a, b)
}

func calculate(op string, a, b any) (any, error) {
	if op == "+" {
		if joined, ok := join(a, b); ok {
			return joined, nil
		}
	}
	if a == nil || b == nil {
		return nil, nil
	}
	m, aInt := a.(int64)
	n, bInt := b.(int64)
	if aInt && bInt && op != "^" {
		return integers(op, m, n)
	}
	f, aNumber := number(a)
	g, bNumber := number(b)
	if !aNumber || !bNumber {
		return nil, failed("Invalid types: %s and %s for '%s'.", typeName(a), typeName(b), op)
	}
	switch op {
	case "+":
		return f + g, nil
	case "-":
		return f - g, nil
	case "*":
		return f * g, nil
	case "/":
		return f / g, nil
	case "%":
		return math.Mod(f, g), nil
	}
	return math.Pow(f, g), nil
}

// number converts either kind of number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

func integers(op string, m, n int64) (any, error) {
	var result int64
	var fits bool
	switch op {
	case "+":
		result = m + n
		fits = (result > m) == (n > 0)
	case "-":
		result = m - n
		fits = (result < m) == (n > 0)
	case "*":
		result = m * n
		fits = m == 0 || (result/m == n && (m != -1 || n != math.MinInt64))
	default:
		if n == 0 {
			return nil, failed("Division by zero.")
		}
		if op == "%" {
			return m % n, nil
		}
		result = m / n
		fits = m != math.MinInt64 || n != -1
	}
	if !fits {
		return nil, failed("Integer overflow: %d %s %d", m, op, n)
	}
	return result, nil
}

// join is + where a side is a list, or a string next to a string or a number.
func join(a, b any) (any, bool) {
	listA, isA := a.([]any)
	listB, isB := b.([]any)
	switch {
	case a == nil || b == nil:
		return nil, false
	case isA && isB:
		return append(listA[:len(listA):len(listA)], listB...), true
	case isA:
		return append(listA[:len(listA):len(listA)], b), true
	case isB:
		return append([]any{a}, listB...), true
	}
	textA, okA := text(a)
	textB, okB := text(b)
	_, stringA := a.(string)
	_, stringB := b.(string)
	return textA + textB, okA && okB && (stringA || stringB)
}

// text is how a string or a number reads in a string.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return formatFloat(v), true
	}
	return "", false
}

// formatFloat keeps a float recognisable as one: 1 reads 1.0.
func formatFloat(f float64) string {
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if strings.Trim(s, "-0123456789") == "" {
		s += ".0"
	}
	return s
}

// nullCheck is IS NULL or IS NOT NULL.
type nullCheck struct {
	of      expr
	negated bool
}

func (e *nullCheck) children() []expr { return []expr{e.of} }

func (e *nullCheck) eval(x *run, row []any) (any, error) {
	of, err := e.of.eval(x, row)
	return (of == nil) != e.negated, err
}

// predicate is IN, STARTS WITH, ENDS WITH or CONTAINS.
type predicate struct {
	op   string
	a, b expr
}

func (e *predicate) children() []expr { return []expr{e.a, e.b} }

func (e *predicate) eval(x *run, row []any) (any, error) {
	a, err := e.a.eval(x, row)
	if err != nil {
		return nil, err
	}
	b, err := e.b.eval(x, row)
	if err != nil {
		return nil, err
	}
	if e.op == "IN" {
		return in(a, b)
	}
	if a == nil || b == nil {
		return nil, nil
	}
	s, okA := a.(string)
	part, okB := b.(string)
	if !okA || !okB {
		return nil, failed("Invalid types: %s and %s for '%s'.", typeName(a), typeName(b), e.op)
	}
	switch e.op {
	case "STARTS WITH":
		return strings.HasPrefix(s, part), nil
	case "ENDS WITH":
		return strings.HasSuffix(s, part), nil
	}
	return strings.Contains(s, part), nil
}

// in is true if an item equals a, else null if that is not known of one.
func in(a, b any) (any, error) {
	if b == nil {
		return nil, nil
	}
	items, ok := b.([]any)
	if !ok {
		return nil, failed("IN expected a list, got %s.", typeName(b))
	}
	var result any = false
	for _, item := range items {
		switch equal(a, item) {
		case true:
			return true, nil
		case nil:
			result = nil
		}
	}
	return result, nil
}
