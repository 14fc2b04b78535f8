package figures

import (
	"bytes"
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
)

func begin() time.Time { return time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) }

// sample is results as a run might write them: four faults, one of them in both
// ways, with rounds that are void and one that failed.
func sample() (results []Result) {
	chance := rand.New(rand.NewPCG(1, 2))
	around := func(middle float64) float64 {
		return math.Round(1000*middle*math.Exp(chance.NormFloat64()/3)) / 1000
	}
	add := func(fault string, way Way, rounds int, write, read float64) {
		for range rounds {
			results = append(results, Result{
				Fault: fault, Way: way, Seed: 7, Began: begin().Add(time.Duration(len(results)) * time.Minute), Verdict: Passed,
				WriteGap: around(write), ReadGap: around(read), Connections: 100, Failovers: 1, Acknowledged: 2000, SessionsCut: 4, Unknown: 1,
				Phases: map[string]float64{"detect": around(write / 2), "promote": around(write / 10)},
			})
		}
	}
	add("kill of the main", Native, 60, 0.7, 0.02)
	add("kill of the main", Mesh, 30, 0.9, 0.02)
	add("main cut off <from everybody>", Native, 40, 2.8, 0.3)
	add("loss of a gateway", Native, 20, 0.05, 0.05)
	add("disk full", Native, 1, 1.5, 0)
	failed := &results[100]
	failed.Verdict, failed.Why, failed.WriteGap, failed.Lost = Failed, "no acknowledged write for 7.1 s | promised: 5 s", 7.1, 1
	results[5].ManagedErrors = map[string]int{"Neo.TransientError: a|b": 2}
	results[95].ManagedErrors = map[string]int{"Neo.TransientError: a|b": 1, "ConnectivityError": 9}
	results[7].FailedConnections, results[7].FalseFailovers = 1, 1
	void := &results[len(results)-1]
	void.Verdict, void.Why = Void, "only 3 writes/s before the fault\nwanted 60"
	return results
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

func TestTheOrderOfResultsDoesNotMatter(t *testing.T) {
	results := sample()
	want := Report(results)
	slices.Reverse(results)
	require.Equal(t, want, Report(results))
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
	files := Report([]Result{{Fault: "kill", Way: Native, Verdict: Void, Why: "no load", WriteGap: 9}})
	require.Contains(t, string(files[textFile]), "0 rounds of 0 faults count, 1 are void")
	require.Contains(t, string(files[textFile]), "| kill | 0 |  |  |  | 0 | 1 |")
	require.NotContains(t, string(files[writeGapFile]), `class="dots"`)
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	dir := t.TempDir()
	var lines bytes.Buffer
	for _, r := range sample() {
		require.NoError(t, Append(&lines, r))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.jsonl"), lines.Bytes(), 0o600))
	results, err := ReadDir(dir)
	require.NoError(t, err)
	require.Equal(t, sample(), results)
	require.NoError(t, Write(filepath.Join(dir, "report"), results))
	text, err := os.ReadFile(filepath.Join(dir, "report", textFile))
	require.NoError(t, err)
	require.Equal(t, Report(results)[textFile], text)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.jsonl"), lines.Bytes(), 0o600))
	_, err = ReadDir(dir)
	require.ErrorContains(t, err, "is also in "+filepath.Join(dir, "a.jsonl"))
}

func TestAFolderWithoutResultsIsAnError(t *testing.T) {
	_, err := ReadDir(t.TempDir())
	require.ErrorContains(t, err, "holds no *.jsonl")
}

// The report in docs is made of the raw results in docs, and of nothing else.
func TestTheReportInDocsIsThatOfItsRawResults(t *testing.T) {
	docs := filepath.Join("..", "..", "docs", "chaos")
	raw, err := filepath.Glob(filepath.Join(docs, rawFiles))
	require.NoError(t, err)
	if len(raw) == 0 {
		t.Skip("docs/chaos has no raw results yet")
	}
	results, err := ReadDir(docs)
	require.NoError(t, err)
	for name, want := range Report(results) {
		got, err := os.ReadFile(filepath.Join(docs, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is not what `go run ./chaos/cmd/report` makes", name)
	}
}
