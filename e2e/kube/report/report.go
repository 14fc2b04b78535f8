// Package report keeps what the tests of a suite measured, as JSON for programs
// and as a Markdown table for people. Both are written anew after each test, so
// that a suite that ends early leaves what it has.
package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"memgraph-controller/e2e/workload"
)

// Verdict is how a test ended.
type Verdict string

// The verdicts.
const (
	Passed Verdict = "passed"
	Failed Verdict = "failed"
	// Void: the fault did not take effect or the load was too small, so that
	// nothing was proved. It counts as failed.
	Void Verdict = "void"
)

// Result is what one test says.
type Result struct {
	Test    string    `json:"test"`
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Verdict Verdict   `json:"verdict"`
	// Why is set when it did not pass.
	Why string `json:"why,omitempty"`
	// Measured is distributions by name, Counted numbers by name.
	Measured map[string]Numbers `json:"measured,omitempty"`
	Counted  map[string]int     `json:"counted,omitempty"`
	// Errors is what clients saw, and how often.
	Errors map[string]int `json:"errors,omitempty"`
}

// Numbers are a distribution's, in seconds.
type Numbers struct {
	N   int       `json:"n"`
	P50 float64   `json:"p50_seconds"`
	P99 float64   `json:"p99_seconds"`
	Max float64   `json:"max_seconds"`
	All []float64 `json:"all_seconds"`
}

// Of puts a distribution in numbers.
func Of(d workload.Distribution) Numbers {
	n := Numbers{N: len(d), P50: d.Quantile(0.5).Seconds(), P99: d.Quantile(0.99).Seconds(), Max: d.Max().Seconds(), All: []float64{}}
	for _, v := range d {
		n.All = append(n.All, v.Seconds())
	}
	return n
}

// Dir is a folder of reports. Empty: nothing is kept.
type Dir string

const (
	jsonFile  = "e2e-kind.json"
	tableFile = "e2e-kind.md"
)

// Add keeps a result, in the place of an older one of the same test. It is not
// to be called by two at once.
func (d Dir) Add(r Result) error {
	if d == "" {
		return nil
	}
	results, err := d.read()
	if err != nil {
		return err
	}
	results = slices.DeleteFunc(results, func(old Result) bool { return old.Test == r.Test })
	results = append(results, r)
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(d), 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(string(d), jsonFile), append(text, '\n'), 0o644),
		os.WriteFile(filepath.Join(string(d), tableFile), []byte(Table(results)), 0o644))
}

func (d Dir) read() (results []Result, err error) {
	path := filepath.Join(string(d), jsonFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("%s holds something else than reports, remove it: %w", path, err)
	}
	return results, nil
}

// Table shows results in Markdown, a line for each distribution.
func Table(results []Result) string {
	var b strings.Builder
	b.WriteString("| test | verdict | what | n | p50 | p99 | max |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		verdict := string(r.Verdict)
		if r.Why != "" {
			first, _, _ := strings.Cut(r.Why, "\n")
			verdict += ": " + strings.ReplaceAll(first, "|", "/")
		}
		if len(r.Measured) == 0 {
			fmt.Fprintf(&b, "| %s | %s | | | | | |\n", r.Test, verdict)
		}
		for _, name := range slices.Sorted(maps.Keys(r.Measured)) {
			n := r.Measured[name]
			fmt.Fprintf(&b, "| %s | %s | %s | %d | %s | %s | %s |\n", r.Test, verdict, name, n.N, shown(n.P50), shown(n.P99), shown(n.Max))
		}
	}
	return b.String()
}

func shown(seconds float64) string { return fmt.Sprintf("%.3f s", seconds) }
