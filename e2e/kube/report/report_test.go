package report

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/workload"
)

func TestAResultReplacesTheOlderOneOfTheSameTest(t *testing.T) {
	dir := Dir(filepath.Join(t.TempDir(), "reports"))
	require.NoError(t, dir.Add(Result{Test: "a", Verdict: Failed, Why: "lost"}))
	require.NoError(t, dir.Add(Result{Test: "b", Verdict: Passed}))
	require.NoError(t, dir.Add(Result{Test: "a", Verdict: Passed}))
	results, err := dir.read()
	require.NoError(t, err)
	require.Equal(t, []Result{{Test: "b", Verdict: Passed}, {Test: "a", Verdict: Passed}}, results)
	table, err := os.ReadFile(filepath.Join(string(dir), tableFile))
	require.NoError(t, err)
	require.Contains(t, string(table), "| b | passed |")
}

func TestTheTableShowsEachDistributionAndWhyATestDidNotPass(t *testing.T) {
	d := workload.Distribution{300 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}
	table := Table([]Result{
		{Test: "kill", Verdict: Void, Why: "no load|at all\nmore", Measured: map[string]Numbers{"write gap": Of(d)}},
		{Test: "idle", Verdict: Passed},
	})
	require.Contains(t, table, "| kill | void: no load/at all | write gap | 3 | 0.200 s | 0.300 s | 0.300 s |\n")
	require.Contains(t, table, "| idle | passed | | | | | |\n")
}

func TestWithoutAFolderNothingIsKept(t *testing.T) {
	require.NoError(t, Dir("").Add(Result{Test: "a"}))
}

func TestAForeignFileIsNotOverwritten(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, jsonFile), []byte("{}"), 0o600))
	require.ErrorContains(t, Dir(dir).Add(Result{Test: "a"}), "remove it")
}
