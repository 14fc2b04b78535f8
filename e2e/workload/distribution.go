package workload

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Distribution is measured durations, in any order.
type Distribution []time.Duration

// Quantile returns the value that a share q of all do not exceed; 0 where there
// are none.
func (d Distribution) Quantile(q float64) time.Duration {
	return Quantile(slices.Sorted(slices.Values(d)), q)
}

// Quantile is the smallest of sorted values that a share q of all do not exceed: it was
// measured, not interpolated. The 99 % quantile of fewer than 100 values is thus
// their largest. Of no values it is 0.
func Quantile[T cmp.Ordered](sorted []T, q float64) (value T) {
	if len(sorted) == 0 {
		return value
	}
	rank := int(math.Ceil(q*float64(len(sorted)) - 1e-9)) // 0.07 of 100 are 7, not 7.000000000000001
	return sorted[min(max(rank, 1), len(sorted))-1]
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
