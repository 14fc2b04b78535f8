package workload

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Outcome is how an operation ended at its client.
type Outcome int

// The outcomes.
const (
	// Acknowledged: the transaction function returned without an error.
	Acknowledged Outcome = iota
	// Unknown: it returned an error; the write may have happened or not.
	Unknown
)

// Write is one write of the history.
type Write struct {
	ID         int64
	Start, End time.Time
	Outcome    Outcome
	Err        string
}

// Read is one read through the read gateway.
type Read struct {
	Reader     int
	Start, End time.Time
	Err        string
}

// Connection is one new client: connected, one managed transaction, closed.
type Connection struct {
	Gateway    string
	Start, End time.Time
	// Answered: its query was answered. An error after that is the loss of a
	// connection that had been served, as when its instance died.
	Answered bool
	Err      string
}

// History is everything that the clients saw.
type History struct {
	Writes      []Write
	Reads       []Read
	Connections []Connection
}

// recorder collects a history from many goroutines.
type recorder struct {
	mu sync.Mutex
	h  History
}

func (r *recorder) write(w Write) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Writes = append(r.h.Writes, w)
}

func (r *recorder) read(read Read) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Reads = append(r.h.Reads, read)
}

func (r *recorder) connection(c Connection) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.h.Connections = append(r.h.Connections, c)
}

func (r *recorder) snapshot() History {
	r.mu.Lock()
	defer r.mu.Unlock()
	return History{slices.Clone(r.h.Writes), slices.Clone(r.h.Reads), slices.Clone(r.h.Connections)}
}

// Acknowledged counts the acknowledged writes.
func (h History) Acknowledged() int { return len(h.Writes) - h.Unknown() }

// Unknown counts the writes that ended with an error.
func (h History) Unknown() int {
	n := 0
	for _, w := range h.Writes {
		if w.Outcome == Unknown {
			n++
		}
	}
	return n
}

// Check compares the history with the ids that an instance holds: every
// acknowledged write is there once, and nothing that nobody tried to write.
func (h History) Check(found []int64) error {
	there := map[int64]int{}
	for _, id := range found {
		there[id]++
	}
	var lost, doubled []int64
	for _, w := range h.Writes {
		switch n := there[w.ID]; {
		case n == 0 && w.Outcome == Acknowledged:
			lost = append(lost, w.ID)
		case n > 1:
			doubled = append(doubled, w.ID)
		}
		delete(there, w.ID)
	}
	invented := slices.Sorted(maps.Keys(there))
	if len(lost)+len(doubled)+len(invented) == 0 {
		return nil
	}
	return fmt.Errorf("of %d acknowledged writes %d are lost %v, %d are there more than once %v; %d ids were never written %v",
		h.Acknowledged(), len(lost), head(lost), len(doubled), head(doubled), len(invented), head(invented))
}

func head(ids []int64) []int64 { return ids[:min(len(ids), 10)] }

// Gap is the longest time without an acknowledged write between from and to.
func (h History) Gap(from, to time.Time) time.Duration {
	var acks []time.Time
	for _, w := range h.Writes {
		if w.Outcome == Acknowledged && w.End.After(from) && w.End.Before(to) {
			acks = append(acks, w.End)
		}
	}
	slices.SortFunc(acks, time.Time.Compare)
	longest, last := time.Duration(0), from
	for _, t := range append(acks, to) {
		longest, last = max(longest, t.Sub(last)), t
	}
	return longest
}

// ReadsFailedInARow is the longest row of failed reads of one reader.
func (h History) ReadsFailedInARow() int {
	rows, longest := map[int]int{}, 0
	reads := slices.Clone(h.Reads)
	slices.SortFunc(reads, func(a, b Read) int { return a.End.Compare(b.End) })
	for _, r := range reads {
		if r.Err == "" {
			rows[r.Reader] = 0
			continue
		}
		rows[r.Reader]++
		longest = max(longest, rows[r.Reader])
	}
	return longest
}

// FailedConnections lists the new clients that were not served.
func (h History) FailedConnections() []Connection {
	return slices.DeleteFunc(slices.Clone(h.Connections), func(c Connection) bool { return c.Err == "" || c.Answered })
}

// Errors counts the errors of all clients by their text.
func (h History) Errors() map[string]int {
	errors := map[string]int{}
	for _, w := range h.Writes {
		if w.Err != "" {
			errors["write: "+kind(w.Err)]++
		}
	}
	for _, r := range h.Reads {
		if r.Err != "" {
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
