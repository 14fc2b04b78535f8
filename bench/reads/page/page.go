// Package page is the report of the bench of read scaling: a page in Markdown and a plot,
// made of the raw results alone.
//
//	err := page.Write("docs/bench", pairs)
package page

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"memgraph-controller/bench/reads/figures"
)

// The files of a report.
const (
	textFile = "reads-results.md"
	plotFile = "reads.svg"
	rawFile  = "reads.jsonl"
)

// Write makes the report of the last run in a folder, with the run's raw results beside
// it. What cannot be computed it names.
func Write(dir string, pairs []figures.Pair) error {
	run := figures.LastRun(pairs)
	results, missing := figures.Results(run)
	if len(results) == 0 {
		return missing
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	raw := filepath.Join(dir, rawFile)
	if err := os.Remove(raw); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, p := range run {
		if err := (figures.Book{Path: raw}).Add(p); err != nil {
			return err
		}
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, textFile), []byte(text(run, results, missing)), 0o644),
		os.WriteFile(filepath.Join(dir, plotFile), plot(results), 0o644))
}

// text is the page.
func text(run []figures.Pair, results []figures.Result, missing error) string {
	var b strings.Builder
	b.WriteString("# Reads through the read gateway\n\n" +
		"Made of the raw results beside it (`" + rawFile + "`, one line a pair) by `go run ./bench/reads/cmd/report`;\n" +
		"do not edit it. [reads.md](reads.md) explains how they are measured.\n\n")
	first := run[0]
	fmt.Fprintf(&b, "Run of %s, database `%s`, %.0f mCPU for each instance, writes beside all reads.\n",
		first.Run.Format(time.RFC3339), first.Database, 1000*first.Limit)
	b.WriteString("A ratio is that of the read gateway to the write gateway: the median of the pairs, and its 95 % confidence interval.\n")
	section := func(title, about, table string) { fmt.Fprintf(&b, "\n## %s\n\n%s\n\n%s", title, about, table) }
	section("Goals", "![Reads answered at saturation]("+plotFile+")", goalTable(results))
	if missing != nil {
		section("Not measured", "What could not be computed, which fails the run:", "    "+strings.ReplaceAll(missing.Error(), "\n", "\n    ")+"\n")
	}
	section("Clients", "The same ratios of the clients of each language alone.", clientTable(results))
	section("Beside the goals", "The least busy replica, by its limit of CPU, is the control that replicas were the bottleneck: far below 100 % it was something else.", restTable(results))
	section("Effort", "Pairs that count, and how the machine was in them. Void ones were measured again.", effortTable(run))
	section("The gate", "`make bench-reads` fails on the wrong side of these.", gateTable())
	return b.String()
}
