package workload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCheckFindsEveryKindOfWrongData(t *testing.T) {
	history := History{Writes: []Write{{ID: 1}, {ID: 2}, {ID: 3, Outcome: Unknown, Err: "lost"}}}
	for name, c := range map[string]struct {
		found []int64
		wrong string
	}{
		"all acknowledged":           {[]int64{1, 2}, ""},
		"an unknown one is there":    {[]int64{1, 2, 3}, ""},
		"an acknowledged one is not": {[]int64{1, 3}, "1 are lost [2]"},
		"one is there twice":         {[]int64{1, 1, 2}, "1 are there more than once [1]"},
		"one was never written":      {[]int64{1, 2, 9}, "1 ids were never written [9]"},
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

func TestReadsFailedInARowAreCountedPerReader(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	history := History{Reads: []Read{
		{Reader: 1, End: at(1), Err: "x"}, {Reader: 2, End: at(2), Err: "x"},
		{Reader: 1, End: at(3)}, {Reader: 1, End: at(4), Err: "x"}, {Reader: 1, End: at(5), Err: "x"},
	}}
	require.Equal(t, 2, history.ReadsFailedInARow())
}
