package reads

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/reads/figures"
	"memgraph-controller/e2e/workload"
)

func TestOnlyWhatEndedInTheWindowCounts(t *testing.T) {
	begun := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return begun.Add(time.Duration(ms) * time.Millisecond) }
	reads := []workload.Read{
		{Client: "go 5", Start: at(-20), End: at(-10), Records: nodes},
		{Client: "go 5", Start: at(-10), End: at(10), Records: nodes},
		{Client: "python 6", Start: at(10), End: at(50), Records: nodes},
		{Client: "python 6", Start: at(10), End: at(50), Records: nodes - 1},
		{Client: "go 5", Start: at(10), End: at(50), Err: "EOF"},
		{Client: "go 5", Start: at(1990), End: at(2000), Records: nodes},
	}
	require.Equal(t, figures.Answers{N: 2, Errors: 2, Rate: 1, Mean: 30, P50: 20, P99: 40}, answers(reads, begun, at(2000)))
	clients := byLanguage(reads, begun, at(2000))
	require.Equal(t, 1, clients["go"].N)
	require.Equal(t, 1, clients["python"].N)

	writes := []workload.Write{
		{Start: at(0), End: at(10)},
		{Start: at(0), End: at(10), Outcome: workload.Unknown, Err: "EOF"},
		{Start: at(0), End: at(2010)},
	}
	require.Equal(t, figures.Answers{N: 1, Errors: 1, Rate: 0.5, Mean: 10, P50: 10, P99: 10}, acknowledgements(writes, begun, at(2000)))
	require.Equal(t, figures.Answers{}, acknowledgements(nil, begun, at(2000)))
}
