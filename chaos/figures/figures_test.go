package figures

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/workload"
)

func at(ms int) time.Time { return time.UnixMilli(int64(ms)) }

func write(id int64, from, to int, outcome workload.Outcome) workload.Write {
	return workload.Write{ID: id, Start: at(from), End: at(to), Outcome: outcome}
}

func TestReadGapIsTheLongestTimeWithoutAnAnswer(t *testing.T) {
	h := workload.History{Reads: []workload.Read{
		{End: at(100)}, {End: at(900), Err: "cut"}, {End: at(800), Stream: true}, {End: at(1200)}, {End: at(1500)},
	}}
	require.Equal(t, 1100*time.Millisecond, ReadGap(h, at(0), at(2000)))
	require.Equal(t, 2*time.Second, ReadGap(workload.History{}, at(0), at(2000)), "nothing was answered at all")
}

func TestInFlightCountsWhatIsUnderWayAtOneMoment(t *testing.T) {
	h := workload.History{Writes: []workload.Write{
		write(1, 0, 100, workload.Acknowledged), write(2, 100, 200, workload.Acknowledged), // one after the other
		write(3, 150, 900, workload.Unknown), write(4, 160, 170, workload.Acknowledged),
		write(5, 5000, 5100, workload.Acknowledged),
	}}
	require.Equal(t, 3, InFlight(h, at(0), at(1000)))
	require.Equal(t, 0, InFlight(h, at(2000), at(3000)))
}

func TestOnlyAcknowledgedWritesCanBeLost(t *testing.T) {
	h := workload.History{Writes: []workload.Write{
		write(1, 0, 1, workload.Acknowledged), write(2, 0, 1, workload.Acknowledged), write(3, 0, 1, workload.Unknown), write(4, 0, 1, workload.Unknown),
	}}
	require.Equal(t, []workload.Write{h.Writes[1]}, Lost(h, []int64{1, 3}))
	require.Equal(t, Fates{Committed: 1, Absent: 1}, Classify(h, []int64{1, 3}))
}

func TestVoidRoundsCountForNothing(t *testing.T) {
	s := Add([]Round{
		{Verdict: Passed, WriteGap: 0.5, Failovers: []Failover{{Kind: "failover"}, {Kind: "handover"}}},
		{Verdict: Void, WriteGap: 60, Failovers: []Failover{{Kind: "failover"}}},
		{Verdict: Failed, WriteGap: 6, False: 1},
	})
	require.Equal(t, 3, s.Rounds)
	require.Equal(t, 1, s.Void)
	require.Equal(t, 1, s.Failed)
	require.Equal(t, 2, s.Failovers)
	require.Equal(t, 1, s.False)
	require.Equal(t, 6*time.Second, s.WriteGaps.Max())
}

func TestABookIsAddedToByLaterRuns(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports")
	for range 2 {
		require.NoError(t, Book{dir, "chaos"}.Add(Round{Fault: "kill main", Verdict: Passed, WriteGap: 0.4, ManagedErrors: map[string]int{"write: x": 2}}))
	}
	require.NoError(t, Book{dir, "chaos"}.Add(Round{Fault: "stop main", Hold: 6, Verdict: Passed, WriteGap: 2.5}))
	rounds, err := Book{dir, "chaos"}.Rounds()
	require.NoError(t, err)
	require.Len(t, rounds, 3)
	page, err := os.ReadFile(filepath.Join(dir, "chaos.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "| kill main | 2 | 0.40 | 0.40 | 0.40 |")
	require.Contains(t, string(page), "| stop main, 6 s | 1 | 2.50 |")
	require.NoError(t, Book{dir, "chaos"}.Forget())
	rounds, err = Book{dir, "chaos"}.Rounds()
	require.NoError(t, err)
	require.Empty(t, rounds)
}

func TestWithoutAFolderNothingIsKept(t *testing.T) {
	require.NoError(t, Book{}.Add(Round{}))
}
