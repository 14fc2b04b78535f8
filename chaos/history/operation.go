package history

import (
	"fmt"
	"time"

	"memgraph-controller/e2e/workload"
)

// Kind is what an operation does.
type Kind int

// The kinds.
const (
	Read Kind = iota
	Write
	// CompareAndSet writes Value if it finds Old, and answers what it found.
	CompareAndSet
)

// Operation is one operation of one client on one register. A register holds 0 until
// it is first written, and no two operations write the same value to it: so a value
// that is found names the operation that wrote it.
type Operation struct {
	Client int // from 0
	Key    int
	Kind   Kind
	Old    int64 // of a CompareAndSet
	Value  int64 // what a Write or CompareAndSet writes
	// Start is when the operation was asked for, End when its client gave up or had
	// its answer.
	Start, End time.Time
	// Outcome says whether there was an answer. A CompareAndSet that was answered
	// with another value than Old is acknowledged too: it is definite that it wrote
	// nothing. One that is Failed had no effect and says nothing of the register; one
	// that is Unknown may take effect at any time after Start, or never.
	Outcome workload.Outcome
	// Found is what an acknowledged Read or CompareAndSet found.
	Found int64
}

// finds tells whether the operation says what the register held.
func (o Operation) finds() bool { return o.Kind != Write && o.Outcome == workload.Acknowledged }

// Wrote tells whether the operation is known to have written.
func (o Operation) Wrote() bool {
	return o.Outcome == workload.Acknowledged && (o.Kind == Write || o.Kind == CompareAndSet && o.Found == o.Old)
}

func (o Operation) String() string {
	var what string
	switch o.Kind {
	case Read:
		what = "read"
	case Write:
		what = fmt.Sprintf("write %d", o.Value)
	case CompareAndSet:
		what = fmt.Sprintf("set %d to %d", o.Old, o.Value)
	}
	switch {
	case o.Outcome == workload.Unknown:
		return what + ": outcome unknown"
	case o.Outcome == workload.Failed:
		return what + ": failed"
	case o.Kind == Write:
		return what
	case o.Wrote():
		return what + ": done"
	}
	return fmt.Sprintf("%s: found %d", what, o.Found)
}
