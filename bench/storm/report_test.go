package storm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/record"
)

// run are the lines of six rounds, in which the last client of a shape waits for as
// many seconds as the round's number.
func run(shapes ...Shape) []record.Line {
	lines := []record.Line{{Machine: &record.Machine{CPUs: 8, Processor: "quick"}}}
	for round := 1; round <= 6; round++ {
		for _, s := range shapes {
			values := map[record.Metric]float64{Last: 1e6 * float64(round)}
			for _, c := range columns {
				if c.metric != Last {
					values[c.metric] = 1 / c.scale
				}
			}
			lines = append(lines, record.Line{Round: round, Workload: s.String(), Values: values})
		}
	}
	return lines
}

func page(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "scale.md")
	require.NoError(t, os.WriteFile(path, []byte("before\n"+tableBegin+"yesterday's\n"+tableEnd+"after\n"), 0o644))
	return path
}

func TestTheReportHasMediansAndSaysWhatWasNotMeasured(t *testing.T) {
	path := page(t)
	plot := filepath.Join(filepath.Dir(path), "storm.svg")
	require.NoError(t, Report(run(Shape{2, 1000}, Shape{5, 20_000}), path, plot))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(text), "yesterday's")
	require.Contains(t, string(text), "| 2 | 1000 | 1 | 1.00 | 1 | 1.00 | 1.00 | 3.50 [1.00, 6.00] | 1.00 | 1 |\n")
	require.Contains(t, string(text), "| 3 | 1000 | "+strings.Repeat("– | ", len(columns)-1)+"– |\n")
	require.Contains(t, string(text), "8 processors (quick)")
	picture, err := os.ReadFile(plot)
	require.NoError(t, err)
	require.Contains(t, string(picture), "5 gateways, 20000 connections")
	require.NotContains(t, string(picture), "3 gateways")
}

func TestTooFewRoundsAreNoReport(t *testing.T) {
	lines := run(Shape{2, 1000})
	require.ErrorContains(t, Report(lines[:6], page(t), filepath.Join(t.TempDir(), "storm.svg")), "2 gateways, 1000 connections")
}

func TestLinesOfAnotherBenchAreRefused(t *testing.T) {
	lines := append(run(Shape{2, 1000}), record.Line{Workload: "bulk"})
	require.ErrorContains(t, Report(lines, page(t), filepath.Join(t.TempDir(), "storm.svg")), `line 8: workload "bulk"`)
}

// TestTheReportInDocsIsThatOfItsRawResults: docs/scale.md and the plot are made anew.
func TestTheReportInDocsIsThatOfItsRawResults(t *testing.T) {
	const docs = "../../docs"
	lines, err := record.ReadFile(filepath.Join(docs, "bench/storm.jsonl"))
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(docs, "scale.md"))
	require.NoError(t, err)
	copied := filepath.Join(t.TempDir(), "scale.md")
	require.NoError(t, os.WriteFile(copied, text, 0o644))
	plot := filepath.Join(filepath.Dir(copied), "storm.svg")
	require.NoError(t, Report(lines, copied, plot))
	again, err := os.ReadFile(copied)
	require.NoError(t, err)
	require.Equal(t, string(again), string(text), "make bench-scale writes it")
	drawn, err := os.ReadFile(plot)
	require.NoError(t, err)
	kept, err := os.ReadFile(filepath.Join(docs, "bench/storm.svg"))
	require.NoError(t, err)
	require.Equal(t, string(kept), string(drawn))
}
