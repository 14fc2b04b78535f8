package reads

import (
	"slices"
	"time"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/e2e/workload"
)

// answers are the reads that ended in a window. One that counted other than all nodes is
// an error: it was answered by an instance that does not hold them.
func answers(reads []workload.Read, begun, ended time.Time) figures.Answers {
	var took workload.Distribution
	failed := 0
	for _, r := range reads {
		switch {
		case r.End.Before(begun) || !r.End.Before(ended):
		case r.Err != "" || r.Records != nodes:
			failed++
		default:
			took = append(took, r.End.Sub(r.Start))
		}
	}
	return summed(took, failed, ended.Sub(begun))
}

// acknowledgements are the writes that ended in a window.
func acknowledgements(writes []workload.Write, begun, ended time.Time) figures.Answers {
	var took workload.Distribution
	failed := 0
	for _, w := range writes {
		switch {
		case w.End.Before(begun) || !w.End.Before(ended):
		case w.Outcome != workload.Acknowledged:
			failed++
		default:
			took = append(took, w.End.Sub(w.Start))
		}
	}
	return summed(took, failed, ended.Sub(begun))
}

func summed(took workload.Distribution, failed int, within time.Duration) figures.Answers {
	a := figures.Answers{N: len(took), Errors: failed, Rate: float64(len(took)) / within.Seconds()}
	if len(took) == 0 {
		return a
	}
	slices.Sort(took)
	var sum time.Duration
	for _, t := range took {
		sum += t
	}
	a.Mean = milliseconds(sum) / float64(len(took))
	a.P50, a.P99 = milliseconds(workload.Quantile(took, 0.5)), milliseconds(workload.Quantile(took, 0.99))
	return a
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
