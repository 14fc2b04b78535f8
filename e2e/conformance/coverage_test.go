package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests of the suite itself: that it leaves no finding out, and that it judges
// rightly.

func TestNoFindingIsLeftWithoutAFact(t *testing.T) {
	named := namedFindings(t)
	known := map[string]bool{}
	for _, f := range findings {
		require.False(t, known[f.id], "finding %s is there twice", f.id)
		known[f.id] = true
		require.NotEmpty(t, f.what, f.id)
		if f.unasked == "" {
			require.True(t, named[f.id], "no test is about %s: %s", f.id, f.what)
		} else {
			require.False(t, named[f.id], "a test is about %s, which says that none can be", f.id)
		}
	}
	for id := range named {
		require.True(t, known[id], "a test is about %s, which is no finding", id)
	}
}

// namedFindings are the findings that the sources of the suite name in a call of
// fact, alone or ids.
func namedFindings(t *testing.T) map[string]bool {
	t.Helper()
	named := map[string]bool{}
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if called, ok := call.Fun.(*ast.Ident); ok && (called.Name == "fact" || called.Name == "alone" || called.Name == "ids") {
				for _, arg := range call.Args {
					if text, ok := arg.(*ast.BasicLit); ok {
						id, err := strconv.Unquote(text.Value)
						require.NoError(t, err)
						named[id] = true
					}
				}
			}
			return true
		})
	}
	return named
}

// testFunctions are the tests of the package.
func testFunctions(t *testing.T) map[string]*ast.BlockStmt {
	t.Helper()
	all := map[string]*ast.BlockStmt{}
	for _, file := range sources(t) {
		for _, declared := range file.Decls {
			if f, ok := declared.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				all[f.Name.Name] = f.Body
			}
		}
	}
	return all
}

// sources are the files of the suite.
func sources(t *testing.T) (files []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		files = append(files, file)
	}
	return files
}

func TestVerdictOnAFinding(t *testing.T) {
	about := func(e entry) *entry {
		e.shows, e.done = []string{"1.1a"}, true
		return &e
	}
	passed, failed := about(entry{test: "TestA"}), about(entry{test: "TestB", failed: true})
	left := about(entry{test: "TestC", notAsked: "it needs containers"})
	partly := about(entry{test: "TestD", partly: []string{"it takes long"}})
	later := about(entry{test: "TestE", changes: []change{oneKindOfRefusal}})
	for _, about := range []struct {
		name    string
		entries []*entry
		verdict verdict
		remark  string
	}{
		{"no test ran", nil, notAsked, "no test of it ran"},
		{"a test passed", []*entry{passed}, agrees, ""},
		{"one of two failed", []*entry{passed, failed}, differs, "see TestB"},
		{"left out", []*entry{left, left}, notAsked, "it needs containers"},
		{"one of two was left out", []*entry{passed, left}, agrees, "but for a part: it needs containers"},
		{"a part of one was left out", []*entry{partly}, agrees, "but for a part: it takes long"},
		{"it met a change", []*entry{passed, later}, documented, oneKindOfRefusal.String()},
		{"it met a change and failed", []*entry{later, failed}, differs, "see TestB"},
		{"it did not end", []*entry{{test: "TestF", shows: []string{"1.1a"}}}, notAsked, "no test of it ran"},
	} {
		t.Run(about.name, func(t *testing.T) {
			l := ledger{entries: about.entries}
			verdict, remark := l.judge(finding{id: "1.1a"})
			require.Equal(t, about.verdict, verdict)
			require.Equal(t, about.remark, remark)
			verdict, _ = l.judge(finding{id: "1.1b"})
			require.Equal(t, notAsked, verdict, "the others are not touched")
		})
	}
}

func TestOnlyOneKindOfInstancesIsAsked(t *testing.T) {
	t.Setenv("MEMGRAPH", "/usr/lib/memgraph/memgraph")
	t.Setenv("ADDRESSES", "db:7687")
	_, err := choose()
	require.ErrorContains(t, err, "set one of them")
}

func TestAddressesOfInstancesOfOthers(t *testing.T) {
	g, err := newGuests("db1:7687, db2:7690=10.0.0.2:4000")
	require.NoError(t, err)
	defer func() { require.NoError(t, g.close()) }()
	require.Equal(t, "the instances at db1:7687, db2:7690", g.String())
	require.Equal(t, "db1", g.all[0].host)
	require.Equal(t, 10000, g.all[0].port)
	require.Equal(t, "10.0.0.2", g.all[1].host)
	require.Equal(t, 4000, g.all[1].port)
	for _, wrong := range []string{"db1", "db1:7687=", "db1:7687,", "db1:bolt"} {
		_, err := newGuests(wrong)
		require.ErrorContains(t, err, "ADDRESSES", wrong)
	}
}

func TestEveryTestThatAsksInstancesSaysWhichFindingsItIsAbout(t *testing.T) {
	asks := map[string]bool{"lone": true, "trio": true, "cluster": true, "clusterOf": true, "stalled": true, "silent": true, "behind": true, "blackHole": true}
	for name, body := range testFunctions(t) {
		asking, saying := false, false
		ast.Inspect(body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if called, ok := call.Fun.(*ast.Ident); ok {
					asking = asking || asks[called.Name]
					saying = saying || called.Name == "fact" || called.Name == "alone"
				}
			}
			return true
		})
		require.Equal(t, asking, asking && saying, name)
	}
}
