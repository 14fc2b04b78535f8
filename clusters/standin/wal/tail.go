package wal

import "sync"

// The tail holds at most so many transactions and bytes of them.
const (
	tailLength = 4096
	tailSize   = 4 << 20
)

// tail keeps the newest transactions of a log in memory, because under steady
// writes a replica that missed a few has to be sent them faster than others
// come: reading a log of some megabytes takes longer than the next commit. The
// zero tail is ready for use; its methods may be called concurrently.
type tail struct {
	mu      sync.Mutex
	entries []tailEntry // oldest first
	size    int
}

type tailEntry struct {
	Identity
	tx Transaction
}

func (t *tail) add(id Identity, tx Transaction) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, tailEntry{id, tx})
	t.size += len(tx.Payload)
	drop := 0
	for len(t.entries)-drop > 1 && (len(t.entries)-drop > tailLength || t.size > tailSize) {
		t.size -= len(t.entries[drop].tx.Payload)
		drop++
	}
	t.entries = t.entries[drop:]
}

func (t *tail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries, t.size = nil, 0
}

// after returns the transactions after ts in segments, one for each epoch; false
// when some of them may be older than the tail.
func (t *tail) after(storage string, ts uint64) ([]Segment, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.entries) == 0 || t.entries[0].Storage != storage || ts < t.entries[0].tx.TS {
		return nil, false
	}
	var segments []Segment
	for _, e := range t.entries {
		if e.tx.TS <= ts {
			continue
		}
		if n := len(segments); n == 0 || segments[n-1].Identity != e.Identity {
			segments = append(segments, Segment{Identity: e.Identity})
		}
		last := &segments[len(segments)-1]
		last.Transactions = append(last.Transactions, e.tx)
	}
	return segments, true
}
