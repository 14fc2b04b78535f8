package api

import (
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// follower is a server of a controller that takes another one to be the leader.
func follower(t *testing.T, leader string) http.Handler {
	t.Helper()
	server, err := New(Config{
		Address: "127.0.0.1:0", Backend: healthyBackend(), Log: slog.New(slog.DiscardHandler),
		Registry: prometheus.NewRegistry(), Leader: func() string { return leader }, Token: "s3cret",
	})
	require.NoError(t, err)
	return server.handler(newGuard(&net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 8080}, "s3cret", false))
}

func TestChangingCallsArePassedOnToTheLeaderWithTheirToken(t *testing.T) {
	backend := healthyBackend()
	leader := httptest.NewServer(newHandler(t, backend, network, "s3cret"))
	defer leader.Close()
	handler := follower(t, strings.TrimPrefix(leader.URL, "http://"))
	answer := ask(handler, http.MethodPost, "/api/v1/switchover", `{"target":"memgraph-1"}`, header("Authorization", "Bearer s3cret"))
	require.Equal(t, http.StatusAccepted, answer.Code, answer.Body.String())
	require.Equal(t, []any{SwitchoverRequest{Target: "memgraph-1"}}, backend.asked)
	require.Equal(t, http.StatusUnauthorized, ask(handler, http.MethodPost, "/api/v1/switchover", `{}`).Code, "the token is checked before")
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/api/v1/status", "").Code)
}

func TestACallIsPassedOnOnlyOnce(t *testing.T) {
	handler := follower(t, "192.0.2.1:1")
	answer := ask(handler, http.MethodPost, "/api/v1/switchover", `{}`,
		header("Authorization", "Bearer s3cret"), header(forwardedHeader, "true"))
	require.Equal(t, http.StatusAccepted, answer.Code, "it is carried out here")
}

func TestALeaderThatCannotBeReachedIsNamed(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	answer := ask(follower(t, strings.TrimPrefix(closed.URL, "http://")), http.MethodPost, "/api/v1/switchover", `{}`,
		header("Authorization", "Bearer s3cret"))
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Contains(t, answer.Body.String(), "the leader at 127.0.0.1")
}
