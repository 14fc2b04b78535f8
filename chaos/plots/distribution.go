package plots

import (
	"slices"

	"memgraph-controller/e2e/workload"
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

func (d distribution) quantile(q float64) float64 { return workload.Quantile(d, q) }

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
