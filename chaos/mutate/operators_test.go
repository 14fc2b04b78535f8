package main

import (
	"go/parser"
	"go/token"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// parse makes a source of the declarations of a package.
func parse(t *testing.T, set *token.FileSet, code string) *source {
	t.Helper()
	code = "package topology\n" + code
	tree, err := parser.ParseFile(set, "some.go", code, parser.SkipObjectResolution)
	require.NoError(t, err)
	return &source{"some.go", code, tree}
}

// changes lists the mutants of some code.
func changes(t *testing.T, code string) []string {
	set := token.NewFileSet()
	var list []string
	for _, m := range mutantsOf(set, []*source{parse(t, set, code)}) {
		list = append(list, m.operator+": "+m.before+" => "+m.after)
	}
	slices.Sort(list)
	return list
}

func TestEachOperatorChangesWhatItIsFor(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		want []string
	}{
		"a guard": {"func f() { if ok() { g = 1 } }", []string{
			"condition negated: ok() => !(ok())",
			"guard dropped: ok() => false && (ok())",
			"number: 1 => 0", "number: 1 => 2",
			"statement dropped: g = 1 => nothing",
		}},
		"one with an alternative is no guard": {"func f() { if !ok() { return } else { return } }", []string{
			"condition negated: !ok() => ok()",
		}},
		"equality is negated once": {"func f() bool { return a == b }", []string{
			"comparison: a == b => a != b",
		}},
		"order": {"func f() bool { return a < b }", []string{
			"comparison: a < b => a <= b",
		}},
		"both": {"func f() bool { return a && !b }", []string{
			"&& for ||: a && !b => (a || !b)",
			"condition negated: !b => b",
			"condition negated: a => !(a)",
			"side dropped: a && !b => !b", "side dropped: a && !b => a",
		}},
		"whether there is any": {"func f() bool { return n > 0 }", []string{"comparison: n > 0 => n >= 0"}},
		"conditions of a switch": {"func f() { switch { case a: case x < y: default: } }", []string{
			"case dropped: a => false && (a)", "case dropped: x < y => false && (x < y)",
			"comparison: x < y => x <= y",
			"condition negated: a => !(a)", "condition negated: x < y => !(x < y)",
		}},
		"values of a switch": {"func f() { switch x { case a: default: } }", []string{
			"case dropped: case a: => nothing",
		}},
		"a list of rules": {"func f() { r = first(s.one, func() { two(3) }) }", []string{
			"number: 3 => 0", "number: 3 => 4",
			"rule dropped: func() { two(3) } => nothing", "rule dropped: s.one => nothing",
			"statement dropped: r = first(s.one, func() { two(3) }) => nothing",
			"statement dropped: two(3) => nothing",
		}},
		"decisions": {"func f() *decision { if d := g(); d != nil { return d }; return nil }", []string{
			"comparison: d != nil => d == nil",
			"decision replaced: return d => return nil",
			`decision replaced: return nil => return wait("")`,
			"guard dropped: d != nil => false && (d != nil)",
		}},
		"what a closure returns is no decision": {"func f() *decision { return g(func() bool { return ok }) }", []string{
			"decision replaced: return g(func() bool { return ok }) => return nil",
		}},
		"constants of one type": {"const (\n A T = \"a\"\n B T = \"b\"\n C U = \"c\"\n)\n func f() T { return h(A, B, x.A, s{B: A}, true) }", []string{
			"constant swapped: A => B", "constant swapped: A => B", "constant swapped: B => A",
			"constant swapped: true => false",
		}},
		"a duration": {"const d = 3 * time.Second", []string{"number: 3 => 0"}},
		"the length of an array is no number of anything": {"func f() [6]string { return g }", nil},
		"several assignments": {"func f() { a, b = c, d; e := 1.5; e++ }", []string{
			"statement dropped: a = c => nothing", "statement dropped: b = d => nothing", "statement dropped: e++ => nothing",
		}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, changes(t, c.code)) })
	}
}

// What a person reads is no behaviour: a format, and the values for it.
func TestTextForPeopleIsLeftAlone(t *testing.T) {
	require.Equal(t, []string{"number: 1 => 0", "number: 1 => 2"},
		changes(t, `func f() string { return say(1, "%s is not %d of them", 7, a && b, string(k)+" or so") }`))
}
