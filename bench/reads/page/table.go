package page

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"memgraph-controller/bench/reads/figures"
)

// table is one in Markdown, built line by line.
type table struct{ strings.Builder }

func newTable(columns ...string) *table {
	t := &table{}
	t.row(columns...)
	t.row(slices.Repeat([]string{"---"}, len(columns))...)
	return t
}

func (t *table) row(cells ...string) {
	t.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func goalTable(results []figures.Result) string {
	t := newTable("replicas", "measure", "measured", "goal", "", "gate")
	for _, v := range figures.Judge(results) {
		t.row(fmt.Sprint(v.Replicas), v.Goal.Measure, v.Ratio.String(), v.Goal.Want(v.Replicas),
			either(v.Reached(), "reached", "**NOT reached**"), either(v.Passed(), "passed", "**failed**"))
	}
	return t.String()
}

func either(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

func clientTable(results []figures.Result) string {
	t := newTable("replicas", "client", "reads answered", "latency of reads")
	for _, r := range results {
		for _, client := range slices.Sorted(maps.Keys(r.ByClient)) {
			c := r.ByClient[client]
			t.row(fmt.Sprint(r.Replicas), client, c.Throughput.String(), c.Latency.String())
		}
	}
	return t.String()
}

func restTable(results []figures.Result) string {
	t := newTable("replicas", "reads/s at saturation, write gateway", "read gateway", "median read at equal load", "99 % quantile",
		"writes at saturation", "least busy replica", "errors")
	for _, r := range results {
		t.row(fmt.Sprint(r.Replicas), fmt.Sprintf("%.0f", r.Alone), fmt.Sprintf("%.0f", r.Reads), r.P50.String(), r.P99.String(),
			r.BusyWrites.String(), fmt.Sprintf("%.0f %%", 100*r.Least), fmt.Sprint(r.Errors))
	}
	return t.String()
}

// effortTable is how many pairs count, and how idle the machine was in them.
func effortTable(run []figures.Pair) string {
	t := newTable("replicas", "load", "pairs", "void", "least idle", "of the main's limit used")
	for _, e := range figures.Efforts(run) {
		t.row(fmt.Sprint(e.Replicas), string(e.Load), fmt.Sprint(e.Pairs), fmt.Sprint(e.Void),
			fmt.Sprintf("%.0f %%", 100*e.Idle), fmt.Sprintf("%.0f %%", 100*e.Main))
	}
	return t.String()
}

func gateTable() string {
	t := newTable("measure", "threshold with 1 / 4 replicas", "why")
	for _, g := range figures.Goals() {
		t.row(g.Measure, thresholds(g), g.Why)
	}
	return t.String()
}

// thresholds are those of the smallest and the largest number of replicas, once where
// they are the same.
func thresholds(g figures.Goal) string {
	few, many := g.Gate(1), g.Gate(4)
	if few == many {
		return few
	}
	return few + " / " + many
}
