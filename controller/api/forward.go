package api

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// forwardedHeader marks a call that another controller passed on: it is passed on
// once, also while two controllers think of each other as the leader.
const forwardedHeader = "X-Memgraph-Controller-Forwarded"

// forwardTimeout bounds a call that is passed on, the connection to a leader that is
// silent included: a leader that answers does so within backendTimeout.
const forwardTimeout = backendTimeout + time.Second

// toLeader passes a changing call on to the controller that leads, with its token,
// and carries it out here where none other is known to: behind a Service nobody
// can choose whom to ask.
func (s *Server) toLeader(here http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		leader := s.config.Leader()
		if leader == "" || r.Header.Get(forwardedHeader) != "" {
			here(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), forwardTimeout)
		defer cancel()
		proxy := httputil.ReverseProxy{
			Rewrite: func(p *httputil.ProxyRequest) {
				p.SetURL(&url.URL{Scheme: "http", Host: leader})
				p.Out.Header.Set(forwardedHeader, "true")
			},
			Transport: &http.Transport{DisableKeepAlives: true},
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				s.config.Log.Warn("a request could not be passed on to the leader", "leader", leader, "error", err)
				writeError(w, asError(Unavailable("the leader at "+leader+" does not answer: "+err.Error(), "try again in a moment")))
			},
		}
		proxy.ServeHTTP(w, r.WithContext(ctx))
	}
}
