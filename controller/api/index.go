package api

import (
	"fmt"
	"html"
	"net/http"
	"strings"
)

// index lists what can be opened.
func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	var links strings.Builder
	for _, route := range s.routes() {
		if route.method == http.MethodGet && route.path != "/{$}" {
			fmt.Fprintf(&links, "<li><a href=\"%[1]s\">%[1]s</a></li>\n", route.path)
		}
	}
	status := s.config.Backend.Status()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, indexPage, html.EscapeString(status.Cluster), html.EscapeString(status.Version),
		links.String())
}

const indexPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>memgraph-controller</title></head>
<body>
<h1>memgraph-controller</h1>
<p>Cluster %s, version %s.</p>
<ul>
%s</ul>
<p>What can be changed, and how, is in <a href="/openapi.yaml">/openapi.yaml</a>.</p>
</body>
</html>
`
