package figures

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// promised is the longest time, in seconds, that clients are promised to wait in a
// failover.
const promised = 5.0

// table is one in Markdown, built line by line.
type table struct{ strings.Builder }

// newTable begins with the names of its columns, of which the first is text and the
// others are numbers.
func newTable(columns ...string) *table {
	return headed(columns, "---:")
}

// newTextTable does the same where all columns are text.
func newTextTable(columns ...string) *table {
	return headed(columns, "---")
}

func headed(columns []string, rule string) *table {
	t := &table{}
	t.row(columns...)
	t.row(slices.Concat([]string{"---"}, slices.Repeat([]string{rule}, len(columns)-1))...)
	return t
}

func (t *table) row(cells ...string) {
	for _, c := range cells {
		t.WriteString("| " + cell(c) + " ")
	}
	t.WriteString("|\n")
}

// cell fits a text into a row.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(text)
}

func seconds(s float64) string { return fmt.Sprintf("%.2f", s) }

func count(n int) string { return fmt.Sprint(n) }

// spread is p50, p99 and max of a distribution.
func spread(d distribution) []string {
	if len(d) == 0 {
		return []string{"", "", ""}
	}
	return []string{seconds(d.quantile(0.5)), seconds(d.quantile(0.99)), seconds(d.largest())}
}

// gapTable is the distribution of a gap for each fault.
func gapTable(groups []group, of func(Result) float64) string {
	t := newTable("fault", "n", "p50 (s)", "p99 (s)", "max (s)", fmt.Sprintf("over %g s", promised), "void")
	line := func(name string, rounds, void []Result) {
		d := distributionOf(rounds, of)
		t.row(slices.Concat([]string{name, count(len(d))}, spread(d), []string{count(d.over(promised)), count(len(void))})...)
	}
	var void []Result
	for _, g := range groups {
		line(g.name(), g.rounds, g.void)
		void = append(void, g.void...)
	}
	line("**all**", counting(groups), void)
	return t.String()
}

// clientTable is what clients met and what controllers did, for each fault.
func clientTable(groups []group) string {
	t := newTable("fault", "n", "connections", "of them failed", "managed errors", "sessions cut",
		"failovers", "of them false", "acknowledged", "unknown", "lost")
	line := func(name string, rounds []Result) {
		cells := []string{name, count(len(rounds))}
		for _, of := range []func(Result) int{connections, failedConnections, managedErrors, sessionsCut, failovers, falseFailovers, acknowledged, unknown, lost} {
			cells = append(cells, count(sum(rounds, of)))
		}
		t.row(cells...)
	}
	for _, g := range groups {
		line(g.name(), g.rounds)
	}
	line("**all**", counting(groups))
	return t.String()
}

// phasesOf are the phases of failovers with how long each took.
func phasesOf(rounds []Result) map[string]distribution {
	phases := map[string]distribution{}
	for _, r := range rounds {
		for name, s := range r.Phases {
			phases[name] = append(phases[name], s)
		}
	}
	for _, d := range phases {
		slices.Sort(d)
	}
	return phases
}

func phaseTable(phases map[string]distribution) string {
	t := newTable("phase", "n", "p50 (s)", "p99 (s)", "max (s)")
	for _, name := range slices.Sorted(maps.Keys(phases)) {
		t.row(append([]string{name, count(len(phases[name]))}, spread(phases[name])...)...)
	}
	return t.String()
}

// errorTable is the errors of managed transactions, the most frequent ones first.
func errorTable(groups []group) string {
	counts, faults := map[string]int{}, map[string]map[string]bool{}
	for _, g := range groups {
		for _, r := range g.rounds {
			for text, n := range r.ManagedErrors {
				counts[text] += n
				if faults[text] == nil {
					faults[text] = map[string]bool{}
				}
				faults[text][g.name()] = true
			}
		}
	}
	texts := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	t := newTextTable("error", "seen", "faults")
	for _, text := range texts {
		t.row(text, count(counts[text]), strings.Join(slices.Sorted(maps.Keys(faults[text])), ", "))
	}
	return t.String()
}

// brokenTable lists the rounds that did not pass, in the order of time.
func brokenTable(results []Result) string {
	t := newTextTable("began", "seed", "fault", "verdict", "why")
	for _, r := range results {
		t.row(r.Began.UTC().Format(time.DateTime), fmt.Sprint(r.Seed), group{fault: r.Fault, way: r.Way}.name(), string(r.Verdict), r.Why)
	}
	return t.String()
}

// broken are the results that did not pass.
func broken(results []Result) (list []Result) {
	for _, r := range results {
		if r.Verdict != Passed {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Result) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Fault, b.Fault), cmp.Compare(a.Way, b.Way))
	})
	return list
}
