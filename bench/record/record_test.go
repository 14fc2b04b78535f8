package record

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABookHasTheLinesThatWereWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "reports", "bench.jsonl")
	want := []Line{
		{Machine: &Machine{Kernel: "6.1", CPUs: 2, Threads: 1, Versions: map[string]string{"haproxy": "2.6"}}},
		{Began: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Round: 1, Workload: "bulk", Contender: "haproxy", Values: map[Metric]float64{"cpu_us": 1.5}},
	}
	book, err := Create(path)
	require.NoError(t, err)
	for _, line := range want {
		require.NoError(t, book.Add(line))
	}
	require.NoError(t, book.Close())
	got, err := ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestABrokenBookIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.jsonl")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	_, err := ReadFile(path)
	require.ErrorContains(t, err, "it is empty")
	require.NoError(t, os.WriteFile(path, []byte("{}\n{"), 0o600))
	_, err = ReadFile(path)
	require.ErrorContains(t, err, "bench.jsonl: line 2: ")
}
