package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// core lists the mutants of the real subject.
func core(t *testing.T) []mutant {
	set := token.NewFileSet()
	files, err := read(set, filepath.Join("..", "..", subject))
	require.NoError(t, err)
	return mutantsOf(set, files)
}

func TestEveryMutantOfTheCoreIsGoAndDiffersFromTheRest(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range core(t) {
		_, err := parser.ParseFile(token.NewFileSet(), "", m.text(), parser.SkipObjectResolution)
		require.NoError(t, err, m)
		require.False(t, seen[m.text()], m)
		seen[m.text()] = true
	}
	require.Greater(t, len(seen), 1000)
}

// One that stands for none has outlived the code, one for two says too little.
func TestEveryEquivalentIsOneMutant(t *testing.T) {
	list := core(t)
	for _, e := range equivalents() {
		same := 0
		for _, m := range list {
			if e.is(m) {
				same++
			}
		}
		require.Equal(t, 1, same, "%+v", e)
		require.NotEmpty(t, e.why, "%+v", e)
	}
	require.Len(t, different(list), len(list)-len(equivalents()))
}

func TestSampleIsTheSameForTheSameSeedAndKeepsTheOrder(t *testing.T) {
	list := core(t)
	some := choose(list, "", 40, 7)
	require.Len(t, some, 40)
	require.Equal(t, some, choose(list, "", 40, 7))
	require.NotEqual(t, some, choose(list, "", 40, 8))
	require.True(t, slices.IsSortedFunc(some, func(a, b mutant) int { return strings.Compare(a.source.path, b.source.path) }))
	require.Len(t, choose(list, "", 0, 7), len(list))
}

func TestOnlyNamesAFileOrALine(t *testing.T) {
	list := core(t)
	file := choose(list, "steady.go", 0, 0)
	line := choose(list, file[0].place(), 0, 0)
	require.Greater(t, len(file), len(line))
	require.NotEmpty(t, line)
	for _, m := range line {
		require.Equal(t, file[0].place(), m.place())
	}
	require.Empty(t, choose(list, "stead", 0, 0))
}

func TestNotesListSurvivorsInOrderAndCountWhatCompiles(t *testing.T) {
	list := core(t)[:6]
	var out, progress bytes.Buffer
	n := newNotes(&out, &progress, list)
	for _, i := range []int{3, 5, 1, 0, 4, 2} {
		n.take(i, []verdict{killed, survived, invalid, timedOut, survived, killed}[i])
	}
	require.InDelta(t, 60, n.sum(), 0.01)
	require.Equal(t, list[1].String()+"\n"+list[4].String()+"\n"+
		"3 of 5 mutants killed (60.0 %), 1 of them by the time limit; 2 survived; 1 more do not compile; 0s\n", out.String())
	require.Equal(t, "6 of 6 tried, 0s\n", progress.String())
	require.InDelta(t, 100, newNotes(&out, &progress, nil).sum(), 0.01)
}

// Most mutants fail a quick test, and need no slow one.
func TestQuickTestsAreRunFirst(t *testing.T) {
	said := "=== RUN   TestA\n--- PASS: TestA (0.01s)\n    --- PASS: TestA/slow (9.00s)\n--- PASS: TestB (1.52s)\n--- PASS: FuzzC (0.00s)\n--- SKIP: TestD (0.00s)\nPASS\n"
	require.Equal(t, [2]string{"^(TestA|FuzzC)$", "^(TestB)$"}, byDuration(said))
}
