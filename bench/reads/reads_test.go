package reads

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/reads/figures"
)

func TestReadsScale(t *testing.T) {
	if environment == nil {
		t.Skip("needs a kind cluster: BENCH_READS=1")
	}
	measure(t, "reads scale with the replicas", func(ctx context.Context, t *testing.T) {
		path := filepath.Join(cmp.Or(os.Getenv("REPORT_DIR"), t.TempDir()), "bench-reads.jsonl")
		b := &bench{release: release, out: os.Stderr, book: figures.Book{Path: path}, run: time.Now().UTC().Truncate(time.Second), pairs: ratio.Fewest}
		for _, replicas := range sizes(t) {
			require.NoError(t, b.size(ctx, replicas))
		}
		pairs, err := b.book.Pairs()
		require.NoError(t, err)
		results, missing := figures.Results(figures.LastRun(pairs))
		assert.NoError(t, missing)
		for _, fault := range figures.Faults(results) {
			t.Error(fault)
		}
	})
}

// sizes are the numbers of replicas that SIZES names; without it, all.
func sizes(t *testing.T) (list []int) {
	for _, word := range strings.Split(cmp.Or(os.Getenv("SIZES"), "1,2,3,4"), ",") {
		n, err := strconv.Atoi(word)
		require.NoError(t, err, "SIZES")
		list = append(list, n)
	}
	return list
}
