package workload

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheSummaryCountsEachKindOfEachClient(t *testing.T) {
	start := time.Unix(1000, 0)
	took := func(d time.Duration) time.Time { return start.Add(d) }
	history := History{
		Writes: []Write{
			{Client: "go", Start: start, End: took(time.Millisecond)},
			{Client: "go", Start: start, End: took(3 * time.Millisecond)},
			{Client: "go", Start: start, End: took(time.Second), Outcome: Unknown, Err: "x"},
			{Client: "go", Explicit: true, Start: start, End: took(time.Second), Outcome: Failed, Err: "x"},
		},
		Reads:       []Read{{Client: "python", Stream: true, Start: start, End: took(90 * time.Millisecond)}, {Client: "python", Start: start, End: start, Err: "x"}},
		Connections: []Connection{{Client: "go", Start: start, End: took(4 * time.Millisecond)}},
	}
	require.Equal(t, []Count{
		{Client: "go", Kind: "explicit write", Failed: 1},
		{Client: "go", Kind: "managed write", Acknowledged: 2, Unknown: 1, Latency: Distribution{time.Millisecond, 3 * time.Millisecond}},
		{Client: "go", Kind: "new client", Acknowledged: 1, Latency: Distribution{4 * time.Millisecond}},
		{Client: "python", Kind: "read", Failed: 1},
		{Client: "python", Kind: "stream", Acknowledged: 1, Latency: Distribution{90 * time.Millisecond}},
	}, history.Counts())

	lines := strings.Split(strings.TrimSpace(history.Summary()), "\n")
	require.Len(t, lines, 6)
	require.Equal(t, []string{"go", "managed", "write", "2", "0", "1", "n=2", "p50=1ms", "p99=3ms", "max=3ms"}, strings.Fields(lines[2]))
}

func TestQuantilesAreValuesThatWereMeasured(t *testing.T) {
	var d Distribution
	require.Zero(t, d.Quantile(0.5))
	for n := 100; n > 0; n-- {
		d = append(d, time.Duration(n)*time.Millisecond)
	}
	require.Equal(t, 50*time.Millisecond, d.Quantile(0.5))
	require.Equal(t, 99*time.Millisecond, d.Quantile(0.99))
	require.Equal(t, 100*time.Millisecond, d.Max())
	require.Equal(t, "n=100 p50=50ms p99=99ms max=100ms", d.String())
}
