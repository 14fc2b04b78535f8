package plots

import (
	"math"
	"slices"
)

// distribution is values in their order, in seconds.
type distribution []float64

func distributionOf(rounds []Round, of func(Round) float64) (d distribution) {
	for _, r := range rounds {
		d = append(d, of(r))
	}
	slices.Sort(d)
	return d
}

// quantile is the smallest value that a share q of all do not exceed: it was
// measured, not interpolated. The 99 % quantile of fewer than 100 values is thus
// their largest. Of no values it is 0.
func (d distribution) quantile(q float64) float64 {
	if len(d) == 0 {
		return 0
	}
	rank := int(math.Ceil(q*float64(len(d)) - 1e-9)) // 0.07 of 100 are 7, not 7.000000000000001
	return d[min(max(rank, 1), len(d))-1]
}

func (d distribution) largest() float64 { return d.quantile(1) }

// over counts the values above a limit.
func (d distribution) over(limit float64) (count int) {
	for _, v := range d {
		if v > limit {
			count++
		}
	}
	return count
}
