package graph

import (
	"fmt"
	"strings"
)

// UniqueError means that a commit would break a unique constraint.
type UniqueError struct {
	Label string
	Props []string
}

func (e *UniqueError) Error() string {
	return "Unable to commit due to unique constraint violation on " + schemaName(e.Label, e.Props)
}

// schemaName writes an index or constraint as Memgraph does.
func schemaName(label string, props []string) string {
	if len(props) == 0 {
		return ":" + label
	}
	return fmt.Sprintf(":%s(%s)", label, strings.Join(props, ", "))
}

// checkUnique looks for another vertex with the values of one that the
// transaction wrote. It needs the lock.
func (tx *Tx) checkUnique() error {
	if len(tx.st.indexes) == 0 {
		return nil
	}
	for _, e := range tx.touched {
		v, ok := e.(*Vertex)
		if !ok {
			continue
		}
		for _, label := range v.head.labels {
			for _, x := range tx.st.indexes[label] {
				if x.unique && x.clashes(v) {
					return &UniqueError{Label: x.label, Props: x.props}
				}
			}
		}
	}
	return nil
}

// clashes reports whether a vertex other than v has, or is about to have, the
// values of v's newest version.
func (x *index) clashes(v *Vertex) bool {
	value, ok := x.key(v.head)
	if !ok {
		return false
	}
	clash := false
	x.entries.ascend(byValue{value: value}, func(other byValue) bool {
		if Compare(other.value, value) != 0 {
			return false
		}
		clash = other.v != v && x.holds(other.v, value, v.head.by)
		return !clash
	})
	return clash
}

// holds reports whether v counts as having that value for the transaction with
// stamp me. Its own versions count as they are. Of others counts what is
// committed and, since they may end either way, also what is sealed. What is
// still open counts not at all: its own Seal will find the clash.
func (x *index) holds(v *Vertex, value any, me *stamp) bool {
	for n := v.head; n != nil; n = n.prev {
		if n.by == me || n.by.sealed || n.by.seq != 0 {
			if key, ok := x.key(n); ok && Compare(key, value) == 0 {
				return true
			}
		}
		if n.by == me || n.by.seq != 0 {
			return false
		}
	}
	return false
}
