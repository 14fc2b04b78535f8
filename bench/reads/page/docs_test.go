package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/reads/figures"
)

// The report in docs is what its raw results make.
func TestTheReportInDocsIsUpToDate(t *testing.T) {
	docs := filepath.Join("..", "..", "..", "docs", "bench")
	pairs, err := figures.Book{Path: filepath.Join(docs, rawFile)}.Pairs()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, Write(dir, pairs))
	for _, name := range []string{textFile, plotFile, rawFile} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(docs, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "run `go run ./bench/reads/cmd/report`")
	}
}

// The sentence of the README is that of the run in docs.
func TestTheReadmeTellsTheRunInDocs(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	pairs, err := figures.Book{Path: filepath.Join(root, "docs", "bench", rawFile)}.Pairs()
	require.NoError(t, err)
	results, missing := figures.Results(figures.LastRun(pairs))
	require.NoError(t, missing)
	var times []string
	for _, r := range results {
		times = append(times, fmt.Sprintf("%.1f", r.Throughput.Median))
	}
	last := len(times) - 1
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), strings.Join(times[:last], ", ")+" and "+times[last]+" times the reads of the main alone")
}
