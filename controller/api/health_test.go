package api

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadyzNamesTheGatewayThatFailed(t *testing.T) {
	backend := healthyBackend()
	backend.ready = []Check{
		{Name: "gateway-rw", OK: true, Reason: "holds 3 connections, there is no main"},
		{Name: "gateway-ro", Reason: "listen tcp :7688:\naddress already in use"},
	}
	want := "[+]gateway-rw ok: holds 3 connections, there is no main\n" +
		"[-]gateway-ro failed: listen tcp :7688: address already in use\n" +
		"readyz check failed\n"
	handler := newHandler(t, backend, network, "")
	for _, target := range []string{"/readyz", "/readyz?verbose"} {
		answer := ask(handler, http.MethodGet, target, "")
		require.Equal(t, http.StatusServiceUnavailable, answer.Code)
		require.Equal(t, want, answer.Body.String(), "a failure is always explained")
	}
	require.Equal(t, http.StatusOK, ask(handler, http.MethodGet, "/livez", "").Code, "it is no reason to restart")
}

func TestReadyzVerboseListsEveryCheck(t *testing.T) {
	handler := newHandler(t, healthyBackend(), network, "")
	require.Equal(t, "ok\n", ask(handler, http.MethodGet, "/readyz", "").Body.String())
	require.Equal(t, "[+]gateway-rw ok\n[+]gateway-ro ok\nreadyz check passed\n",
		ask(handler, http.MethodGet, "/readyz?verbose", "").Body.String())
	require.Equal(t, "[+]loop ok\nlivez check passed\n",
		ask(handler, http.MethodGet, "/livez?verbose", "").Body.String())
}
