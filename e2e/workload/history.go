package workload

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Outcome is how an operation ended at its client.
type Outcome int

// The outcomes.
const (
	// Acknowledged: the transaction ended without an error.
	Acknowledged Outcome = iota
	// Unknown: it ended with an error at its commit; the write may have happened or not.
	Unknown
	// Failed: it ended with an error before its commit was asked for, or the answer to
	// that was that it was aborted: the write did not happen.
	Failed
)

// Write is one write of the history.
type Write struct {
	Client     string
	ID         int64
	Explicit   bool
	Start, End time.Time
	Outcome    Outcome
	Err        string
}

// Read is one read through the read gateway, in a managed transaction.
type Read struct {
	Client string
	// Reader tells the readers apart that wait for their own answers. Reads at a
	// rate belong to none: 0, too.
	Reader int
	// Stream: of many records, which were all there and in order.
	Stream bool
	// Records is how many came; of a scan, how many nodes were counted.
	Records    int
	Start, End time.Time
	Err        string
}

// Connection is one new client: connected, one managed transaction, closed.
type Connection struct {
	Client     string
	Gateway    string
	Start, End time.Time
	// Answered: its query was answered. An error after that is the loss of a
	// connection that had been served, as when its instance died.
	Answered bool
	Err      string
}

// History is everything that the clients saw, in the order in which it ended.
type History struct {
	Writes      []Write
	Reads       []Read
	Connections []Connection
}

func (h History) clone() History {
	return History{slices.Clone(h.Writes), slices.Clone(h.Reads), slices.Clone(h.Connections)}
}

// Merge makes one history of those of several clients. It is an error if two of
// them wrote the same id, since nobody could tell whose write is lost.
func Merge(histories ...History) (History, error) {
	var all History
	by := map[int64]string{}
	for _, h := range histories {
		for _, w := range h.Writes {
			if other, taken := by[w.ID]; taken {
				return History{}, fmt.Errorf("%s and %s both wrote id %d: give each client a range of ids of its own (FirstID)", other, w.Client, w.ID)
			}
			by[w.ID] = w.Client
		}
		all.Writes = append(all.Writes, h.Writes...)
		all.Reads = append(all.Reads, h.Reads...)
		all.Connections = append(all.Connections, h.Connections...)
	}
	slices.SortStableFunc(all.Writes, func(a, b Write) int { return a.End.Compare(b.End) })
	slices.SortStableFunc(all.Reads, func(a, b Read) int { return a.End.Compare(b.End) })
	slices.SortStableFunc(all.Connections, func(a, b Connection) int { return a.End.Compare(b.End) })
	return all, nil
}

// Acknowledged counts the acknowledged writes.
func (h History) Acknowledged() int { return h.count(Acknowledged) }

// Unknown counts the writes of which nobody knows whether they happened.
func (h History) Unknown() int { return h.count(Unknown) }

// WriteLatency is how long the writes took that were acknowledged since a time.
func (h History) WriteLatency(since time.Time) (d Distribution) {
	for _, w := range h.Writes {
		if w.Outcome == Acknowledged && w.End.After(since) {
			d = append(d, w.End.Sub(w.Start))
		}
	}
	return d
}

func (h History) count(o Outcome) int {
	n := 0
	for _, w := range h.Writes {
		if w.Outcome == o {
			n++
		}
	}
	return n
}

// Check compares the history with the ids that an instance holds: every
// acknowledged write is there once, and nothing that nobody tried to write or that
// nobody tried to commit.
func (h History) Check(found []int64) error {
	there := map[int64]int{}
	for _, id := range found {
		there[id]++
	}
	var lost, doubled, uncommitted []int64
	for _, w := range h.Writes {
		switch n := there[w.ID]; {
		case n == 0 && w.Outcome == Acknowledged:
			lost = append(lost, w.ID)
		case n > 1:
			doubled = append(doubled, w.ID)
		case n == 1 && w.Outcome == Failed:
			uncommitted = append(uncommitted, w.ID)
		}
		delete(there, w.ID)
	}
	invented := slices.Sorted(maps.Keys(there))
	if len(lost)+len(doubled)+len(uncommitted)+len(invented) == 0 {
		return nil
	}
	return fmt.Errorf("of %d acknowledged writes %d are lost %v, %d are there more than once %v; %d ids were never written %v, %d never committed %v",
		h.Acknowledged(), len(lost), head(lost), len(doubled), head(doubled), len(invented), head(invented), len(uncommitted), head(uncommitted))
}

func head(ids []int64) []int64 { return ids[:min(len(ids), 10)] }

// ReadsFailedInARow is the longest row of failed reads of one reader.
func (h History) ReadsFailedInARow() int {
	type reader struct {
		client string
		number int
	}
	rows, longest := map[reader]int{}, 0
	reads := slices.Clone(h.Reads)
	slices.SortFunc(reads, func(a, b Read) int { return a.End.Compare(b.End) })
	for _, r := range reads {
		who := reader{r.Client, r.Reader}
		if r.Err == "" {
			rows[who] = 0
			continue
		}
		rows[who]++
		longest = max(longest, rows[who])
	}
	return longest
}

// FailedConnections lists the new clients that were not served.
func (h History) FailedConnections() []Connection {
	return slices.DeleteFunc(slices.Clone(h.Connections), func(c Connection) bool { return c.Err == "" || c.Answered })
}

// Errors counts the errors of all clients by their text.
func (h History) Errors() map[string]int {
	errors := h.ManagedErrors()
	for _, w := range h.Writes {
		if w.Err != "" && w.Explicit {
			errors["explicit write: "+kind(w.Err)]++
		}
	}
	return errors
}

// ManagedErrors counts, by their text, the errors that managed transactions
// returned: what an application sees that leaves it to the driver to try again.
func (h History) ManagedErrors() map[string]int {
	errors := map[string]int{}
	for _, w := range h.Writes {
		if w.Err != "" && !w.Explicit {
			errors["write: "+kind(w.Err)]++
		}
	}
	for _, r := range h.Reads {
		if r.Err != "" && r.Stream {
			errors["stream: "+kind(r.Err)]++
		} else if r.Err != "" {
			errors["read: "+kind(r.Err)]++
		}
	}
	for _, c := range h.Connections {
		if c.Err != "" {
			errors["new client: "+kind(c.Err)]++
		}
	}
	return errors
}

// ports are what differs between two errors of one sort.
var ports = regexp.MustCompile(`:\d+`)

// kind shortens an error to what does not differ between two of its sort.
func kind(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return ports.ReplaceAllString(text[:min(len(text), 160)], "")
}
