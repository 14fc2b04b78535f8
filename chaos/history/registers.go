package history

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"memgraph-controller/e2e/workload"
)

// CheckRegisters tells whether a history is linearizable: nil if it is, a *Violation
// of the first register that is not. timeout bounds the search for each register: one
// that takes longer is an error of its own, neither right nor wrong. (In a bubble of
// testing/synctest time stands still meanwhile, and there is no bound.)
func CheckRegisters(operations []Operation, timeout time.Duration) error {
	registers := map[int][]Operation{}
	for _, o := range operations {
		registers[o.Key] = append(registers[o.Key], o)
	}
	for _, key := range slices.Sorted(maps.Keys(registers)) {
		register := registers[key]
		if err := wellFormed(register); err != nil {
			return fmt.Errorf("register %d: %w", key, err)
		}
		switch porcupine.CheckOperationsTimeout(model(), settle(register), timeout) {
		case porcupine.Illegal:
			return newViolation(operations, register, timeout)
		case porcupine.Unknown:
			return fmt.Errorf("register %d: %d operations are too many to judge within %v", key, len(register), timeout)
		}
	}
	return nil
}

// wellFormed checks what the search relies on.
func wellFormed(register []Operation) error {
	written := map[int64]bool{0: true}
	for _, o := range register {
		if o.End.Before(o.Start) {
			return fmt.Errorf("an operation of client %d ends before it begins: %s", o.Client, o)
		}
		if o.Kind == Read {
			continue
		}
		if written[o.Value] {
			return fmt.Errorf("the value %d is written twice, or is the initial one", o.Value)
		}
		written[o.Value] = true
	}
	return nil
}

// effect is what an operation says of its register and does to it. A register's
// state is the effect that wrote it last.
type effect struct {
	operation     Operation
	finds, writes bool
}

// settle leaves the operations that are known to have taken effect, each with a time
// by which it had.
//
// An operation whose outcome is unknown may take effect at any time from its start to
// infinity. Were it given that end, it would overlap everything after it, and each one
// would double the search: a schedule with six faults leaves twenty. But since values
// are unique, every one of them can be settled, without any loss:
//
//   - Nobody found its value: it may as well never have happened. In an order with it,
//     nothing between it and the next write depends on it, so the order is right
//     without it too.
//   - Somebody found its value: it did happen, before that answer was there.
//
// The same goes for what an unknown compare-and-set found when it is known to have
// happened: the value that it was to replace.
func settle(register []Operation) []porcupine.Operation {
	unknown := map[int64]Operation{} // by what they write
	for _, o := range register {
		if o.Outcome == workload.Unknown && o.Kind != Read {
			unknown[o.Value] = o
		}
	}
	happened := map[int64]time.Time{} // by then
	var found func(value int64, by time.Time)
	found = func(value int64, by time.Time) {
		o, ok := unknown[value]
		if known, again := happened[value]; !ok || again && !by.Before(known) {
			return
		}
		happened[value] = by
		if o.Kind == CompareAndSet {
			found(o.Old, by)
		}
	}
	for _, o := range register {
		if o.finds() {
			found(o.Found, o.End)
		}
	}

	settled := make([]porcupine.Operation, 0, len(register))
	for _, o := range register {
		e := &effect{operation: o, finds: o.finds(), writes: o.Wrote()}
		end := o.End
		if o.Outcome != workload.Acknowledged {
			by, did := happened[o.Value]
			if o.Outcome == workload.Failed || o.Kind == Read || !did {
				continue
			}
			e.writes, e.finds, e.operation.Found = true, o.Kind == CompareAndSet, o.Old
			end = by
			if by.Before(o.Start) {
				end = o.Start // it was found before it was asked for, and comes after that
			}
		}
		settled = append(settled, porcupine.Operation{ClientId: o.Client, Input: e, Call: o.Start.UnixNano(), Return: end.UnixNano()})
	}
	return settled
}

// model is one register. Effects are compared by their addresses.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return &effect{} },
		Step: func(state, input, _ any) (bool, any) {
			s, e := state.(*effect), input.(*effect)
			switch {
			case e.finds && e.operation.Found != s.operation.Value:
				return false, state
			case e.writes:
				return true, e
			}
			return true, s
		},
		DescribeOperation: func(input, _ any) string { return input.(*effect).operation.String() },
		DescribeState:     func(state any) string { return fmt.Sprint(state.(*effect).operation.Value) },
	}
}
