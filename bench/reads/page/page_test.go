package page

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/ratio"
	"memgraph-controller/bench/reads/figures"
)

// sample is a run in which the fourth replica is left out.
func sample() (pairs []figures.Pair) {
	for _, n := range []float64{1, 2, 3, 4} {
		for number := range ratio.Fewest {
			for _, load := range []figures.Load{figures.Saturation, figures.Equal} {
				pairs = append(pairs, pair(n, load, number+1))
			}
		}
	}
	void := pairs[0]
	void.Void = "only 3 % of the machine was idle"
	return append(pairs, void)
}

func pair(n float64, load figures.Load, number int) figures.Pair {
	times := min(n, 3) * (1 + float64(number)/100)
	window := func(rate, latency float64, used map[string]float64) figures.Window {
		a := figures.Answers{N: int(6 * rate), Rate: rate, Mean: latency, P50: latency, P99: 3 * latency}
		return figures.Window{
			Seconds: 6, Reads: a, Clients: map[string]figures.Answers{"go": a, "python": a},
			Writes: figures.Answers{N: 60, Rate: 10, Mean: latency}, Used: used, Idle: 0.4,
		}
	}
	used := map[string]float64{"m-0": 0.02}
	for _, name := range []string{"m-1", "m-2", "m-3", "m-4"}[:int(n)] {
		used[name] = 0.095
	}
	idle := map[string]float64{"m-0": 0.098}
	return figures.Pair{
		Run: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Database: "stand-in", Replicas: int(n), Load: load, Number: number,
		Limit: 0.1, Main: "m-0", Write: window(100, 40, idle), Read: window(100*times, 40/times, used),
	}
}

// UPDATE=1 writes the files anew.
func TestTheReportIsMadeOfTheRawResults(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, Write(dir, sample()))
	for _, name := range []string{textFile, plotFile} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		golden := filepath.Join("testdata", name)
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(golden, got, 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "run `UPDATE=1 go test ./bench/reads/page` and look at what changed")
	}
	raw, err := figures.Book{Path: filepath.Join(dir, rawFile)}.Pairs()
	require.NoError(t, err)
	require.NoError(t, Write(dir, raw), "it can be made again of the raw results beside it")
}

func TestThePlotIsWellFormed(t *testing.T) {
	results, err := figures.Results(sample())
	require.NoError(t, err)
	for decoder := xml.NewDecoder(bytes.NewReader(plot(results))); ; {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}

func TestWhatCannotBeComputedIsNamed(t *testing.T) {
	dir := t.TempDir()
	require.Error(t, Write(dir, nil))
	require.NoError(t, Write(dir, sample()[:11])) // five pairs at equal load
	text, err := os.ReadFile(filepath.Join(dir, textFile))
	require.NoError(t, err)
	require.Contains(t, string(text), "1 replicas: reads at equal load: 5 rounds are too few: 6 give")
	require.Contains(t, string(text), "| 1 | latency of writes | not measured | not above 1 for certain | **NOT reached** | **failed** |")
}
