package cypher

import (
	"strings"
)

type aggregateOp uint8

const (
	aggregateCount aggregateOp = iota
	aggregateSum
	aggregateAvg
	aggregateMin
	aggregateMax
	aggregateCollect
)

func aggregateKind(name string) (aggregateOp, bool) {
	switch strings.ToLower(name) {
	case "count":
		return aggregateCount, true
	case "sum":
		return aggregateSum, true
	case "avg":
		return aggregateAvg, true
	case "min":
		return aggregateMin, true
	case "max":
		return aggregateMax, true
	case "collect":
		return aggregateCollect, true
	}
	return 0, false
}

// aggregate is an aggregation over the rows of a group. The projection puts
// its result into a slot of its own before other expressions look there.
type aggregate struct {
	kind     aggregateOp
	of       expr // nil: count(*)
	distinct bool
	slot     int
}

func (e *aggregate) eval(_ *run, row []any) (any, error) { return row[e.slot], nil }

func (e *aggregate) children() []expr {
	if e.of == nil {
		return nil
	}
	return []expr{e.of}
}

// hasAggregate reports whether e contains an aggregation.
func hasAggregate(e expr) bool {
	if _, ok := e.(*aggregate); ok {
		return true
	}
	for _, child := range e.children() {
		if hasAggregate(child) {
			return true
		}
	}
	return false
}

// tally is one aggregation's state for one group. Nulls do not count.
type tally struct {
	of    *aggregate
	seen  map[string]bool // DISTINCT
	count int64
	value any // sum, least, greatest
	items []any
}

func (t *tally) add(x *run, row []any) error {
	if t.of.of == nil {
		t.count++
		return nil
	}
	v, err := t.of.of.eval(x, row)
	if v == nil || err != nil {
		return err
	}
	if t.of.distinct {
		if key := string(appendKey(nil, v)); !t.seen[key] {
			if t.seen == nil {
				t.seen = make(map[string]bool)
			}
			t.seen[key] = true
		} else {
			return nil
		}
	}
	t.count++
	return t.take(v)
}

func (t *tally) take(v any) (err error) {
	switch t.of.kind {
	case aggregateSum, aggregateAvg:
		if _, ok := number(v); !ok {
			return failed("Only numbers can be summed up, not %s.", typeName(v))
		}
		if t.value == nil {
			t.value = v
		} else {
			t.value, err = calculate("+", t.value, v)
		}
	case aggregateMin, aggregateMax:
		if t.value == nil {
			t.value = v
			_, err = order("<", v, v)
			return err
		}
		op := "<"
		if t.of.kind == aggregateMax {
			op = ">"
		}
		var better any
		if better, err = order(op, v, t.value); better == true {
			t.value = v
		}
	case aggregateCollect:
		t.items = append(t.items, v)
	}
	return err
}

func (t *tally) result() any {
	switch t.of.kind {
	case aggregateCount:
		return t.count
	case aggregateSum:
		if t.value == nil {
			return int64(0)
		}
	case aggregateAvg:
		if sum, ok := number(t.value); ok {
			return sum / float64(t.count)
		}
	case aggregateCollect:
		return append([]any{}, t.items...)
	}
	return t.value
}

// group is the rows that agree in everything that is not aggregated.
type group struct {
	row     []any // its first one
	tallies []tally
}

func newGroup(row []any, aggregates []*aggregate) *group {
	g := &group{row: row, tallies: make([]tally, len(aggregates))}
	for i, a := range aggregates {
		g.tallies[i].of = a
	}
	return g
}

func (g *group) add(x *run, row []any) error {
	for i := range g.tallies {
		if err := g.tallies[i].add(x, row); err != nil {
			return err
		}
	}
	return nil
}

// finish returns the group's row with all results in their slots.
func (g *group) finish() []any {
	for i := range g.tallies {
		g.row[g.tallies[i].of.slot] = g.tallies[i].result()
	}
	return g.row
}
