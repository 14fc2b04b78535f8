package figures

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Way is how a fault was made.
type Way string

// The ways: native is through the Kubernetes API, the node's container runtime and
// network namespaces; mesh is through Chaos Mesh.
const (
	Native Way = "native"
	Mesh   Way = "mesh"
)

// Verdict is how a round ended.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	// Void: the fault was not seen to act, or the load was too small before it, so
	// that nothing was proved. It counts as failed, and its numbers count nowhere.
	Void Verdict = "void"
)

// Result is what one round says: one fault in one cluster under load, injected,
// seen to act, healed, and seen to be healed. Its numbers cover the time from the
// injection until the cluster was whole again.
type Result struct {
	// Fault is its name, the same for all rounds that belong into one distribution.
	Fault string `json:"fault"`
	Way   Way    `json:"way"`
	// Hold is for how long the fault stayed before it was healed, in seconds; 0 for
	// one that needs no healing, such as a kill.
	Hold float64 `json:"hold_seconds"`
	// Seed is that of the run which chose the round.
	Seed  int64     `json:"seed"`
	Began time.Time `json:"began"`

	Verdict Verdict `json:"verdict"`
	// Why is set when it did not pass.
	Why string `json:"why,omitempty"`

	// WriteGap and ReadGap are the longest times, in seconds, without an acknowledged
	// write and without an answered read.
	WriteGap float64 `json:"write_gap_seconds"`
	ReadGap  float64 `json:"read_gap_seconds"`
	// Phases is how long, in seconds, each phase of the failover took, by the name that
	// the controller gives to it; of several failovers, that of the longest.
	Phases map[string]float64 `json:"phases_seconds,omitempty"`

	// Connections are the new connections that were tried, FailedConnections those of
	// them that were not served.
	Connections       int `json:"connections"`
	FailedConnections int `json:"connections_failed"`
	// ManagedErrors are those that managed transactions showed to their callers, by
	// text, with how often each was seen.
	ManagedErrors map[string]int `json:"managed_errors,omitempty"`
	SessionsCut   int            `json:"sessions_cut"`

	// Failovers are those that a controller began, FalseFailovers the ones among them
	// that no fault called for: the main that was left was alive and in reach.
	Failovers      int `json:"failovers"`
	FalseFailovers int `json:"failovers_false"`

	// Acknowledged and Unknown are writes by outcome. Lost are acknowledged ones that
	// the main did not hold in the end.
	Acknowledged int `json:"acknowledged"`
	Unknown      int `json:"unknown"`
	Lost         int `json:"lost"`
}

// Append adds a result to a file of them, as one line. The line is handed over in
// one piece, so that a run that ends early leaves whole lines.
func Append(w io.Writer, r Result) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("result of %s: %w", r.Fault, err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

// longestLine bounds a line; the texts of errors are what can make one long.
const longestLine = 1 << 20

// Read reads a file of results. What a line says has to be known in full: a field
// of another name would be a number that is silently missing.
func Read(r io.Reader) (results []Result, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		result, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		results = append(results, result)
	}
	return results, lines.Err()
}

func parse(line []byte) (r Result, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, err
	}
	return r, r.check()
}

// check refuses what no round can have said.
func (r Result) check() error {
	switch {
	case r.Fault == "":
		return errors.New("it names no fault")
	case r.Way != Native && r.Way != Mesh:
		return fmt.Errorf("way %q is neither %s nor %s", r.Way, Native, Mesh)
	case r.Verdict != Passed && r.Verdict != Failed && r.Verdict != Void:
		return fmt.Errorf("verdict %q is none of %s, %s, %s", r.Verdict, Passed, Failed, Void)
	case r.Verdict != Passed && r.Why == "":
		return fmt.Errorf("it is %s and does not say why", r.Verdict)
	case r.WriteGap < 0 || r.ReadGap < 0 || r.Hold < 0:
		return errors.New("a time is negative")
	}
	return nil
}
