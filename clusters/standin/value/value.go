// Package value holds the graph types that travel from the stand-in's query
// engine to its Bolt server, so that neither needs to know the other.
//
// Every other value is a plain Go type: nil, bool, int64, float64, string,
// []byte, []any, map[string]any.
package value

// Node is a vertex as a client sees it.
type Node struct {
	ID     int64
	Labels []string
	Props  map[string]any
}

// Relationship is an edge as a client sees it.
type Relationship struct {
	ID, StartID, EndID int64
	Type               string
	Props              map[string]any
}
