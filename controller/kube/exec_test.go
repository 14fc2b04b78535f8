package kube

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// The channels of v5.channel.k8s.io: the first byte of each message.
const (
	inChannel      = 0
	outChannel     = 1
	errChannel     = 2
	verdictChannel = 3
)

// message is one on a channel.
type message struct {
	channel byte
	text    string
}

// execServer answers every exec with these messages, and keeps what it was asked.
func execServer(t *testing.T, asked *http.Request, messages ...message) *Exec {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r
		upgrader := websocket.Upgrader{Subprotocols: []string{"v5.channel.k8s.io"}}
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = connection.Close() }()
		for _, m := range messages {
			_ = connection.WriteMessage(websocket.BinaryMessage, append([]byte{m.channel}, m.text...))
			if m.channel == verdictChannel {
				_ = connection.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
			}
		}
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return &Exec{config: config, client: client, namespace: namespace}
}

func TestExecRunsAProgramInTheDatabasesContainerAndHandsOnItsOutput(t *testing.T) {
	var asked http.Request
	exec := execServer(t, &asked, message{outChannel, "the "}, message{errChannel, "by the way"}, message{outChannel, "content"}, message{verdictChannel, `{"status":"Success"}`})
	var out bytes.Buffer
	require.NoError(t, exec.Run(t.Context(), "memgraph-1", DatabaseContainer, []string{"/program", "backup", "send"}, nil, &out))
	require.Equal(t, "the content", out.String())
	require.Equal(t, "/api/v1/namespaces/graph/pods/memgraph-1/exec", asked.URL.Path)
	query := asked.URL.Query()
	require.Equal(t, []string{"/program", "backup", "send"}, query["command"])
	require.Equal(t, DatabaseContainer, query.Get("container"))
	require.Empty(t, query.Get("stdin"))
}

// Longer than a message may be, so that it comes in several.
func TestExecGivesAProgramWhatItReads(t *testing.T) {
	long := strings.Repeat("the content ", 100_000)
	var got strings.Builder
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if query.Get("stdin") != "true" || query.Get("container") != InitContainer {
			http.Error(w, "stdin of the init container is meant", http.StatusBadRequest)
			return
		}
		upgrader := websocket.Upgrader{Subprotocols: []string{"v5.channel.k8s.io"}}
		connection, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = connection.Close() }()
		for got.Len() < len(long) { // the program knows by what it reads where that ends
			_, m, err := connection.ReadMessage()
			if err != nil {
				return
			}
			if m[0] == inChannel {
				got.Write(m[1:])
			}
		}
		_ = connection.WriteMessage(websocket.BinaryMessage, append([]byte{verdictChannel}, `{"status":"Success"}`...))
		_ = connection.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	exec := &Exec{config: config, client: client, namespace: namespace}
	require.NoError(t, exec.Run(t.Context(), "memgraph-0", InitContainer, []string{"/program", "backup", "accept"}, strings.NewReader(long), io.Discard))
	require.True(t, long == got.String(), "all of it arrived, in its order")
}

// What a program that failed wrote before is no whole output.
func TestExecSaysWhatTheProgramSaidThatFailed(t *testing.T) {
	var asked http.Request
	exec := execServer(t, &asked, message{outChannel, "half"}, message{errChannel, strings.Repeat("noise ", 10000) + "no room left\n"},
		message{verdictChannel, `{"status":"Failure","reason":"NonZeroExitCode","message":"exit code 1","details":{"causes":[{"reason":"ExitCode","message":"1"}]}}`})
	err := exec.Run(t.Context(), "memgraph-1", DatabaseContainer, []string{"/program"}, nil, &bytes.Buffer{})
	require.ErrorContains(t, err, "exec in memgraph-1: ")
	require.ErrorContains(t, err, "no room left")
	require.Less(t, len(err.Error()), 2*complaint, "its end, not all of it")
}

// A connection that ends without a verdict proves nothing.
func TestExecThatBreaksIsAnError(t *testing.T) {
	var asked http.Request
	exec := execServer(t, &asked, message{outChannel, "half"})
	require.Error(t, exec.Run(t.Context(), "memgraph-1", DatabaseContainer, []string{"/program"}, nil, &bytes.Buffer{}))
}

func TestExecNeedsAPod(t *testing.T) {
	_, err := NewExec("test", namespace)
	require.ErrorContains(t, err, "connect to the API server")
}
