package plots

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Way is how a fault was made. One that does not say is native.
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

// Round is what one round of the chaos suite says: one fault in one cluster under
// load, from its injection until the cluster was whole again. Times are in seconds.
type Round struct {
	// Fault is its name, the same for all rounds of it.
	Fault string `json:"fault"`
	Way   Way    `json:"way,omitempty"`
	// Hold is how long the fault was left to act before it was healed; 0 for one that
	// heals by itself.
	Hold   float64 `json:"hold_seconds"`
	Number int     `json:"number"`
	// Seed is that of the run which chose the round.
	Seed    uint64    `json:"seed,omitempty"`
	Began   time.Time `json:"began"`
	Verdict Verdict   `json:"verdict"`
	Why     string    `json:"why,omitempty"` // it did not pass

	// Acted is when the fault was seen to act, and Whole when everything had healed,
	// both from the beginning.
	Acted float64 `json:"acted_seconds"`
	Whole float64 `json:"whole_seconds"`
	// WriteGap and ReadGap are the longest times without an acknowledged write and
	// without an answered read.
	WriteGap float64 `json:"write_gap_seconds"`
	ReadGap  float64 `json:"read_gap_seconds"`

	// Acknowledged and Unknown are writes by outcome; Bound is what the number of the
	// unknown ones was held against, the commits in flight. Lost are acknowledged ones
	// that were not there in the end.
	Acknowledged int `json:"acknowledged"`
	Unknown      int `json:"unknown"`
	Bound        int `json:"unknown_bound"`
	Lost         int `json:"lost,omitempty"`

	Connections       int `json:"connections"`
	ConnectionsFailed int `json:"connections_failed"`
	// ManagedErrors are those that managed transactions showed to their callers, by
	// what they say, with how often each was seen.
	ManagedErrors map[string]int `json:"managed_errors,omitempty"`
	SessionsCut   int            `json:"sessions_cut"`

	// Failovers are the changes of the main, and False how many of them should not
	// have been.
	Failovers []Failover `json:"failovers,omitempty"`
	False     int        `json:"false_failovers"`
	// Diverged are instances that were refused or quarantined meanwhile.
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

// longestLine bounds a line; the texts of errors are what can make one long.
const longestLine = 1 << 20

// Read reads a file of rounds. What a line says has to be known in full: a field of
// another name would be a number that is silently missing.
func Read(r io.Reader) (rounds []Round, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		round, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		rounds = append(rounds, round)
	}
	return rounds, lines.Err()
}

func parse(line []byte) (r Round, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, err
	}
	r.Way = cmp.Or(r.Way, Native)
	return r, r.check()
}

// check refuses what no round can have said.
func (r Round) check() error {
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

// title names what rounds are grouped by: the fault, how long it was held, and the
// way where that is not the native one.
func (r Round) title() string {
	title := r.Fault
	if r.Hold > 0 {
		title += fmt.Sprintf(", %g s", r.Hold)
	}
	if r.Way == Mesh {
		title += " (mesh)"
	}
	return title
}
