package figures

import (
	"cmp"
	"slices"
)

// group is all rounds of one fault, made in one way.
type group struct {
	fault string
	way   Way
	// rounds are those that count; void are the others.
	rounds, void []Result
}

// name tells apart the two ways to a fault. The native one goes without saying.
func (g group) name() string {
	if g.way == Native {
		return g.fault
	}
	return g.fault + " (" + string(g.way) + ")"
}

// grouped puts results into groups, in the order of their names, whatever order
// they come in.
func grouped(results []Result) []group {
	type key struct {
		fault string
		way   Way
	}
	byKey := map[key]*group{}
	for _, r := range results {
		k := key{r.Fault, r.Way}
		g := byKey[k]
		if g == nil {
			g = &group{fault: r.Fault, way: r.Way}
			byKey[k] = g
		}
		if r.Verdict == Void {
			g.void = append(g.void, r)
		} else {
			g.rounds = append(g.rounds, r)
		}
	}
	var groups []group
	for _, g := range byKey {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b group) int { return cmp.Or(cmp.Compare(a.fault, b.fault), -cmp.Compare(a.way, b.way)) })
	return groups
}

// counting are the rounds of all groups that count.
func counting(groups []group) (rounds []Result) {
	for _, g := range groups {
		rounds = append(rounds, g.rounds...)
	}
	return rounds
}

// faultsIn is how many faults rounds are about, in whatever way they were made.
func faultsIn(rounds []Result) int {
	names := map[string]bool{}
	for _, r := range rounds {
		names[r.Fault] = true
	}
	return len(names)
}

// sum adds up a number of rounds.
func sum(rounds []Result, of func(Result) int) (total int) {
	for _, r := range rounds {
		total += of(r)
	}
	return total
}

// The numbers that are added up or distributed.
func writeGap(r Result) float64      { return r.WriteGap }
func readGap(r Result) float64       { return r.ReadGap }
func connections(r Result) int       { return r.Connections }
func failedConnections(r Result) int { return r.FailedConnections }
func sessionsCut(r Result) int       { return r.SessionsCut }
func failovers(r Result) int         { return r.Failovers }
func falseFailovers(r Result) int    { return r.FalseFailovers }
func acknowledged(r Result) int      { return r.Acknowledged }
func unknown(r Result) int           { return r.Unknown }
func lost(r Result) int              { return r.Lost }
func managedErrors(r Result) int     { return total(r.ManagedErrors) }

func total(counts map[string]int) (count int) {
	for _, n := range counts {
		count += n
	}
	return count
}
