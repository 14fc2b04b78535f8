package figures

import (
	"cmp"
	"slices"
	"time"

	"memgraph-controller/e2e/workload"
)

// ReadGap is the longest time between from and to in which no read of one record
// was answered. The edges count as answers.
func ReadGap(h workload.History, from, to time.Time) time.Duration {
	answers := []time.Time{to}
	for _, r := range h.Reads {
		if r.Err == "" && !r.Stream && r.End.After(from) && r.End.Before(to) {
			answers = append(answers, r.End)
		}
	}
	slices.SortFunc(answers, time.Time.Compare)
	longest, last := time.Duration(0), from
	for _, at := range answers {
		longest, last = max(longest, at.Sub(last)), at
	}
	return longest
}

// InFlight is the largest number of writes that were under way at one moment
// between from and to: no loss of connections can leave more commits in doubt.
func InFlight(h workload.History, from, to time.Time) int {
	type edge struct {
		at   time.Time
		step int
	}
	var edges []edge
	for _, w := range h.Writes {
		if w.End.After(from) && w.Start.Before(to) {
			edges = append(edges, edge{w.Start, 1}, edge{w.End, -1})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.step, b.step)) })
	open, most := 0, 0
	for _, e := range edges {
		open += e.step
		most = max(most, open)
	}
	return most
}

// Lost lists the writes that were acknowledged and are not among the ids that an
// instance holds, which was asked after the history was taken.
func Lost(h workload.History, held []int64) (lost []workload.Write) {
	there := make(map[int64]bool, len(held))
	for _, id := range held {
		there[id] = true
	}
	for _, w := range h.Writes {
		if w.Outcome == workload.Acknowledged && !there[w.ID] {
			lost = append(lost, w)
		}
	}
	return lost
}

// Fates are what became of the writes of unknown outcome.
type Fates struct{ Committed, Absent int }

// Classify finds out which writes of unknown outcome happened.
func Classify(h workload.History, held []int64) (f Fates) {
	there := make(map[int64]bool, len(held))
	for _, id := range held {
		there[id] = true
	}
	for _, w := range h.Writes {
		switch {
		case w.Outcome != workload.Unknown:
		case there[w.ID]:
			f.Committed++
		default:
			f.Absent++
		}
	}
	return f
}

// Between is the part of a history that ended between two times.
func Between(h workload.History, from, to time.Time) (part workload.History) {
	inside := func(end time.Time) bool { return end.After(from) && !end.After(to) }
	for _, w := range h.Writes {
		if inside(w.End) {
			part.Writes = append(part.Writes, w)
		}
	}
	for _, r := range h.Reads {
		if inside(r.End) {
			part.Reads = append(part.Reads, r)
		}
	}
	for _, c := range h.Connections {
		if inside(c.End) {
			part.Connections = append(part.Connections, c)
		}
	}
	return part
}
