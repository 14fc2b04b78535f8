// Package onepage makes one page in HTML of reports in Markdown, with their plots in
// it: it needs no other file and no network, and can be read in a light and a dark
// browser.
//
//	page, err := onepage.Of("docs/bench", "docs/bench/README.md", "docs/chaos/README.md")
package onepage

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// layout has the colours of the plots.
const layout = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What was measured of memgraph-controller</title>
<style>
:root { color-scheme: light dark; --ground:#ffffff; --text:#1f2328; --grid:#d1d9e0; --limit:#cf222e; --a:#0969da }
@media (prefers-color-scheme: dark) { :root { --ground:#0d1117; --text:#e6edf3; --grid:#3d444d; --limit:#f85149; --a:#4493f8 } }
body { margin: 2rem auto; padding: 0 1rem; max-width: 90rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
h1 { border-top: 1px solid var(--grid); padding-top: 1.5rem; margin-top: 3rem }
a { color: var(--a) }
table { display: block; overflow-x: auto; border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid var(--grid); padding: .25rem .6rem }
td strong { color: var(--limit) }
svg { max-width: 100%; height: auto }
pre { overflow-x: auto }
</style>
<nav><ul>
{{range .}}<li><a href="#{{.ID}}">{{.Title}}</a></li>
{{end}}</ul></nav>
{{range .}}<section id="{{.ID}}">
{{.Body}}</section>
{{end}}</html>
`

// section is one report.
type section struct {
	ID, Title string
	Body      template.HTML
}

// Of makes the page of reports, which is to stand in a folder: links are made to hold
// from there.
func Of(folder string, reports ...string) ([]byte, error) {
	var sections []section
	for i, report := range reports {
		s, err := read(folder, report)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", report, err)
		}
		s.ID = fmt.Sprintf("report-%d", i+1)
		sections = append(sections, s)
	}
	var page bytes.Buffer
	err := template.Must(template.New("page").Parse(layout)).Execute(&page, sections)
	return page.Bytes(), err
}

func read(folder, report string) (section, error) {
	source, err := os.ReadFile(report)
	if err != nil {
		return section{}, err
	}
	from, err := filepath.Rel(folder, filepath.Dir(report))
	if err != nil {
		return section{}, err
	}
	markdown := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithRendererOptions(
		renderer.WithNodeRenderers(util.Prioritized(pictures{folder: filepath.Dir(report)}, 100))))
	tree := markdown.Parser().Parse(text.NewReader(source), parser.WithContext(parser.NewContext()))
	title, err := prepare(tree, source, filepath.ToSlash(from))
	if err != nil {
		return section{}, err
	}
	var body bytes.Buffer
	if err := markdown.Renderer().Render(&body, source, tree); err != nil {
		return section{}, err
	}
	return section{Title: title, Body: template.HTML(body.String())}, nil //nolint:gosec // goldmark escapes what is not its own
}

// prepare makes links hold from the page's folder, and returns the first heading.
func prepare(tree ast.Node, source []byte, from string) (title string, err error) {
	err = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Heading:
			if title == "" {
				title = string(n.Lines().Value(source))
			}
		case *ast.Link:
			if to := string(n.Destination); entering && !strings.Contains(to, "://") && !strings.HasPrefix(to, "#") {
				n.Destination = []byte(path.Join(from, to))
			}
		}
		return ast.WalkContinue, nil
	})
	if err == nil && title == "" {
		err = fmt.Errorf("it has no heading")
	}
	return title, err
}

// pictures renders an image as the SVG that it names.
type pictures struct{ folder string }

// RegisterFuncs implements renderer.NodeRenderer.
func (p pictures) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindImage, p.render)
}

func (p pictures) render(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	name := string(n.(*ast.Image).Destination)
	if filepath.Ext(name) != ".svg" {
		return ast.WalkStop, fmt.Errorf("picture %s is no SVG", name)
	}
	picture, err := os.ReadFile(filepath.Join(p.folder, filepath.FromSlash(name)))
	if err != nil {
		return ast.WalkStop, err
	}
	_, err = w.Write(picture)
	return ast.WalkSkipChildren, err
}
