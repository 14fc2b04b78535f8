package workload

import (
	"fmt"
	"slices"
	"time"
)

// Distribution is measured durations, in any order.
type Distribution []time.Duration

// Quantile returns the value that a share q of all do not exceed; 0 where there
// are none.
func (d Distribution) Quantile(q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	rank := int(q*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(rank, 0), len(sorted)-1)]
}

// Max returns the longest.
func (d Distribution) Max() time.Duration { return d.Quantile(1) }

// String is the line that goes into logs and tables.
func (d Distribution) String() string {
	round := func(q float64) time.Duration {
		v := d.Quantile(q)
		if v < 10*time.Millisecond {
			return v.Round(100 * time.Microsecond)
		}
		return v.Round(time.Millisecond)
	}
	return fmt.Sprintf("n=%d p50=%s p99=%s max=%s", len(d), round(0.5), round(0.99), round(1))
}
