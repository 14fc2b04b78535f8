package plots

import (
	"maps"
	"slices"

	"memgraph-controller/chaos/figures"
)

// Round is what the suite wrote of one round.
type Round = figures.Round

// group is all rounds of one title.
type group struct {
	title string
	// rounds are those that count; void are the others.
	rounds, void []Round
}

// grouped puts rounds into groups, in the order of their titles, whatever order they
// come in.
func grouped(rounds []Round) (groups []group) {
	byTitle := map[string]group{}
	for _, r := range rounds {
		g := byTitle[r.Title()]
		g.title = r.Title()
		if r.Verdict == figures.Void {
			g.void = append(g.void, r)
		} else {
			g.rounds = append(g.rounds, r)
		}
		byTitle[g.title] = g
	}
	for _, title := range slices.Sorted(maps.Keys(byTitle)) {
		groups = append(groups, byTitle[title])
	}
	return groups
}

// counting are the rounds of all groups that count.
func counting(groups []group) (rounds []Round) {
	for _, g := range groups {
		rounds = append(rounds, g.rounds...)
	}
	return rounds
}

// faultsIn is how many faults rounds are about, however they were made and held.
func faultsIn(rounds []Round) int {
	names := map[string]bool{}
	for _, r := range rounds {
		names[r.Fault] = true
	}
	return len(names)
}

// The times that are distributed.
func writeGap(r Round) float64 { return r.WriteGap }
func readGap(r Round) float64  { return r.ReadGap }
func whole(r Round) float64    { return r.Whole }
