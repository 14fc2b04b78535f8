package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"memgraph-controller/bench/cost"
)

// The files of a report.
const (
	textFile   = "README.md"
	ratiosFile = "ratios.svg"
	cpuFile    = "cpu.svg"
)

// Write makes the report of a run in a folder.
func (r *Results) Write(dir string) error {
	files, err := r.files()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var errs []error
	for name, content := range files {
		errs = append(errs, os.WriteFile(filepath.Join(dir, name), content, 0o644))
	}
	return errors.Join(errs...)
}

// files are those of the report by name.
func (r *Results) files() (map[string][]byte, error) {
	costs, err := r.costs()
	if err != nil {
		return nil, err
	}
	ratios, err := r.ratios()
	if err != nil {
		return nil, err
	}
	gate, err := r.gateTable()
	if err != nil {
		return nil, err
	}
	cpu := r.cpu(cost.RoundTrips(1), cost.RoundTrips(32), cost.RoundTrips(256))
	return map[string][]byte{
		textFile:   []byte(r.text(costs, gate)),
		ratiosFile: ratios,
		cpuFile:    cpu,
	}, nil
}

// about says where the figures are from.
func (r *Results) about() string {
	m := r.machine
	where := "each wherever the kernel puts it"
	if m.Pinned {
		where = "on a processor of its own"
	}
	return fmt.Sprintf("Measured on %d processors (%s), Linux %s, with proxies of %d thread%s, %s: %s.",
		m.CPUs, m.Processor, m.Kernel, m.Threads, plural(m.Threads), where,
		strings.Join([]string{m.Versions["go"], m.Versions["haproxy"], m.Versions["nginx"]}, ", "))
}

const (
	reading = "A ratio is the median of those of the rounds, with the interval that holds the true " +
		"median with at least 95 %. A goal is reached or not by the median; it is *within noise* " +
		"where the interval has values on both sides of it."
	gating = "`make bench GATE=1` fails where even the lower end of an interval is above the threshold."
)

// text is the report in Markdown.
func (r *Results) text(costs, gate table) string {
	return "# What the gateway costs\n\n" +
		"Made of the raw results beside it (`bench.jsonl`, one line a measurement) by\n" +
		"`bench/cmd/report`; do not edit it.\n" +
		"[How it is measured, and how this page is made](../benchmarks.md).\n\n" +
		r.about() + "\n\n" + costs.markdown() + "\n" + reading + "\n\n" +
		"![ratios to HAProxy](" + ratiosFile + ")\n\n![processor time of each round](" + cpuFile + ")\n\n" +
		"## The gate\n\n" + gating + "\n\n" + gate.markdown()
}
