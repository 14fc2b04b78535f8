// Package ratio compares two things that were measured in pairs.
//
//	r, err := ratio.Of(through, direct) // through[i] and direct[i] are of one pair
//	fmt.Println(r)                      // 2.93 (2.81-3.04)
//
// A ratio within a pair is free of whatever was the same in both of its halves, such as
// the load that others put on the machine. The median of the pairs does not mind one pair
// that was disturbed, and its confidence interval is made of ranks: it supposes nothing of
// how ratios are distributed.
package ratio

import (
	"errors"
	"fmt"
	"math"

	interval "memgraph-controller/bench/ratio"
)

// Ratio is the median of ratios, and between which of them the true median lies with 95 %
// confidence.
type Ratio struct {
	Median, Low, High float64
	Pairs             int
}

// Fewest is how few pairs have an interval.
const Fewest = interval.Fewest

// ErrTooFew says that there are not enough pairs for an interval.
var ErrTooFew = fmt.Errorf("fewer than %d pairs", Fewest)

// Of is the ratio of values to the bases of their pairs. A base that is not above zero is
// an error: no ratio can be made of it.
func Of(values, bases []float64) (Ratio, error) {
	if len(values) != len(bases) {
		return Ratio{}, fmt.Errorf("%d values and %d bases are no pairs", len(values), len(bases))
	}
	if len(values) < Fewest {
		return Ratio{}, fmt.Errorf("%w: %d", ErrTooFew, len(values))
	}
	var ratios []float64
	for i, base := range bases {
		r := values[i] / base
		if base <= 0 || math.IsNaN(r) || math.IsInf(r, 0) {
			return Ratio{}, fmt.Errorf("pair %d: %w: %g", i+1, errBase, base)
		}
		ratios = append(ratios, r)
	}
	middle, err := interval.Middle(ratios)
	return Ratio{Median: middle.Median, Low: middle.Low, High: middle.High, Pairs: middle.N}, err
}

var errBase = errors.New("the base cannot be divided by")

// Median is that of sorted values; of an even number of them, the mean of the two in the
// middle.
func Median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// String shows it with its interval.
func (r Ratio) String() string {
	if r.Pairs == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", r.Median, r.Low, r.High)
}
