package workload

import (
	"slices"
	"time"
)

// Gap is a time without an acknowledged write.
type Gap struct{ From, To time.Time }

// Duration is how long it lasted.
func (g Gap) Duration() time.Duration { return g.To.Sub(g.From) }

// Gaps lists, in their order, the times between from and to without an
// acknowledged write that lasted at least so long. The edges count as writes.
func (h History) Gaps(from, to time.Time, least time.Duration) []Gap {
	var acks []time.Time
	for _, w := range h.Writes {
		if w.Outcome == Acknowledged && w.End.After(from) && w.End.Before(to) {
			acks = append(acks, w.End)
		}
	}
	slices.SortFunc(acks, time.Time.Compare)
	var gaps []Gap
	last := from
	for _, t := range append(acks, to) {
		if g := (Gap{last, t}); g.Duration() >= least {
			gaps = append(gaps, g)
		}
		last = t
	}
	return gaps
}

// Gap is the longest time without an acknowledged write between from and to.
func (h History) Gap(from, to time.Time) time.Duration {
	longest := time.Duration(0)
	for _, g := range h.Gaps(from, to, 0) {
		longest = max(longest, g.Duration())
	}
	return longest
}
