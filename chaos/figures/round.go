// Package figures keeps what the chaos suites measured: a line of JSON for each
// round, which later runs add to, and tables for people made of them.
//
//	book := figures.Book{Dir: "out/reports", Name: "chaos"}
//	err := book.Add(figures.Round{Fault: "kill main", Verdict: figures.Passed, WriteGap: 0.41})
//
// writes chaos.jsonl and, anew each time, chaos.md.
package figures

import "time"

// Verdict is how a round ended.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	// Void: the fault was not seen to act, or the load was below its floor, so
	// that nothing was proved. It counts as failed.
	Void Verdict = "void"
)

// Way is how a fault was made.
type Way string

// The ways: native is through the Kubernetes API, the node's container runtime and
// network namespaces; mesh is through Chaos Mesh.
const (
	Native Way = "native"
	Mesh   Way = "mesh"
)

// Round is one fault, from before it until the cluster was whole again. Times are
// in seconds.
type Round struct {
	Fault string `json:"fault"`
	Way   Way    `json:"way,omitempty"` // empty: native
	// Hold is how long the fault was left to act before it was healed; 0 for one
	// that heals by itself.
	Hold    float64   `json:"hold_seconds"`
	Number  int       `json:"number"`
	Seed    uint64    `json:"seed,omitempty"`
	Began   time.Time `json:"began"`
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"` // it did not pass

	// Acted is when the fault was seen to act, and Whole when everything had
	// healed, both from the beginning.
	Acted float64 `json:"acted_seconds"`
	Whole float64 `json:"whole_seconds"`
	// WriteGap and ReadGap are the longest times without an acknowledged write and
	// without an answered read.
	WriteGap float64 `json:"write_gap_seconds"`
	ReadGap  float64 `json:"read_gap_seconds"`

	Acknowledged int `json:"acknowledged"`
	// Unknown is writes of which their clients do not know whether they happened,
	// and Bound what their number was held against: the commits in flight.
	Unknown int `json:"unknown"`
	Bound   int `json:"unknown_bound"`
	// Lost is acknowledged writes that the main does not hold in the end.
	Lost int `json:"lost,omitempty"`

	Connections       int            `json:"connections"`
	ConnectionsFailed int            `json:"connections_failed"`
	ManagedErrors     map[string]int `json:"managed_errors,omitempty"`
	SessionsCut       int            `json:"sessions_cut"`

	// Failovers are the changes of the main, and False how many of them should not
	// have been.
	Failovers []Failover `json:"failovers,omitempty"`
	False     int        `json:"false_failovers"`
	// Returned: a failover ended with the old main, which came back with more than its
	// heir before anybody had written to that.
	Returned bool `json:"returned,omitempty"`
	// Diverged is instances that were refused or quarantined meanwhile. They have
	// healed, or the round would not have ended.
	Diverged []string `json:"diverged,omitempty"`
}

// Failover is one change of the main.
type Failover struct {
	Kind   string `json:"kind"`
	Reason string `json:"reason"`
	From   string `json:"from"`
	To     string `json:"to"`
	// Phases is how long each took.
	Phases map[string]float64 `json:"phases,omitempty"`
}
