package graph

import "fmt"

// Op says what a Delta does. The numbers are part of the binary form.
type Op uint8

const (
	VertexCreate Op = iota + 1 // ID, Names (labels), Props
	VertexDelete               // ID
	LabelAdd                   // ID, Name
	LabelRemove                // ID, Name
	VertexSet                  // ID, Name (key), Value (nil removes)
	EdgeCreate                 // ID, From, To, Name (type), Props
	EdgeDelete                 // ID
	EdgeSet                    // ID, Name (key), Value (nil removes)
	IndexCreate                // Name (label), Names (properties; none: label index)
	IndexDrop                  // Name, Names
	UniqueCreate               // Name (label), Names (properties)
	UniqueDrop                 // Name, Names
)

var opNames = [...]string{
	VertexCreate: "create vertex", VertexDelete: "delete vertex",
	LabelAdd: "add label", LabelRemove: "remove label", VertexSet: "set vertex property",
	EdgeCreate: "create edge", EdgeDelete: "delete edge", EdgeSet: "set edge property",
	IndexCreate: "create index", IndexDrop: "drop index",
	UniqueCreate: "create unique constraint", UniqueDrop: "drop unique constraint",
}

func (op Op) String() string {
	if op > 0 && int(op) < len(opNames) {
		return opNames[op]
	}
	return fmt.Sprintf("op %d", uint8(op))
}

// Delta is one change. Which fields count depends on Op. Deltas are values:
// what they point to is never changed.
type Delta struct {
	Op       Op
	ID       int64
	From, To int64
	Name     string
	Names    []string
	Props    []Property // sorted by key
	Value    any
}

// Property is one key and its value: bool, int64, float64, string, []any or
// map[string]any.
type Property struct {
	Key   string
	Value any
}

// String names the delta and its object, for error messages.
func (d Delta) String() string {
	switch d.Op {
	case IndexCreate, IndexDrop, UniqueCreate, UniqueDrop:
		return fmt.Sprintf("%s on %s", d.Op, schemaName(d.Name, d.Names))
	case LabelAdd, LabelRemove, VertexSet, EdgeSet:
		return fmt.Sprintf("%s %q of %d", d.Op, d.Name, d.ID)
	}
	return fmt.Sprintf("%s %d", d.Op, d.ID)
}
