package check

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Page is one Markdown file.
type Page struct {
	// Path is relative to the repository's root.
	Path   string
	source []byte
	tree   ast.Node
}

// elsewhere are folders whose pages are made by a build or are data of tests.
var elsewhere = []string{".git", "out", "bin", "node_modules", "testdata"}

// Pages reads every Markdown file below root.
func Pages(root string) (pages []Page, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(elsewhere, entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".md":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		pages = append(pages, parse(filepath.ToSlash(relative), source))
		return nil
	})
	return pages, err
}

func parse(path string, source []byte) Page {
	tree := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	return Page{Path: path, source: source, tree: tree}
}

// line is the number of the line in which a position of the source stands.
func (p Page) line(position int) int {
	return 1 + strings.Count(string(p.source[:position]), "\n")
}

// each visits every node of the page.
func (p Page) each(visit func(ast.Node)) {
	_ = ast.Walk(p.tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// plain is the text of a node without its markup.
func (p Page) plain(n ast.Node) string {
	var out strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			out.Write(n.Segment.Value(p.source))
			if n.SoftLineBreak() {
				out.WriteByte(' ')
			}
		case *ast.String:
			out.Write(n.Value)
		}
		return ast.WalkContinue, nil
	})
	return out.String()
}

// Code lists what stands in the page's text as code.
func (p Page) Code() (spans []string) {
	p.each(func(n ast.Node) {
		if span, ok := n.(*ast.CodeSpan); ok {
			spans = append(spans, p.plain(span))
		}
	})
	return spans
}

// Guide tells that the page is one that people work by: not a report that was made of
// results, nor the page of a part of the suites.
func (p Page) Guide() bool {
	folder := filepath.ToSlash(filepath.Dir(p.Path))
	return folder == "." || folder == "docs" || folder == "charts/memgraph-controller"
}
