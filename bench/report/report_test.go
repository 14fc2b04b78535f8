package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/contender"
	"memgraph-controller/bench/cost"
	"memgraph-controller/bench/record"
)

// sample is a run as it might be written: the gateway costs as much as HAProxy, but
// more memory than promised, and every round differs a little.
func sample() []record.Line {
	chance := rand.New(rand.NewPCG(1, 2))
	lines := []record.Line{{Machine: &record.Machine{
		Kernel: "6.1", Processor: "Abacus", CPUs: 2, Threads: 1, Pinned: true,
		Versions: map[string]string{"go": "go1.26", "haproxy": "HAProxy 2.6", "nginx": "nginx/1.22"},
	}}}
	rows := append(rows(), row{workload: cost.RoundTrips(32), metric: cost.Allocations})
	for round := 1; round <= 7; round++ {
		for _, row := range rows {
			for _, c := range contender.All() {
				if c.Name == contender.Direct && row.metric != cost.P50 {
					continue
				}
				value := 20 * math.Exp(chance.NormFloat64()/20)
				if c.Name == contender.GatewayWrites && row.metric == cost.Memory {
					value = 200
				}
				if row.metric == cost.Allocations || row.metric == cost.Calls || row.metric == cost.Switches {
					value = 0.01
				}
				lines = append(lines, record.Line{
					Began: time.Unix(0, 0), Round: round, Workload: row.workload, Contender: c.Name,
					Values: map[record.Metric]float64{row.metric: math.Round(100*value) / 100},
				})
			}
		}
	}
	return lines
}

func results(t *testing.T, lines []record.Line) *Results {
	t.Helper()
	r, err := newResults(lines)
	require.NoError(t, err)
	return r
}

// golden compares with a file in testdata, or with UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") == "1" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "%s; UPDATE=1 writes it anew", name)
}

func TestTheReportOfASampleIsTheOneThatPeopleHaveLookedAt(t *testing.T) {
	files, err := results(t, sample()).files()
	require.NoError(t, err)
	for name, content := range files {
		golden(t, name, content)
	}
	require.Contains(t, string(files[textFile]), "| ≤ 100 | **NOT reached** |")
}

func TestThePicturesAreWellFormed(t *testing.T) {
	files, err := results(t, sample()).files()
	require.NoError(t, err)
	for _, name := range []string{ratiosFile, cpuFile} {
		decoder := xml.NewDecoder(bytes.NewReader(files[name]))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
		}
	}
}

func without(lines []record.Line, drop func(record.Line) bool) (rest []record.Line) {
	for _, line := range lines {
		if !drop(line) {
			rest = append(rest, line)
		}
	}
	return rest
}

func TestARunWithoutABaselineHasNoReport(t *testing.T) {
	_, err := results(t, without(sample(), func(l record.Line) bool {
		return l.Contender == contender.HAProxy && l.Round == 3 && l.Workload == cost.Bulk
	})).files()
	require.ErrorContains(t, err, "against haproxy, bulk: round 3 has no baseline")
	_, err = results(t, without(sample(), func(l record.Line) bool { return l.Workload == cost.Idle })).files()
	require.ErrorContains(t, err, "the run has no idle")
	_, err = newResults(sample()[1:])
	require.ErrorContains(t, err, "does not say of which machine")
	_, err = newResults(append(sample(), sample()[0]))
	require.ErrorContains(t, err, "begins another run")
}

func TestTheGateNamesWhatExceedsItsThreshold(t *testing.T) {
	r := results(t, sample())
	require.ErrorContains(t, r.Gate(), "memory of 10,000 idle sessions")
	for k := range r.values {
		if k.metric == cost.Memory {
			delete(r.values, k)
		}
	}
	err := r.Gate()
	require.ErrorContains(t, err, "0 rounds are too few", "what was not measured does not pass")
	require.NotContains(t, err.Error(), "CPU per GB")
}

func TestTheSummaryIsWrittenBetweenItsMarks(t *testing.T) {
	r := results(t, sample())
	page, err := r.summarized([]byte("# A\n" + summaryBegin + "old\n" + summaryEnd + "b\n"))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(page), "# A\n"+summaryBegin+"|  | gateway | HAProxy |"))
	require.True(t, strings.HasSuffix(string(page), "|\n"+summaryEnd+"b\n"))
	require.Contains(t, string(page), "**NOT reached**")
	require.NotContains(t, string(page), "old")
	require.NotContains(t, string(page), "p99")
	_, err = r.summarized([]byte("# A\n"))
	require.ErrorContains(t, err, "has lost its marks")
}

// The report in docs is made of the raw results in docs, and of nothing else.
func TestTheReportInDocsIsThatOfItsRawResults(t *testing.T) {
	for _, folder := range []string{"bench-2-threads", "bench"} {
		docs := filepath.Join("..", "..", "docs", folder)
		r, err := ReadFile(filepath.Join(docs, "bench.jsonl"))
		require.NoError(t, err)
		files, err := r.files()
		require.NoError(t, err)
		for name, want := range files {
			got, err := os.ReadFile(filepath.Join(docs, name))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), "%s is not what bench/cmd/report makes: see docs/benchmarks.md", name)
		}
	}
}

func TestTheSummaryInTheReadmeIsThatOfTheResultsInDocs(t *testing.T) {
	r, err := ReadFile(filepath.Join("..", "..", "docs", "bench", "bench.jsonl"))
	require.NoError(t, err)
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	want, err := r.summarized(readme)
	require.NoError(t, err)
	require.Equal(t, string(want), string(readme), "see `go run ./bench/cmd/report -summary README.md`")
}
