package plots

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"memgraph-controller/chaos/figures"
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

// gapTable is the distribution of a gap for each title.
func gapTable(groups []group, of func(Round) float64) string {
	t := newTable("fault", "n", "p50 (s)", "p99 (s)", "max (s)", fmt.Sprintf("over %g s", promised), "void")
	line := func(title string, rounds, void []Round) {
		d := distributionOf(rounds, of)
		t.row(slices.Concat([]string{title, count(len(d))}, spread(d), []string{count(d.over(promised)), count(len(void))})...)
	}
	var void []Round
	for _, g := range groups {
		line(g.title, g.rounds, g.void)
		void = append(void, g.void...)
	}
	line("**all**", counting(groups), void)
	return t.String()
}

// clientTable is what clients met and what controllers did, for each title.
func clientTable(groups []group) string {
	t := newTable("fault", "n", "connections", "not served", "managed errors", "sessions cut", "failovers", "of them false",
		"diverged", "acknowledged", "unknown", "lost", "whole again p50 (s)", "p99 (s)", "max (s)")
	line := func(title string, rounds []Round) {
		s, d := figures.Add(rounds), distributionOf(rounds, whole)
		cells := []string{title}
		for _, n := range []int{
			s.Rounds, s.Connections, s.ConnectionsFailed, s.ManagedErrors, s.SessionsCut, s.Failovers, s.False,
			s.Diverged, s.Acknowledged, s.Unknown, s.Lost,
		} {
			cells = append(cells, count(n))
		}
		t.row(slices.Concat(cells, spread(d))...)
	}
	for _, g := range groups {
		line(g.title, g.rounds)
	}
	line("**all**", counting(groups))
	return t.String()
}

func phaseTable(phases []phase) string {
	t := newTable("phase", "n", "p50 (s)", "p99 (s)", "max (s)")
	for _, p := range phases {
		t.row(append([]string{p.title(), count(len(p.values))}, spread(p.values)...)...)
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
				faults[text][g.title] = true
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
func brokenTable(rounds []Round) string {
	t := newTextTable("began", "seed", "fault", "verdict", "why")
	for _, r := range rounds {
		t.row(r.Began.UTC().Format(time.DateTime), fmt.Sprint(r.Seed), r.Title(), string(r.Verdict), r.Why)
	}
	return t.String()
}

// broken are the rounds that did not pass.
func broken(rounds []Round) (list []Round) {
	for _, r := range rounds {
		if r.Verdict != figures.Passed {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Round) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Title(), b.Title()))
	})
	return list
}
