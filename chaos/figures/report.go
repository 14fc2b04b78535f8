package figures

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"memgraph-controller/e2e/workload"
)

// Sum adds rounds up.
type Sum struct {
	Rounds, Failed, Void int
	// Failovers are the changes of the main, Kinds the same by their kind.
	Failovers, False int
	Kinds            map[string]int

	Acknowledged, Unknown, Lost    int
	Connections, ConnectionsFailed int
	ManagedErrors, SessionsCut     int
	Diverged                       int
	WriteGaps, ReadGaps            workload.Distribution
}

// Add adds rounds up. Void ones count as rounds and for nothing else.
func Add(rounds []Round) Sum {
	s := Sum{Kinds: map[string]int{}}
	for _, r := range rounds {
		s.Rounds++
		switch r.Verdict {
		case Void:
			s.Void++
			continue
		case Failed:
			s.Failed++
		}
		s.Failovers += len(r.Failovers)
		for _, f := range r.Failovers {
			s.Kinds[f.Kind]++
		}
		s.False += r.False
		s.Acknowledged += r.Acknowledged
		s.Unknown += r.Unknown
		s.Lost += r.Lost
		s.Connections += r.Connections
		s.ConnectionsFailed += r.ConnectionsFailed
		for _, n := range r.ManagedErrors {
			s.ManagedErrors += n
		}
		s.SessionsCut += r.SessionsCut
		s.Diverged += len(r.Diverged)
		s.WriteGaps = append(s.WriteGaps, seconds(r.WriteGap))
		s.ReadGaps = append(s.ReadGaps, seconds(r.ReadGap))
	}
	return s
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Title names what rounds are grouped by: the fault, how long it was held, and the way
// where that is not the native one.
func (r Round) Title() string {
	title := r.Fault
	if r.Hold > 0 {
		title += fmt.Sprintf(", %g s", r.Hold)
	}
	if r.Way == Mesh {
		title += " (mesh)"
	}
	return title
}

// Report is the page for people: the sum of everything, and a line for each fault.
func Report(rounds []Round) string {
	groups := map[string][]Round{}
	for _, r := range rounds {
		groups[r.Title()] = append(groups[r.Title()], r)
	}
	all := Add(rounds)
	var b strings.Builder
	fmt.Fprintf(&b, "%d rounds (%d failed, %d void), %d failovers (%s), %d of them false.\n", all.Rounds, all.Failed, all.Void, all.Failovers, kinds(all.Kinds), all.False)
	fmt.Fprintf(&b, "%d writes acknowledged, %d of them lost, %d of unknown outcome; %d new connections, %d not served; %d errors of managed transactions.\n\n",
		all.Acknowledged, all.Lost, all.Unknown, all.Connections, all.ConnectionsFailed, all.ManagedErrors)
	b.WriteString("Seconds without an acknowledged write, and without an answered read:\n\n")
	b.WriteString("| fault, held | n | write p50 | p99 | max | read p50 | p99 | max | failovers | false | not served | managed errors | unknown | sessions cut | diverged | failed, void |\n")
	b.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, title := range slices.Sorted(maps.Keys(groups)) {
		s := Add(groups[title])
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %d | %d | %d/%d | %d | %d | %d | %d | %d, %d |\n", title, len(s.WriteGaps), quantiles(s.WriteGaps), quantiles(s.ReadGaps),
			s.Failovers, s.False, s.ConnectionsFailed, s.Connections, s.ManagedErrors, s.Unknown, s.SessionsCut, s.Diverged, s.Failed, s.Void)
	}
	return b.String()
}

func quantiles(d workload.Distribution) string {
	return fmt.Sprintf("%.2f | %.2f | %.2f", d.Quantile(0.5).Seconds(), d.Quantile(0.99).Seconds(), d.Max().Seconds())
}

func kinds(counts map[string]int) string {
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		list = append(list, fmt.Sprintf("%d %s", counts[kind], kind))
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
