// Package ratio compares two contenders round by round.
//
// A ratio is that of two measurements of the same round, which were taken a second or
// two apart, so that what the machine did meanwhile met both. The median over the
// rounds is reported with the interval that holds the true one with at least 95 %,
// by the ranks of the ratios alone: nothing is assumed of how they are distributed.
package ratio

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// confidence is that of the interval, at least.
const confidence = 0.95

// Fewest is the number of rounds below which no interval has that confidence: of five,
// even the whole range has only 93.75 %.
const Fewest = 6

// Estimate is a median with its interval.
type Estimate struct {
	Median, Low, High float64
	// N is the number of rounds.
	N int
}

// String shows it with its interval.
func (e Estimate) String() string {
	if e.N == 0 {
		return "not measured"
	}
	return fmt.Sprintf("%.2f (%.2f-%.2f)", e.Median, e.Low, e.High)
}

// Median estimates the median of values by round.
func Median(values map[int]float64) (Estimate, error) {
	return Middle(slices.Collect(maps.Values(values)))
}

// Of estimates by which factor values exceed those of the baseline. It is an error
// when a round lacks one of the two: a comparison that leaves out the rounds that
// went wrong says nothing.
func Of(values, baseline map[int]float64) (Estimate, error) {
	var ratios []float64
	for _, round := range slices.Sorted(maps.Keys(values)) {
		base, ok := baseline[round]
		if !ok || base <= 0 {
			return Estimate{}, fmt.Errorf("round %d has no baseline", round)
		}
		ratios = append(ratios, values[round]/base)
	}
	if len(baseline) != len(values) {
		return Estimate{}, fmt.Errorf("%d rounds have a baseline, %d something to compare with it", len(baseline), len(values))
	}
	return Middle(ratios)
}

// Middle is the median of values, which it sorts, with its interval.
func Middle(values []float64) (Estimate, error) {
	if len(values) < Fewest {
		return Estimate{}, fmt.Errorf("%d rounds are too few: %d give a median an interval of %.0f %%", len(values), Fewest, 100*confidence)
	}
	slices.Sort(values)
	n := len(values)
	rank := rankOfLow(n)
	return Estimate{Median: (values[(n-1)/2] + values[n/2]) / 2, Low: values[rank-1], High: values[n-rank], N: n}, nil
}

// rankOfLow is the rank of the lower end of the interval among n values: the last one
// that the median is below with at most half of what the interval may miss, which is
// a matter of n tosses of a coin. The upper end has the same rank from above.
// golang.org/x/perf/benchmath has such an interval too, but a shorter one with uneven
// ends, of which the upper one is nearer: whoever is to be shown to cost less would
// profit from that.
func rankOfLow(n int) (rank int) {
	chance := math.Pow(0.5, float64(n)) // of exactly rank heads
	for sum := chance; sum <= (1-confidence)/2; sum += chance {
		rank++
		chance *= float64(n-rank+1) / float64(rank)
	}
	return rank
}
