package api

import (
	_ "embed"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openAPI describes every route and every field; a test compares it with the
// code.
//
//go:embed openapi.yaml
var openAPI []byte

// route is one call: a method, a path in the form of http.ServeMux, and what
// answers it.
type route struct {
	method, path string
	answer       http.HandlerFunc
}

// routes is the one list of what there is: the multiplexer, the index page, the
// answers to wrong methods and the test of the OpenAPI document come from it.
func (s *Server) routes() []route {
	backend := s.config.Backend
	return []route{
		{http.MethodGet, "/{$}", s.index},
		{http.MethodGet, "/api/v1/status", s.read(func() any { return backend.Status() })},
		{http.MethodGet, "/api/v1/gateways", s.read(func() any { return orEmpty(backend.Status().Gateways) })},
		{http.MethodGet, "/api/v1/routing", s.read(func() any { return backend.Status().Routing })},
		{http.MethodGet, "/api/v1/replicas", s.read(func() any { return backend.Status().Replicas() })},
		{http.MethodGet, "/api/v1/connections", s.read(func() any { return orEmpty(backend.Connections()) })},
		{http.MethodGet, "/api/v1/failovers", s.read(func() any { return orEmpty(backend.Failovers()) })},
		{http.MethodGet, "/api/v1/events", s.events},
		{http.MethodGet, "/api/v1/report", s.read(func() any { return backend.Report() })},
		{http.MethodPost, "/api/v1/switchover", s.change(verbSwitchover, s.switchover)},
		{http.MethodPost, "/api/v1/failover", s.change(verbFailover, s.failover)},
		{http.MethodPost, "/api/v1/pause", s.change(verbPause, s.pause)},
		{http.MethodPost, "/api/v1/instances/{name}/{action}", s.change(verbInstances, s.instance)},
		{http.MethodGet, "/livez", health("livez", backend.Live)},
		{http.MethodGet, "/readyz", health("readyz", backend.Ready)},
		{http.MethodGet, "/metrics", s.metrics().ServeHTTP},
		{http.MethodGet, "/openapi.yaml", serveOpenAPI},
	}
}

func (s *Server) metrics() http.Handler {
	return promhttp.HandlerFor(s.config.Registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

func serveOpenAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openAPI)
}

// handler is the whole server behind its guard.
func (s *Server) handler(guard guard) http.Handler {
	byPath := map[string]methods{}
	for _, r := range s.routes() {
		if byPath[r.path] == nil {
			byPath[r.path] = methods{}
		}
		byPath[r.path][r.method] = r.answer
	}
	mux := http.NewServeMux()
	for path, answers := range byPath {
		mux.Handle(path, answers)
	}
	mux.HandleFunc("/", notFound)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		if err := guard.check(r); err != nil {
			writeError(w, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// methods answers one path. ServeMux would choose by method too, but its refusal
// is not JSON.
type methods map[string]http.HandlerFunc

func (m methods) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if answer, ok := m[method]; ok {
		answer(w, r)
		return
	}
	allowed := m.names()
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	writeError(w, refuse(http.StatusMethodNotAllowed, "use "+strings.Join(allowed, " or "),
		"%s does not take %s", r.URL.Path, r.Method))
}

func (m methods) names() []string {
	var names []string
	for name := range m {
		names = append(names, name)
		if name == http.MethodGet {
			names = append(names, http.MethodHead)
		}
	}
	slices.Sort(names)
	return names
}

func notFound(w http.ResponseWriter, r *http.Request) {
	writeError(w, refuse(http.StatusNotFound, "GET / lists what there is", "nothing is at %s", r.URL.Path))
}
