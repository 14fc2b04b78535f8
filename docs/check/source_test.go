package check

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// test is what is known of a test by its source.
type test struct {
	scripted bool // it takes lines from the pages
}

func has(tests map[string]test, name string) bool {
	_, is := tests[name]
	return is
}

// testsOf are the tests below a folder, by name.
func testsOf(t *testing.T, dir string) map[string]test {
	t.Helper()
	names := map[string]test{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(elsewhere, entry.Name()):
			return filepath.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = test{scripted: calls(f, "ScriptOf") || calls(f, "Way")}
			}
		}
		return nil
	}))
	return names
}

// calls tells that a function calls one of another package by this name.
func calls(f *ast.FuncDecl, name string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, is := n.(*ast.CallExpr); is {
			selector, of := call.Fun.(*ast.SelectorExpr)
			found = found || of && selector.Sel.Name == name
		}
		return true
	})
	return found
}

// The map of the house has every package, and no other.
func TestTheMapOfTheHouseIsThatOfGoList(t *testing.T) {
	list, err := exec.Command("go", "list", "memgraph-controller/...").Output()
	require.NoError(t, err)
	var packages []string
	for line := range strings.Lines(string(list)) {
		path := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(line), "memgraph-controller"), "/")
		packages = append(packages, orRoot(path))
	}
	require.Greater(t, len(packages), 50)

	var rows []string
	for _, table := range page(t, "docs/development.md").Tables() {
		if table.Head[0] == "package" {
			for _, row := range table.Rows {
				require.NotEmpty(t, row.Code[0], row.Cells)
				rows = append(rows, row.Code[0]...)
			}
		}
	}
	for _, path := range packages {
		require.True(t, slices.ContainsFunc(rows, func(row string) bool { return holds(row, path) }), "no row of docs/development.md has package %s", path)
	}
	for _, row := range rows {
		require.True(t, slices.ContainsFunc(packages, func(path string) bool { return holds(row, path) }), "docs/development.md has %s, and there is no such package", row)
	}
}

func orRoot(path string) string {
	if path == "" {
		return "."
	}
	return path
}

// holds tells that a package belongs to a row, which ends in /... where it has all below.
func holds(row, path string) bool {
	folder, deep := strings.CutSuffix(row, "/...")
	return path == folder || deep && strings.HasPrefix(path, folder+"/")
}
