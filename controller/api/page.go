package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
)

//go:embed page
var pageFiles embed.FS

// page is the status page: one document, which asks for nothing but Server.events.
type page struct {
	document      *template.Template
	style, script string
	policy        string
}

func newPage() (*page, error) {
	document, err := template.ParseFS(pageFiles, "page/page.html")
	if err != nil {
		return nil, fmt.Errorf("the status page: %w", err)
	}
	var parts [2]string
	for n, name := range []string{"page/page.css", "page/page.js"} {
		text, err := pageFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("the status page: %w", err)
		}
		parts[n] = string(text)
	}
	p := &page{document: document, style: parts[0], script: parts[1]}
	p.policy = fmt.Sprintf("default-src 'none'; style-src %s; script-src %s; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		hashOf(p.style), hashOf(p.script))
	return p, nil
}

// hashOf names a text in a Content-Security-Policy: nothing else may be run, whatever
// somebody gets into a name or a reason.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// index answers with the page.
func (s *Server) index(w http.ResponseWriter, _ *http.Request) {
	status := s.config.Backend.Status()
	var out bytes.Buffer
	err := s.page.document.Execute(&out, map[string]any{
		"Cluster": status.Cluster, "Version": status.Version, "Links": s.links(),
		"Style": template.CSS(s.page.style), "Script": template.JS(s.page.script), //nolint:gosec // both are of this package
	})
	if err != nil {
		writeError(w, asError(fmt.Errorf("the status page: %w", err)))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", s.page.policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	_, _ = w.Write(out.Bytes())
}

// links are what can be opened.
func (s *Server) links() (paths []string) {
	for _, route := range s.routes() {
		if route.method == http.MethodGet && route.path != "/{$}" {
			paths = append(paths, route.path)
		}
	}
	return paths
}
