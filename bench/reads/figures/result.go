package figures

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"memgraph-controller/bench/ratio"
)

// Result is what the pairs of one number of replicas say: ratios of the read gateway to
// the write gateway.
type Result struct {
	Replicas int
	// Throughput is of answered reads at saturation.
	Throughput ratio.Estimate
	// Latency, P50 and P99 are of the mean, the median and the 99 % quantile of a read's
	// time at equal load, and Writes of the mean time of a write beside it. BusyWrites
	// is the same at saturation.
	Latency, P50, P99, Writes, BusyWrites ratio.Estimate
	// ByClient is Throughput and Latency of the clients of each language.
	ByClient map[string]ByClient
	// Spread is what the busiest replica did for readers to the mean of all, at equal load,
	// where no limit evens it out.
	Spread ratio.Estimate
	// Least is what the least busy replica used of its limit at saturation, 0 to 1: the
	// control that replicas were the bottleneck, and neither clients nor gateways.
	Least float64
	// Errors are reads and writes that failed, Void the pairs that do not count.
	Errors, Void int
	// Reads and Alone are the reads per second at saturation through the read and the
	// write gateway: medians, for people.
	Reads, Alone float64
}

// ByClient is what the clients of one language saw.
type ByClient struct {
	Throughput, Latency ratio.Estimate
}

// Results are those of all numbers of replicas, in their order. An error says which of
// their ratios cannot be computed; the others can be shown, but the run has failed.
func Results(pairs []Pair) (results []Result, err error) {
	of := map[int][]Pair{}
	for _, p := range pairs {
		of[p.Replicas] = append(of[p.Replicas], p)
	}
	if len(of) == 0 {
		return nil, errors.New("there are no pairs")
	}
	for _, replicas := range slices.Sorted(maps.Keys(of)) {
		r, failed := resultOf(replicas, of[replicas])
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%d replicas: %w", replicas, failed))
		}
		results = append(results, r)
	}
	return results, err
}

func resultOf(replicas int, pairs []Pair) (Result, error) {
	counting := Counting(pairs)
	r := Result{Replicas: replicas, Void: len(pairs) - len(counting), ByClient: map[string]ByClient{}}
	var busy, equal []Pair
	for _, p := range counting {
		if p.Load == Saturation {
			busy = append(busy, p)
		} else {
			equal = append(equal, p)
		}
		r.Errors += p.Write.errors() + p.Read.errors()
	}
	var failures []error
	take := func(into *ratio.Estimate, what string, pairs []Pair, of func(Window) float64) {
		var err error
		if *into, err = compare(pairs, of); err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", what, err))
		}
	}
	take(&r.Throughput, "reads at saturation", busy, func(w Window) float64 { return w.Reads.Rate })
	take(&r.BusyWrites, "writes at saturation", busy, func(w Window) float64 { return w.Writes.Mean })
	take(&r.Latency, "reads at equal load", equal, func(w Window) float64 { return w.Reads.Mean })
	take(&r.P50, "median read at equal load", equal, func(w Window) float64 { return w.Reads.P50 })
	take(&r.P99, "slow reads at equal load", equal, func(w Window) float64 { return w.Reads.P99 })
	take(&r.Writes, "writes at equal load", equal, func(w Window) float64 { return w.Writes.Mean })
	for _, client := range clientsOf(counting) {
		var c ByClient
		take(&c.Throughput, client+" reads at saturation", busy, func(w Window) float64 { return w.Clients[client].Rate })
		take(&c.Latency, client+" reads at equal load", equal, func(w Window) float64 { return w.Clients[client].Mean })
		r.ByClient[client] = c
	}
	var err error
	if r.Spread, err = spread(equal); err != nil {
		failures = append(failures, fmt.Errorf("spread: %w", err))
	}
	r.Least = median(busy, func(p Pair) float64 { return p.least(p.throughRead()) })
	r.Reads = median(busy, func(p Pair) float64 { return p.Read.Reads.Rate })
	r.Alone = median(busy, func(p Pair) float64 { return p.Write.Reads.Rate })
	return r, errors.Join(failures...)
}

// compare is the ratio of the read gateway's windows to the write gateway's.
func compare(pairs []Pair, of func(Window) float64) (ratio.Estimate, error) {
	return inPairs(pairs, func(p Pair) (value, base float64) { return of(p.Read), of(p.Write) })
}

// clientsOf are the languages of all clients.
func clientsOf(pairs []Pair) []string {
	names := map[string]bool{}
	for _, p := range pairs {
		for name := range p.Write.Clients {
			names[name] = true
		}
	}
	return slices.SortedFunc(maps.Keys(names), cmp.Compare[string])
}

// median is that of a figure of pairs, for people: no interval, and of none it is 0.
func median(pairs []Pair, of func(Pair) float64) float64 {
	if len(pairs) == 0 {
		return 0
	}
	var values []float64
	for _, p := range pairs {
		values = append(values, of(p))
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

func (w Window) errors() int { return w.Reads.Errors + w.Writes.Errors }

// spread compares the busiest replica with the mean of all.
func spread(pairs []Pair) (ratio.Estimate, error) {
	return inPairs(pairs, Pair.spread)
}

// inPairs is the ratio of two figures of each pair.
func inPairs(pairs []Pair, of func(Pair) (value, base float64)) (ratio.Estimate, error) {
	values, bases := map[int]float64{}, map[int]float64{}
	for n, p := range pairs {
		values[n+1], bases[n+1] = of(p)
	}
	return ratio.Of(values, bases)
}

// spread is what the busiest replica did for readers, and the mean of all, in cores. What
// a replica uses without readers, for writes and for the controllers' questions, is what it
// used in the other window of the pair.
func (p Pair) spread() (busiest, mean float64) {
	pool := p.pool()
	for _, name := range pool {
		used := p.Read.Used[name] - p.Write.Used[name]
		busiest, mean = max(busiest, used), mean+used/float64(len(pool))
	}
	return busiest, mean
}
