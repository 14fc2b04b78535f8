package page

import (
	"os"
	"path/filepath"
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
