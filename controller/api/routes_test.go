package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryReadingRouteAnswersFromTheBackend(t *testing.T) {
	backend := healthyBackend()
	backend.failovers = []Failover{{ID: "f1", Kind: KindFailover, Reason: "dead", Started: begin()}}
	handler := newHandler(t, backend, loopback, "")
	cases := []struct{ path, kind, contains string }{
		{"/", "text/html; charset=utf-8", `<a href="/api/v1/status">`},
		{"/api/v1/status", "application/json", `"cluster":"demo"`},
		{"/api/v1/gateways", "application/json", `"ro"`},
		{"/api/v1/routing", "application/json", `"reason":"nothing to do"`},
		{"/api/v1/replicas", "application/json", `"name":"memgraph-2"`},
		{"/api/v1/connections", "application/json", `[]`},
		{"/api/v1/failovers", "application/json", `"id":"f1"`},
		{"/livez", "text/plain; charset=utf-8", "ok\n"},
		{"/readyz", "text/plain; charset=utf-8", "ok\n"},
		{"/metrics", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores", "memgraph_controller_epoch 7"},
		{"/openapi.yaml", "application/yaml", "openapi: 3.1"},
	}
	for _, c := range cases {
		t.Run(c.path, func(t *testing.T) {
			answer := ask(handler, http.MethodGet, c.path, "")
			require.Equal(t, http.StatusOK, answer.Code)
			require.Equal(t, c.kind, answer.Header().Get("Content-Type"))
			require.Contains(t, answer.Body.String(), c.contains)
			require.Equal(t, "nosniff", answer.Header().Get("X-Content-Type-Options"))
		})
	}
}

func TestReplicasLeaveOutTheMainOfTheRecordWhateverRoleItClaims(t *testing.T) {
	backend := healthyBackend()
	backend.status.Record.Main = "memgraph-1"
	answer := ask(newHandler(t, backend, loopback, ""), http.MethodGet, "/api/v1/replicas", "")
	var replicas []Instance
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &replicas))
	require.Len(t, replicas, 2)
	require.Equal(t, "memgraph-0", replicas[0].Name, "it says main, but the record does not")
}

func TestLengthsOfTimeAreSecondsAndPointsThatHaveNotComeAreLeftOut(t *testing.T) {
	backend := healthyBackend()
	backend.failovers = []Failover{{
		ID: "f1", Kind: KindFailover, Started: begin(),
		Phases: []Phase{{Name: PhaseDetect, Started: begin(), Duration: Duration(1234567 * time.Nanosecond)}},
	}}
	answer := ask(newHandler(t, backend, loopback, ""), http.MethodGet, "/api/v1/failovers", "")
	require.Contains(t, answer.Body.String(), `"duration_seconds":0.001235`)
	require.NotContains(t, answer.Body.String(), `"finished"`)
}

func TestEveryChangingRouteHandsItsRequestToTheBackend(t *testing.T) {
	cases := []struct {
		path, body string
		want       any
	}{
		{"/api/v1/switchover", `{"target":"memgraph-1","by":"ada"}`, SwitchoverRequest{Target: "memgraph-1", By: "ada"}},
		{"/api/v1/switchover", ``, SwitchoverRequest{}},
		{
			"/api/v1/failover", `{"target":"memgraph-1","force":true,"accept_loss":true}`,
			FailoverRequest{Target: "memgraph-1", Force: true, AcceptLoss: true},
		},
		{"/api/v1/pause", `{"for":"10m","by":"ada"}`, PauseRequest{For: Period(10 * time.Minute), By: "ada"}},
		{"/api/v1/pause", `{"for":"0"}`, PauseRequest{}},
		{"/api/v1/instances/memgraph-1/kill", ``, InstanceAction{Instance: "memgraph-1", Do: ActionKill}},
		{"/api/v1/instances/memgraph-1/cont", `{}`, InstanceAction{Instance: "memgraph-1", Do: ActionCont}},
	}
	for _, c := range cases {
		t.Run(c.path+c.body, func(t *testing.T) {
			backend := healthyBackend()
			answer := ask(newHandler(t, backend, loopback, ""), http.MethodPost, c.path, c.body)
			require.Equal(t, http.StatusAccepted, answer.Code, answer.Body)
			require.Equal(t, []any{c.want}, backend.asked)
			require.Contains(t, answer.Body.String(), `"message":`)
		})
	}
}

func TestBadInputIsRefusedWithASentenceAndReachesNobody(t *testing.T) {
	cases := map[string]struct {
		method, path, body string
		status             int
		says               string
	}{
		"unknown path":     {http.MethodGet, "/api/v2/status", "", 404, "nothing is at /api/v2/status"},
		"wrong method":     {http.MethodGet, "/api/v1/switchover", "", 405, "does not take GET"},
		"post to a page":   {http.MethodPost, "/metrics", "", 405, "does not take POST"},
		"unknown action":   {http.MethodPost, "/api/v1/instances/memgraph-1/explode", "", 404, `\"explode\" is nothing that can be done`},
		"no JSON":          {http.MethodPost, "/api/v1/switchover", "target=memgraph-1", 400, "invalid character"},
		"half an object":   {http.MethodPost, "/api/v1/switchover", `{"target":`, 400, "unexpected EOF"},
		"unknown key":      {http.MethodPost, "/api/v1/switchover", `{"to":"memgraph-1"}`, 400, `unknown field \"to\"`},
		"wrong type":       {http.MethodPost, "/api/v1/failover", `{"force":"yes"}`, 400, "cannot unmarshal string"},
		"two objects":      {http.MethodPost, "/api/v1/failover", `{}{}`, 400, "goes on after the JSON object"},
		"an array":         {http.MethodPost, "/api/v1/failover", `[]`, 400, "cannot unmarshal array"},
		"too large":        {http.MethodPost, "/api/v1/failover", `{"target":"` + strings.Repeat("x", 64<<10) + `"}`, 413, "larger than 65536 bytes"},
		"large after it":   {http.MethodPost, "/api/v1/failover", `{}` + strings.Repeat(" ", 64<<10), 400, "goes on after the JSON object"},
		"pause of nothing": {http.MethodPost, "/api/v1/pause", ``, 400, "for is missing"},
		"pause, no unit":   {http.MethodPost, "/api/v1/pause", `{"for":"10"}`, 400, `\"10\" is no length of time`},
		"pause, a number":  {http.MethodPost, "/api/v1/pause", `{"for":10}`, 400, "cannot unmarshal number"},
		"pause, negative":  {http.MethodPost, "/api/v1/pause", `{"for":"-1s"}`, 400, "for is -1s"},
		"pause for a year": {http.MethodPost, "/api/v1/pause", `{"for":"8760h"}`, 400, "for is 8760h0m0s"},
		"body for nothing": {http.MethodPost, "/api/v1/instances/memgraph-1/kill", `{"hard":true}`, 400, `unknown field \"hard\"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			backend := healthyBackend()
			answer := ask(newHandler(t, backend, loopback, ""), c.method, c.path, c.body)
			require.Equal(t, c.status, answer.Code, answer.Body)
			require.Equal(t, "application/json", answer.Header().Get("Content-Type"))
			require.Contains(t, answer.Body.String(), c.says)
			var refusal Error
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &refusal))
			require.NotEmpty(t, refusal.Hint, "a refusal says what to do")
			require.Empty(t, backend.asked)
		})
	}
}

func TestWrongMethodIsToldTheRightOnes(t *testing.T) {
	handler := newHandler(t, healthyBackend(), loopback, "")
	require.Equal(t, "POST", ask(handler, http.MethodGet, "/api/v1/pause", "").Header().Get("Allow"))
	require.Equal(t, "GET, HEAD", ask(handler, http.MethodPut, "/api/v1/status", "").Header().Get("Allow"))
	require.Equal(t, http.StatusOK, ask(handler, http.MethodHead, "/api/v1/status", "").Code)
}

func TestTheBackendsRefusalChoosesTheStatus(t *testing.T) {
	cases := []struct {
		refusal error
		status  int
		body    string
	}{
		{Invalid("no instance x", "see status"), 400, `{"error":"no instance x","hint":"see status"}`},
		{Conflict("memgraph-1 lags", ""), 409, `{"error":"memgraph-1 lags"}`},
		{Unavailable("nobody leads", "try again"), 503, `{"error":"nobody leads","hint":"try again"}`},
		{ErrUnsupported, 501, `only in local mode`},
		{errors.New("disk full"), 500, `{"error":"disk full"}`},
	}
	for _, c := range cases {
		t.Run(c.refusal.Error(), func(t *testing.T) {
			backend := healthyBackend()
			backend.refusal = c.refusal
			handler := newHandler(t, backend, loopback, "")
			for _, path := range []string{"/api/v1/switchover", "/api/v1/failover", "/api/v1/instances/a/kill"} {
				answer := ask(handler, http.MethodPost, path, "")
				require.Equal(t, c.status, answer.Code)
				require.Contains(t, answer.Body.String(), c.body)
			}
		})
	}
}

// FuzzPauseBody: whatever the body, the answer is a sentence, and only a length
// within the bounds reaches the backend.
func FuzzPauseBody(f *testing.F) {
	for _, body := range []string{`{"for":"10m"}`, `{"for":"0"}`, `{"for":"-1s"}`, `{"for":1}`, `{}`, `[[`, `{"for":"9e9h"}`} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		backend := healthyBackend()
		answer := ask(newHandler(t, backend, loopback, ""), http.MethodPost, "/api/v1/pause", body)
		switch answer.Code {
		case http.StatusAccepted:
			length := backend.asked[0].(PauseRequest).For
			require.True(t, length >= 0 && length <= MaxPause)
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			require.Empty(t, backend.asked)
			require.True(t, json.Valid(answer.Body.Bytes()))
		default:
			t.Fatalf("status %d for %q", answer.Code, body)
		}
	})
}
