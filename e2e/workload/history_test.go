package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckFindsEveryKindOfWrongData(t *testing.T) {
	history := History{Writes: []Write{{ID: 1}, {ID: 2}, {ID: 3, Outcome: Unknown, Err: "lost"}, {ID: 4, Explicit: true, Outcome: Failed, Err: "cut"}}}
	for name, c := range map[string]struct {
		found []int64
		wrong string
	}{
		"all acknowledged":           {[]int64{1, 2}, ""},
		"an unknown one is there":    {[]int64{1, 2, 3}, ""},
		"an acknowledged one is not": {[]int64{1, 3}, "1 are lost [2]"},
		"one is there twice":         {[]int64{1, 1, 2}, "1 are there more than once [1]"},
		"one was never written":      {[]int64{1, 2, 9}, "1 ids were never written [9]"},
		"one was never committed":    {[]int64{1, 2, 4}, "1 never committed [4]"},
	} {
		t.Run(name, func(t *testing.T) {
			err := history.Check(c.found)
			if c.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.wrong)
		})
	}
}

func TestGapCountsTheEdgesAndIgnoresUnknownWrites(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	history := History{Writes: []Write{{End: at(4)}, {End: at(1)}, {End: at(2), Outcome: Unknown}, {End: at(9)}}}
	require.Equal(t, 3*time.Second, history.Gap(start, at(5)))
	require.Equal(t, 5*time.Second, history.Gap(start, at(10)))
	require.Equal(t, 2*time.Second, history.Gap(at(4.5), at(6.5)), "no acknowledgement at all")
}

func TestGapsAreListedInTheirOrder(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }
	history := History{Writes: []Write{{End: at(4)}, {End: at(1)}, {End: at(2), Outcome: Failed}, {End: at(4.1)}, {End: at(9)}}}
	require.Equal(t, []Gap{{start, at(1)}, {at(1), at(4)}, {at(4.1), at(6)}}, history.Gaps(start, at(6), time.Second))
	require.Empty(t, history.Gaps(start, at(6), 4*time.Second))
	require.Len(t, history.Gaps(start, at(6), 0), 4)
}

func TestManagedErrorsLeaveOutWhatNoDriverRepeats(t *testing.T) {
	history := History{
		Writes: []Write{
			{Outcome: Unknown, Err: "broken pipe (10.0.0.1:5)"}, {Outcome: Unknown, Err: "broken pipe (10.0.0.1:6)"},
			{Explicit: true, Outcome: Failed, Err: "reset"}, {Explicit: true},
		},
		Reads:       []Read{{}, {Err: "eof"}, {Stream: true, Err: "eof"}},
		Connections: []Connection{{Answered: true, Err: "eof"}},
	}
	managed := map[string]int{"write: broken pipe (10.0.0.1)": 2, "read: eof": 1, "stream: eof": 1, "new client: eof": 1}
	require.Equal(t, managed, history.ManagedErrors())
	managed["explicit write: reset"] = 1
	require.Equal(t, managed, history.Errors())
}

func TestHistoriesAreMergedInTheOrderOfTime(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	merged, err := Merge(
		History{Writes: []Write{{Client: "go", ID: 1, End: at(1)}, {Client: "go", ID: 2, End: at(3)}}, Reads: []Read{{Client: "go", End: at(5)}}},
		History{Writes: []Write{{Client: "python", ID: 11, End: at(2)}}, Reads: []Read{{Client: "python", End: at(4)}}},
	)
	require.NoError(t, err)
	require.Equal(t, []Write{{Client: "go", ID: 1, End: at(1)}, {Client: "python", ID: 11, End: at(2)}, {Client: "go", ID: 2, End: at(3)}}, merged.Writes)
	require.Equal(t, "python", merged.Reads[0].Client)
	require.NoError(t, merged.Check([]int64{1, 2, 11}))
}

func TestHistoriesThatShareAnIDAreNotMerged(t *testing.T) {
	_, err := Merge(History{Writes: []Write{{Client: "go", ID: 7}}}, History{Writes: []Write{{Client: "python", ID: 7}}})
	require.EqualError(t, err, "go and python both wrote id 7: give each client a range of ids of its own (FirstID)")
}

func TestReadsFailedInARowAreCountedPerReader(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	history := History{Reads: []Read{
		{Reader: 1, End: at(1), Err: "x"}, {Reader: 2, End: at(2), Err: "x"},
		{Reader: 1, End: at(3)}, {Reader: 1, End: at(4), Err: "x"}, {Reader: 1, End: at(5), Err: "x"},
	}}
	require.Equal(t, 2, history.ReadsFailedInARow())
}

func TestLatencyCountsWhatWasAcknowledgedSince(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(1000, 0).Add(time.Duration(seconds) * time.Second) }
	history := History{Writes: []Write{
		{Start: at(0), End: at(1)},
		{Start: at(1), End: at(4)},
		{Start: at(1), End: at(5), Outcome: Failed},
		{Start: at(1), End: at(6), Outcome: Unknown},
	}}
	require.Equal(t, Distribution{3 * time.Second}, history.WriteLatency(at(1)))
}
