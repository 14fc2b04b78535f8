package history

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Violation is a register whose history is not linearizable. Its text shows the core,
// and how far an order of it gets.
type Violation struct {
	Key int
	// Operations is how many the register's history has.
	Operations int
	// Core is a part of them that cannot be true by itself, the earliest that was
	// found, ordered by Start. Without any one operation of it, and those that found
	// what that one wrote, the rest can be true. A compare-and-set stands there as a
	// write where it does not matter what it found.
	Core []Operation

	register []Operation
	begun    time.Time // when the whole history begins
	timeout  time.Duration
}

func newViolation(history, register []Operation, timeout time.Duration) *Violation {
	register = slices.SortedStableFunc(slices.Values(register), func(a, b Operation) int { return a.Start.Compare(b.Start) })
	begun := slices.MinFunc(history, func(a, b Operation) int { return a.Start.Compare(b.Start) }).Start
	return &Violation{
		Key: register[0].Key, Operations: len(register), Core: core(register, timeout),
		register: register, begun: begun, timeout: timeout,
	}
}

// core leaves out whatever does not make the history right. What a compare-and-set
// found is left out before the operations are, once there are few: else it takes all
// those with it, one after another, whose values led to its own.
func core(register []Operation, timeout time.Duration) []Operation {
	register = shrunk(register, timeout)
	for n, o := range register {
		if o.Kind != CompareAndSet || o.finds() && !o.Wrote() {
			continue
		}
		less := slices.Clone(register)
		less[n].Kind, less[n].Old, less[n].Found = Write, 0, 0
		if illegal(less, timeout) {
			register = less
		}
	}
	return shrunk(register, timeout)
}

// shrunk leaves out operations, large parts first and late ones first.
func shrunk(register []Operation, timeout time.Duration) []Operation {
	for size := len(register); size > 0; size /= 2 {
		for to := len(register); to > 0; {
			from := max(to-size, 0)
			rest := without(register, from, to)
			if illegal(rest, timeout) {
				register = rest
			}
			to = min(from, len(register))
		}
	}
	return register
}

func illegal(register []Operation, timeout time.Duration) bool {
	return porcupine.CheckOperationsTimeout(model(), settle(register), timeout) == porcupine.Illegal
}

// without leaves out some operations and all that depend on what these wrote: had the
// history been linearizable, the rest would be.
func without(register []Operation, from, to int) []Operation {
	gone := map[int64]bool{}
	leave := func(o Operation) {
		if o.Kind != Read {
			gone[o.Value] = true
		}
	}
	for _, o := range register[from:to] {
		leave(o)
	}
	rest := slices.Concat(register[:from], register[to:])
	for before := -1; before != len(rest); {
		before = len(rest)
		rest = slices.DeleteFunc(rest, func(o Operation) bool {
			depends := o.finds() && gone[o.Found] || o.Kind == CompareAndSet && gone[o.Old]
			if depends {
				leave(o)
			}
			return depends
		})
	}
	return rest
}

func (v *Violation) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "register %d is not linearizable: %d of its %d operations cannot all be true (begin and end in seconds from the first operation of all):",
		v.Key, len(v.Core), v.Operations)
	for _, o := range v.Core {
		fmt.Fprintf(&text, "\n  %11.6f %11.6f  client %d  %s", o.Start.Sub(v.begun).Seconds(), o.End.Sub(v.begun).Seconds(), o.Client, o)
	}
	fits, rest := v.furthest()
	fmt.Fprintf(&text, "\nin order as far as it goes: %s; no place for: %s", list(fits), list(rest))
	return text.String()
}

// furthest is the longest order of operations of the core, and what has no place in it.
func (v *Violation) furthest() (fits, rest []Operation) {
	settled := settle(v.Core)
	_, info := porcupine.CheckOperationsVerbose(model(), settled, v.timeout)
	var longest []int
	for _, order := range info.PartialLinearizations()[0] {
		if c := cmp.Compare(len(order), len(longest)); c > 0 || c == 0 && slices.Compare(order, longest) < 0 {
			longest = order
		}
	}
	for _, n := range longest {
		fits = append(fits, settled[n].Input.(*effect).operation)
	}
	for n, o := range settled {
		if !slices.Contains(longest, n) {
			rest = append(rest, o.Input.(*effect).operation)
		}
	}
	return fits, rest
}

func list(operations []Operation) string {
	if len(operations) == 0 {
		return "nothing"
	}
	texts := make([]string, len(operations))
	for n, o := range operations {
		texts[n] = fmt.Sprintf("%s (client %d)", o, o.Client)
	}
	return strings.Join(texts, ", ")
}

// WriteHTML writes a picture of the register's whole history to a folder that is
// there, and returns its path. Operations of which nobody knows whether they happened
// are in it only if they did, and end when that was seen.
func (v *Violation) WriteHTML(folder string) (string, error) {
	path := filepath.Join(folder, fmt.Sprintf("register-%d.html", v.Key))
	m := model()
	_, info := porcupine.CheckOperationsVerbose(m, settle(v.register), v.timeout)
	if err := porcupine.VisualizePath(m, info, path); err != nil {
		return "", fmt.Errorf("write a picture of register %d: %w", v.Key, err)
	}
	return path, nil
}
