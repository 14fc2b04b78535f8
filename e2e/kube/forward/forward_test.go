package forward_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"memgraph-controller/e2e/kube/forward"
)

// server is an API server that answers every request with handle.
func server(t *testing.T, handle http.HandlerFunc) (*rest.Config, kubernetes.Interface) {
	t.Helper()
	s := httptest.NewServer(handle)
	t.Cleanup(s.Close)
	config := &rest.Config{Host: s.URL}
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return config, client
}

func TestARefusalNamesThePodAndThePort(t *testing.T) {
	asked := make(chan string, 1)
	config, client := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.URL.Path
		http.Error(w, "no such pod", http.StatusNotFound)
	})
	_, err := forward.Open(t.Context(), config, client, "db", "memgraph-0", 7687)
	require.ErrorContains(t, err, "port 7687 of pod db/memgraph-0")
	require.Equal(t, "POST /api/v1/namespaces/db/pods/memgraph-0/portforward", <-asked)
}

func TestAPodThatDoesNotAnswerIsNotWaitedForLongerThanAsked(t *testing.T) {
	enough := errors.New("long enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan struct{})
	config, client := server(t, func(http.ResponseWriter, *http.Request) {
		cancel(enough)
		<-done
	})
	t.Cleanup(func() { close(done) }) // before the server is closed, which waits for its handlers
	_, err := forward.Open(ctx, config, client, "db", "memgraph-0", 7687)
	require.ErrorIs(t, err, enough)
}
