package report

import (
	"bytes"
	"html/template"
	"regexp"
	"strings"
)

// pageTemplate is a page that needs no other file. Its colours are those of the plots.
const pageTemplate = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What the gateway costs</title>
<style>
:root { color-scheme: light dark; --ground:#ffffff; --text:#1f2328; --grid:#d1d9e0; --limit:#cf222e }
@media (prefers-color-scheme: dark) { :root { --ground:#0d1117; --text:#e6edf3; --grid:#3d444d; --limit:#f85149 } }
body { margin: 2rem auto; padding: 0 1rem; max-width: 90rem; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { border-bottom: 1px solid var(--grid); padding: .25rem .6rem; text-align: right }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
strong { color: var(--limit) }
svg { max-width: 100%; height: auto }
</style>
<h1>What the gateway costs</h1>
<p>{{.About}}</p>
{{template "table" .Costs}}
<p>{{.Reading}}</p>
{{range .Plots}}<p>{{.}}</p>
{{end}}<h2>The gate</h2>
<p>{{.Gating}}</p>
{{template "table" .Gate}}
</html>
{{define "table"}}<div class="wide"><table>
{{range $i, $line := .}}<tr>{{range $line}}{{if $i}}<td>{{marked .}}</td>{{else}}<th>{{.}}</th>{{end}}{{end}}</tr>
{{end}}</table></div>{{end}}`

// page is the report as one page in HTML.
func (r *Results) page(costs, gate table, plots ...[]byte) []byte {
	var pictures []template.HTML
	for _, p := range plots {
		pictures = append(pictures, template.HTML(p)) //nolint:gosec // made by package svg
	}
	var b bytes.Buffer
	page := template.Must(template.New("page").Funcs(template.FuncMap{"marked": marked}).Parse(pageTemplate))
	err := page.Execute(&b, map[string]any{
		"About": r.about(), "Costs": costs, "Gate": gate, "Plots": pictures,
		"Reading": marked(reading), "Gating": marked(gating),
	})
	if err != nil { // a Buffer takes everything, so the template is wrong
		panic(err)
	}
	return b.Bytes()
}

// marked turns the little Markdown that cells have into HTML.
func marked(text string) template.HTML {
	text = template.HTMLEscapeString(text)
	for _, mark := range []struct{ pattern, element string }{
		{`\*\*([^*]+)\*\*`, "strong"}, {`\*([^*]+)\*`, "em"}, {"`([^`]+)`", "code"},
	} {
		text = regexp.MustCompile(mark.pattern).ReplaceAllString(text, "<"+mark.element+">$1</"+mark.element+">")
	}
	return template.HTML(strings.TrimSpace(text)) //nolint:gosec // escaped above
}
