package cypher

import (
	"slices"
)

// scope gives the variables between two projections their places in a row. It
// is complete when the query is parsed; rows are made with its final width.
type scope struct {
	names      map[string]int
	width      int
	aggregates []*aggregate // met while aggregating
	// aggregating is set while the items of a WITH or RETURN are bound.
	aggregating bool
}

func newScope() *scope { return &scope{names: make(map[string]int)} }

// declare gives a new variable a place; without a name nobody else finds it.
func (sc *scope) declare(name string) int {
	slot := sc.width
	sc.width++
	if name != "" {
		sc.names[name] = slot
	}
	return slot
}

func (sc *scope) has(name string) bool {
	_, ok := sc.names[name]
	return ok
}

// newRow returns a copy of a row, wide enough for the scope.
func (sc *scope) newRow(from []any) []any {
	row := make([]any, sc.width)
	copy(row, from)
	return row
}

// bind resolves the variables in e.
func (sc *scope) bind(e expr) error {
	switch e := e.(type) {
	case *variable:
		slot, ok := sc.names[e.name]
		if !ok {
			return semantic("Unbound variable: %s.", e.name)
		}
		e.slot = slot
		return nil
	case *aggregate:
		if !sc.aggregating {
			return semantic("Aggregation functions are only allowed in WITH and RETURN, and not within each other.")
		}
		e.slot = sc.declare("")
		sc.aggregates = append(sc.aggregates, e)
		sc.aggregating = false
		defer func() { sc.aggregating = true }()
	}
	return sc.bindAll(e.children())
}

func (sc *scope) bindAll(list []expr) error {
	for _, e := range list {
		if err := sc.bind(e); err != nil {
			return err
		}
	}
	return nil
}

// slotsOf lists the places that a bound expression reads.
func slotsOf(e expr) []int {
	switch e := e.(type) {
	case *variable:
		return []int{e.slot}
	case *placed:
		return []int{e.slot}
	}
	var slots []int
	for _, child := range e.children() {
		slots = append(slots, slotsOf(child)...)
	}
	return slots
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
