package main

import (
	"go/token"
	"testing"

	"github.com/stretchr/testify/require"
)

const little = `
const limit = 3

type s struct{}

func (v s) more(a int, rest ...int) bool {
	return a > len(rest)
}

func more() {
	n := 0
	n = 7
}
`

func weaved(t *testing.T, code string) (list []mutant, texts map[string]string) {
	set := token.NewFileSet()
	file := parse(t, set, code)
	list = mutantsOf(set, []*source{file})
	var numbers []int
	for i, m := range list {
		if m.copyable() {
			numbers = append(numbers, i+1)
		}
	}
	return list, weave(set, []*source{file}, list, numbers)
}

func TestFunctionAsksWhichOfItsMutantsIsMeant(t *testing.T) {
	_, texts := weaved(t, little)
	require.Contains(t, texts["some.go"], "{ switch mutant {\ncase 3: return v.more_3(a, rest...)\n}\n")
	require.Contains(t, texts["some.go"], "//line mutant-3:1\nfunc (v s) more_3(a int, rest ...int) bool {\n\treturn a >= len(rest)\n}\n")
	require.Contains(t, texts["some.go"], "case 5: more_5(); return\n")
}

// A variable that nobody uses any more, for instance.
func TestMutantThatDoesNotCompileIsKnownByItsPlace(t *testing.T) {
	list, texts := weaved(t, "func f() int {\n\tn := 1\n\tm := 2\n\tm = n\n\treturn m\n}")
	texts["mutant.go"] = chooser
	bad, err := faulty(texts)
	require.NoError(t, err)
	var what []string
	for i, m := range list {
		if bad[i+1] {
			what = append(what, m.String())
		}
	}
	require.Equal(t, []string{"some.go:5: statement dropped: m = n  =>  nothing"}, what)
}

func TestFaultOfTheUnchangedCodeIsNoMutants(t *testing.T) {
	_, err := faulty(map[string]string{"some.go": "package topology\nfunc f() int { return nothing }"})
	require.ErrorContains(t, err, "nothing")
}
