package crowd

import (
	"slices"
	"time"

	"memgraph-controller/e2e/workload"
)

// Times are quantiles of a number of times.
type Times struct {
	N                   int
	P50, P99, P999, Max time.Duration
}

// TimesOf looks at every single time; none is estimated.
func TimesOf(all []time.Duration) Times {
	slices.Sort(all)
	q := func(share float64) time.Duration { return workload.Quantile(all, share) }
	return Times{N: len(all), P50: q(0.5), P99: q(0.99), P999: q(0.999), Max: q(1)}
}
