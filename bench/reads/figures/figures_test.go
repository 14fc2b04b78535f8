package figures

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/ratio"
)

// pair is one that counts, with two replicas that share the reads in the ratio of a to b.
func pair(load Load, number int, a, b float64) Pair {
	p := Pair{
		Run: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Replicas: 2, Load: load, Number: number, Limit: 0.1, Main: "m-0",
		Write: Window{
			Reads: Answers{N: 600, Rate: 100, Mean: 40, P50: 30, P99: 90}, Writes: Answers{N: 60, Mean: 50},
			Used: map[string]float64{"m-0": 0.098, "m-1": 0.006, "m-2": 0.006}, Idle: 0.4,
		},
		Read: Window{
			Reads: Answers{N: 1200, Rate: 200, Mean: 20, P50: 20, P99: 45}, Writes: Answers{N: 60, Mean: 25},
			Used: map[string]float64{"m-0": 0.02, "m-1": 0.006 + a, "m-2": 0.006 + b}, Idle: 0.3,
		},
	}
	p.Write.Clients = map[string]Answers{"go": p.Write.Reads}
	p.Read.Clients = map[string]Answers{"go": p.Read.Reads}
	if load == Equal {
		p.Target = 100
	}
	return p
}

func run() (pairs []Pair) {
	for n := range ratio.Fewest {
		pairs = append(pairs, pair(Saturation, n+1, 0.09, 0.09), pair(Equal, n+1, 0.0219, 0.0181))
	}
	return pairs
}

func TestResultsAreRatiosWithinPairs(t *testing.T) {
	results, err := Results(run())
	require.NoError(t, err)
	require.Len(t, results, 1)
	r := results[0]
	twice, half := ratio.Estimate{Median: 2, Low: 2, High: 2, N: 6}, ratio.Estimate{Median: 0.5, Low: 0.5, High: 0.5, N: 6}
	require.Equal(t, twice, r.Throughput)
	require.Equal(t, half, r.Latency)
	require.Equal(t, half, r.Writes)
	require.Equal(t, ByClient{twice, half}, r.ByClient["go"])
	require.InDelta(t, 1.095, r.Spread.Median, 1e-9, "what replicas use without readers is no load")
	require.InDelta(t, 0.96, r.Least, 1e-9)
	require.Empty(t, Faults(results))
	for _, v := range Judge(results) {
		require.True(t, v.Reached(), v.Goal.Measure)
	}
}

func TestAPairIsVoidWhoseWindowsSayNothingOfTheGateways(t *testing.T) {
	for name, c := range map[string]struct {
		load   Load
		change func(*Pair)
		why    string
	}{
		"nothing":                     {Saturation, func(*Pair) {}, ""},
		"busy, but at the limit":      {Saturation, func(p *Pair) { p.Read.Idle = 0 }, ""},
		"busy and below the limit":    {Saturation, func(p *Pair) { p.Read.Idle, p.Read.Used["m-2"] = 0, 0.05 }, "only 0 % of the machine was idle through the read gateway"},
		"below the limit, with time":  {Saturation, func(p *Pair) { p.Read.Used["m-2"] = 0.05 }, ""},
		"the main was not saturated":  {Saturation, func(p *Pair) { p.Write.Used["m-0"] = 0.05 }, "it was not the bottleneck"},
		"busy at equal load":          {Equal, func(p *Pair) { p.Write.Idle = 0.09 }, "only 9 % of the machine was idle through the write gateway"},
		"less than the intended rate": {Equal, func(p *Pair) { p.Read.Reads.Rate = 80 }, "80 of 100 reads/s through the read gateway"},
		"no writes beside":            {Equal, func(p *Pair) { p.Read.Writes.N = 0 }, "0 writes through the read gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pair(c.load, 1, 0.09, 0.09)
			c.change(&p)
			void := p.Judged().Void
			if c.why == "" {
				require.Empty(t, void)
				return
			}
			require.Contains(t, void, c.why)
		})
	}
}

func TestARatioWithoutABaselineFailsTheRun(t *testing.T) {
	pairs := run()
	pairs[2].Write.Reads.Rate = 0
	results, err := Results(pairs)
	require.ErrorContains(t, err, "2 replicas: reads at saturation: round 2 has no baseline")
	require.Contains(t, Faults(results), "2 replicas: reads answered: not measured; the gate is 1.6 times")
	pairs = run()
	pairs[2].Void = "disturbed"
	_, err = Results(pairs)
	require.ErrorContains(t, err, "5 rounds are too few")
	_, err = Results(nil)
	require.Error(t, err)
}

func TestTheGateNamesWhatFellShort(t *testing.T) {
	pairs := run()
	for i := range pairs {
		pairs[i].Read.Reads.Rate = 150
		pairs[i].Read.Writes.Mean = 60
	}
	pairs[0].Read.Reads.Errors = 1
	results, err := Results(pairs)
	require.NoError(t, err)
	require.Equal(t, []string{
		"2 replicas: reads answered: 1.50 (1.50-1.50); the gate is 1.6 times",
		"2 replicas: latency of writes: 1.20 (1.20-1.20); the gate is not above 1 for certain",
		"2 replicas: 1 reads and writes failed",
	}, Faults(results))
}

func TestOnlyTheLastRunCounts(t *testing.T) {
	before := run()
	for i := range before {
		before[i].Run = before[i].Run.Add(-time.Hour)
	}
	require.Equal(t, run(), LastRun(append(before, run()...)))
}

func TestTheBookKeepsWhatWasAdded(t *testing.T) {
	book := Book{Path: filepath.Join(t.TempDir(), "new", "reads.jsonl")}
	_, err := book.Pairs()
	require.Error(t, err)
	for _, p := range run() {
		require.NoError(t, book.Add(p))
	}
	pairs, err := book.Pairs()
	require.NoError(t, err)
	require.Equal(t, run(), pairs)
}

func TestEffortsCountThePairs(t *testing.T) {
	pairs := run()
	pairs[2].Void = "disturbed"
	require.Equal(t, Effort{Replicas: 2, Load: Saturation, Pairs: 5, Void: 1, Idle: 0.3, Main: 0.98}, Efforts(pairs)[0])
}
