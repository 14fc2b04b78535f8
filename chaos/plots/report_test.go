package plots

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/figures"
)

func begin() time.Time { return time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) }

// sample is rounds as a run might write them: four faults, one of them in both
// ways, with rounds that are void and one that failed.
func sample() (rounds []Round) {
	chance := rand.New(rand.NewPCG(1, 2))
	around := func(middle float64) float64 {
		return math.Round(1000*middle*math.Exp(chance.NormFloat64()/3)) / 1000
	}
	add := func(fault string, hold float64, way figures.Way, times int, write, read float64) {
		for number := range times {
			rounds = append(rounds, Round{
				Fault: fault, Hold: hold, Way: way, Number: number + 1, Seed: 7, Began: begin().Add(time.Duration(len(rounds)) * time.Minute), Verdict: figures.Passed,
				Acted: 0.2, Whole: around(8), WriteGap: around(write), ReadGap: around(read),
				Connections: 100, Acknowledged: 2000, Unknown: 1, Bound: 8, SessionsCut: 4,
				Failovers: []figures.Failover{{Kind: "failover", From: "a", To: "b", Phases: map[string]float64{"promote": around(write / 10), "detect": around(write / 2)}}},
			})
		}
	}
	add("kill main", 0, figures.Native, 60, 0.7, 0.02)
	add("kill main", 0, figures.Mesh, 30, 0.9, 0.02)
	add("cut main <from everybody>", 10, figures.Native, 40, 2.8, 0.3)
	add("kill follower", 0, figures.Native, 20, 0.05, 0.05)
	add("fill disk of main", 2.5, figures.Native, 1, 1.5, 0)
	failed := &rounds[100]
	failed.Verdict, failed.Why, failed.WriteGap, failed.Lost = figures.Failed, "no acknowledged write for 7.1 s | promised: 5 s", 7.1, 1
	rounds[5].ManagedErrors = map[string]int{"Neo.TransientError: a|b": 2}
	rounds[95].ManagedErrors = map[string]int{"Neo.TransientError: a|b": 1, "ConnectivityError": 9}
	rounds[7].ConnectionsFailed, rounds[7].False = 1, 1
	rounds[8].Diverged = []string{"c"}
	void := &rounds[len(rounds)-1]
	void.Verdict, void.Why = figures.Void, "only 3 writes/s before the fault\nwanted 60"
	return rounds
}

// golden compares with a file in testdata, or with UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "report", name)
	if os.Getenv("UPDATE") == "1" {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "%s; UPDATE=1 writes it anew", name)
}

func TestTheReportOfASampleIsTheOneThatPeopleHaveLookedAt(t *testing.T) {
	for name, content := range Report(sample()) {
		golden(t, name, content)
	}
}

func TestTheOrderOfRoundsDoesNotMatter(t *testing.T) {
	rounds := sample()
	want := Report(rounds)
	slices.Reverse(rounds)
	require.Equal(t, want, Report(rounds))
}

func TestEveryPictureIsXMLThatNeedsNoOtherFile(t *testing.T) {
	for name, content := range Report(sample()) {
		if filepath.Ext(name) != ".svg" {
			continue
		}
		decoder := xml.NewDecoder(bytes.NewReader(content))
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			if start, ok := token.(xml.StartElement); ok {
				require.NotContains(t, []string{"script", "image", "use", "foreignObject", "link"}, start.Name.Local, name)
			}
		}
		require.NotContains(t, string(content), "url(", name)
		require.Contains(t, string(content), "prefers-color-scheme: dark", name)
	}
}

func TestAReportOfNothingButVoidRoundsShowsNoNumbers(t *testing.T) {
	files := Report([]Round{{Fault: "kill", Way: figures.Native, Verdict: figures.Void, Why: "no load", WriteGap: 9}})
	require.Contains(t, string(files[textFile]), "0 rounds of 0 faults count, 1 are void")
	require.Contains(t, string(files[textFile]), "| kill | 0 |  |  |  | 0 | 1 |")
	require.NotContains(t, string(files[writeGapFile]), `class="dots"`)
	require.NotContains(t, files, phasesFile)
}

func TestALineForEachRoundIsRead(t *testing.T) {
	dir := t.TempDir()
	var lines bytes.Buffer
	for _, r := range sample() {
		require.NoError(t, json.NewEncoder(&lines).Encode(r))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.jsonl"), lines.Bytes(), 0o600))
	rounds, err := ReadDir(dir)
	require.NoError(t, err)
	require.Equal(t, sample(), rounds)
	require.NoError(t, Write(filepath.Join(dir, "report"), rounds))
	text, err := os.ReadFile(filepath.Join(dir, "report", textFile))
	require.NoError(t, err)
	require.Equal(t, Report(rounds)[textFile], text)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.jsonl"), lines.Bytes(), 0o600))
	_, err = ReadDir(dir)
	require.ErrorContains(t, err, "is also in "+filepath.Join(dir, "a.jsonl"))
}

func TestAFolderWithoutResultsIsAnError(t *testing.T) {
	_, err := ReadDir(t.TempDir())
	require.ErrorContains(t, err, "holds no *.jsonl")
}

// The report in docs is made of the raw rounds in docs, and of nothing else.
func TestTheReportInDocsIsThatOfItsRawResults(t *testing.T) {
	docs := filepath.Join("..", "..", "docs", "chaos")
	rounds, err := ReadDir(docs)
	require.NoError(t, err)
	for name, want := range Report(rounds) {
		got, err := os.ReadFile(filepath.Join(docs, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what `go run ./chaos/cmd/report` makes", name)
	}
}
