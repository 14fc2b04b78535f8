package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// serve starts a server over real sockets and returns a client of it.
func serve(t *testing.T, backend Backend, token string) Client {
	t.Helper()
	return clientOf(t, newHandler(t, backend, loopback, token))
}

func clientOf(t *testing.T, handler http.Handler) Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Client{Base: server.URL + "/", HTTP: server.Client()}
}

func TestClientReadsWhatTheBackendSays(t *testing.T) {
	backend := healthyBackend()
	backend.failovers = []Failover{{
		ID: "f1", Kind: KindSwitchover, Reason: "requested", Started: begin(), Result: ResultCompleted,
		Phases:   []Phase{{Name: PhasePromote, Started: begin(), Duration: Duration(150 * time.Millisecond)}},
		Finished: begin().Add(time.Second),
	}}
	backend.connections = []Connection{{Gateway: "rw", Session: gateway.Session{
		ID: 3, Client: "127.0.0.1:40000", Upstream: "127.0.0.1:10000", Since: begin(), State: gateway.SessionPaused,
	}}}
	client := serve(t, backend, "")
	ctx := t.Context()

	status, err := client.Status(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.status, status)
	gateways, err := client.Gateways(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.status.Gateways, gateways)
	routing, err := client.Routing(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.status.Routing, routing)
	replicas, err := client.Replicas(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.status.Instances[1:], replicas)
	connections, err := client.Connections(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.connections, connections)
	failovers, err := client.Failovers(ctx)
	require.NoError(t, err)
	require.Equal(t, backend.failovers, failovers)
}

func TestClientSendsRequestsWithItsToken(t *testing.T) {
	backend := healthyBackend()
	client := serve(t, backend, "s3cret")
	client.Token = "s3cret"
	ctx := t.Context()
	accepted, err := client.Switchover(ctx, SwitchoverRequest{Target: "memgraph-1"})
	require.NoError(t, err)
	require.Equal(t, Accepted{ID: "request-1", Message: "taken down"}, accepted)
	_, err = client.Failover(ctx, FailoverRequest{Force: true})
	require.NoError(t, err)
	_, err = client.Pause(ctx, PauseRequest{For: Period(90 * time.Second)})
	require.NoError(t, err)
	_, err = client.Instance(ctx, InstanceAction{Instance: "odd/../name", Do: ActionStop})
	require.NoError(t, err)
	require.Equal(t, []any{
		SwitchoverRequest{Target: "memgraph-1"}, FailoverRequest{Force: true}, PauseRequest{For: Period(90 * time.Second)},
		InstanceAction{Instance: "odd/../name", Do: ActionStop},
	}, backend.asked)
}

func TestClientReturnsTheServersSentence(t *testing.T) {
	backend := healthyBackend()
	backend.refusal = Conflict("memgraph-1 lags by 40", "wait for it")
	_, err := serve(t, backend, "").Switchover(t.Context(), SwitchoverRequest{})
	refusal, ok := errors.AsType[*Error](err)
	require.True(t, ok)
	require.Equal(t, &Error{Status: 409, Message: "memgraph-1 lags by 40", Hint: "wait for it"}, refusal)
	require.EqualError(t, err, "memgraph-1 lags by 40; wait for it")

	_, err = serve(t, backend, "s3cret").Switchover(t.Context(), SwitchoverRequest{})
	require.ErrorContains(t, err, "needs the controller's token")
}

func TestClientReadsHealthWhetherItPassedOrNot(t *testing.T) {
	backend := healthyBackend()
	backend.ready[1] = Check{Name: "gateway-ro", Reason: "it does not listen"}
	client := serve(t, backend, "")
	report, ok, err := client.Ready(t.Context())
	require.NoError(t, err)
	require.False(t, ok)
	require.Contains(t, report, "[-]gateway-ro failed: it does not listen")
	report, ok, err = client.Live(t.Context())
	require.NoError(t, err)
	require.True(t, ok)
	require.Contains(t, report, "livez check passed")
}

func TestClientSaysThatNobodyListens(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := Client{Base: server.URL}.Status(t.Context())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestClientTellsAStrangerFromAController(t *testing.T) {
	answers := map[string]struct {
		status int
		body   string
		says   string
	}{
		"a page that is missing": {404, "<h1>nginx</h1>\n\n not here", "HTTP status 404: <h1>nginx</h1> not here; is this the controller's address?"},
		"a page":                 {200, "<h1>hello</h1>", "answered something that is not the controller's"},
		"much of nothing":        {500, strings.Repeat("x", 10000), "HTTP status 500: " + strings.Repeat("x", 200) + ";"},
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			client := clientOf(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(a.status)
				_, _ = w.Write([]byte(a.body))
			}))
			_, err := client.Status(t.Context())
			require.ErrorContains(t, err, a.says)
		})
	}
}

func TestClientGivesUpWithItsContext(t *testing.T) {
	release := make(chan struct{})
	client := clientOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := client.Status(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestClientNamesAnAddressThatIsNone(t *testing.T) {
	_, err := Client{Base: "http://bad host"}.Status(t.Context())
	require.ErrorContains(t, err, `server address "http://bad host"`)
}
