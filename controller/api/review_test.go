package api

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// reviewer knows one token, and what its owner may do.
type reviewer struct {
	may   string
	down  bool
	asked []string
}

func (r *reviewer) Review(_ context.Context, token, verb string) (string, error) {
	r.asked = append(r.asked, token+" "+verb)
	switch {
	case r.down:
		return "", Unavailable("the API server does not answer", "use the controller's own token")
	case token != "t-ada":
		return "", Unauthorized("the token is nobody's", "make one")
	case verb != r.may:
		return "ada", Forbidden("ada may not "+verb, "ask for a Role")
	}
	return "ada", nil
}

// reviewed is a server with a reviewer, and what it logs.
func reviewed(t *testing.T, backend Backend, r Reviewer, token string) (http.Handler, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	server, err := New(Config{
		Address: string(network), Token: token, Reviewer: r, Backend: backend,
		Log: slog.New(slog.NewTextHandler(&log, nil)), Registry: prometheus.NewRegistry(),
	})
	require.NoError(t, err)
	address, err := net.ResolveTCPAddr("tcp", string(network))
	require.NoError(t, err)
	return server.handler(newGuard(address, token, true)), &log
}

func TestATokenThatIsReviewed(t *testing.T) {
	for name, c := range map[string]struct {
		own, token string
		down       bool
		path, body string
		status     int
		asked      any    // of the backend
		user       string // in the log
	}{
		"may":                   {token: "t-ada", path: "switchover", body: `{"by":"root"}`, status: 202, asked: SwitchoverRequest{By: "ada"}, user: "user=ada "},
		"may not":               {token: "t-ada", path: "failover", status: 403, user: "user=ada "},
		"is nobody's":           {token: "guess", path: "switchover", status: 401},
		"is not there":          {path: "switchover", status: 401},
		"cannot be reviewed":    {token: "t-ada", down: true, path: "switchover", status: 503},
		"is the server's own":   {own: "s3cret", token: "s3cret", down: true, path: "failover", body: `{"by":"eve"}`, status: 202, asked: FailoverRequest{By: "eve with the admin token"}, user: `user="the admin token" `},
		"is not the own one":    {own: "s3cret", token: "s3cres", path: "switchover", status: 401},
		"is empty, and the own": {token: "", path: "pause", body: `{"for":"1m"}`, status: 401},
	} {
		t.Run(name, func(t *testing.T) {
			backend := healthyBackend()
			handler, log := reviewed(t, backend, &reviewer{may: verbSwitchover, down: c.down}, c.own)
			send := func(*http.Request) {}
			if c.token != "" {
				send = header("Authorization", "Bearer "+c.token)
			}
			answer := ask(handler, http.MethodPost, "/api/v1/"+c.path, c.body, send)
			require.Equal(t, c.status, answer.Code, answer.Body)
			if c.asked != nil {
				require.Equal(t, []any{c.asked}, backend.asked)
			} else {
				require.Empty(t, backend.asked)
			}
			require.Contains(t, log.String()+" ", c.user)
			require.NotContains(t, log.String()+answer.Body.String(), "t-ada")
		})
	}
}

// A call that changes something and is not reviewed would let in everybody with any token.
func TestEveryCallThatChangesSomethingIsReviewedWithItsOwnVerb(t *testing.T) {
	r := &reviewer{}
	backend := healthyBackend()
	handler, _ := reviewed(t, backend, r, "s3cret")
	server, err := New(Config{Address: string(network), Backend: backend, Registry: prometheus.NewRegistry()})
	require.NoError(t, err)
	var verbs []string
	for _, route := range server.routes() {
		if isSafe(route.method) {
			continue
		}
		path := strings.NewReplacer("{name}", "memgraph-0", "{action}", "kill").Replace(route.path)
		answer := ask(handler, route.method, path, `{"for":"1m"}`, header("Authorization", "Bearer t-ada"))
		require.Equal(t, http.StatusForbidden, answer.Code, path)
		verbs = append(verbs, strings.TrimPrefix(r.asked[len(r.asked)-1], "t-ada "))
		require.Contains(t, path, "/"+verbs[len(verbs)-1])
	}
	require.ElementsMatch(t, Verbs(), verbs)
	require.Empty(t, backend.asked)
}

func TestReadingIsNotReviewed(t *testing.T) {
	handler, _ := reviewed(t, healthyBackend(), &reviewer{down: true}, "")
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/api/v1/status", "").Code)
}
