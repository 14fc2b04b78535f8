package api

import (
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhoMayChangeSomething(t *testing.T) {
	const token = "s3cret"
	bearer := func(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }
	none := func(*http.Request) {}
	cases := map[string]struct {
		bound  binding
		token  string
		send   func(*http.Request)
		status int
		says   string
	}{
		"loopback, no token":                {loopback, "", none, 202, ""},
		"loopback, token set, not sent":     {loopback, token, none, 401, "needs the controller's token"},
		"loopback, token set and sent":      {loopback, token, bearer(token), 202, ""},
		"loopback, no token, one sent":      {loopback, "", bearer("x"), 202, ""},
		"network, no token":                 {network, "", none, 403, "MEMGRAPH_CONTROLLER_TOKEN"},
		"network, no token, one sent":       {network, "", bearer("x"), 403, "MEMGRAPH_CONTROLLER_TOKEN"},
		"network, no token, an empty one":   {network, "", bearer(""), 403, "MEMGRAPH_CONTROLLER_TOKEN"},
		"network, token set, not sent":      {network, token, none, 401, "needs the controller's token"},
		"network, token set, empty one":     {network, token, bearer(""), 401, "the token is not"},
		"network, token set, wrong one":     {network, token, bearer("s3cres"), 401, "the token is not"},
		"network, token set, prefix":        {network, token, bearer("s3c"), 401, "the token is not"},
		"network, token set, other scheme":  {network, token, header("Authorization", "Basic "+token), 401, "needs the controller's token"},
		"network, token set and sent":       {network, token, bearer(token), 202, ""},
		"network, token, any host":          {network, token, both(bearer(token), host("controller.example")), 202, ""},
		"network, token, foreign page":      {network, token, both(bearer(token), header("Sec-Fetch-Site", "cross-site")), 403, "another site"},
		"loopback, foreign page":            {loopback, "", header("Sec-Fetch-Site", "cross-site"), 403, "another site"},
		"loopback, page of a sibling":       {loopback, "", header("Sec-Fetch-Site", "same-site"), 403, "another site"},
		"loopback, foreign origin":          {loopback, "", header("Origin", "https://evil.example"), 403, "another site"},
		"loopback, origin of another port":  {loopback, "", header("Origin", "http://localhost:3000"), 403, "another site"},
		"loopback, origin null":             {loopback, "", header("Origin", "null"), 403, "another site"},
		"loopback, own page":                {loopback, "", both(header("Sec-Fetch-Site", "same-origin"), header("Origin", "http://localhost:8080")), 202, ""},
		"loopback, rebound name":            {loopback, "", both(host("evil.example:8080"), header("Sec-Fetch-Site", "same-origin")), 403, "evil.example:8080"},
		"loopback, rebound name with token": {loopback, token, both(host("evil.example"), bearer(token)), 403, "evil.example"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/v1/switchover", "/api/v1/failover", "/api/v1/instances/memgraph-0/kill"} {
				backend := healthyBackend()
				answer := ask(newHandler(t, backend, c.bound, c.token), http.MethodPost, path, "", c.send)
				require.Equal(t, c.status, answer.Code, answer.Body)
				require.Contains(t, answer.Body.String(), c.says)
				require.Equal(t, c.status == http.StatusAccepted, len(backend.asked) == 1)
				require.NotContains(t, answer.Body.String(), token)
			}
		})
	}
}

func both(a, b func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) { a(r); b(r) }
}

func TestReadingNeedsNoTokenButALocalHostOnLoopback(t *testing.T) {
	local := newHandler(t, healthyBackend(), loopback, "s3cret")
	require.Equal(t, http.StatusOK, ask(local, http.MethodGet, "/api/v1/status", "").Code)
	require.Equal(t, http.StatusForbidden, ask(local, http.MethodGet, "/api/v1/status", "", host("evil.example")).Code)
	remote := newHandler(t, healthyBackend(), network, "")
	require.Equal(t, http.StatusOK, ask(remote, http.MethodGet, "/readyz", "", host("10.1.2.3:8080")).Code)
}

func TestAServerBoundToEveryAddressIsNotOnLoopback(t *testing.T) {
	for _, address := range []string{"0.0.0.0:8080", "[::]:8080", "192.168.1.4:8080"} {
		require.False(t, newGuard(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)), "", false).local, address)
	}
	for _, address := range []string{"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"} {
		require.True(t, newGuard(net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)), "", false).local, address)
	}
	require.False(t, newGuard(&net.UnixAddr{Name: "pipe"}, "", false).local, "an address that is not understood is not trusted")
}

func TestHostsOfThisMachine(t *testing.T) {
	for _, name := range []string{"localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.1.2.3"} {
		require.True(t, isLocalHost(name), name)
	}
	for _, name := range []string{
		"", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8080", "10.0.0.1", "0.0.0.0", "localhost:80:80", "[::1", "user@localhost", "localhost:@", "localhost/",
	} {
		require.False(t, isLocalHost(name), name)
	}
}

// FuzzLocalHost: whatever counts as local looks like a loopback and like nothing
// that a resolver would be asked for.
func FuzzLocalHost(f *testing.F) {
	for _, name := range []string{"localhost:80", "[::1]:8080", "127.0.0.1", "evil.example:1", "[", "::1", "localhost."} {
		f.Add(name)
	}
	local := regexp.MustCompile(`^(localhost|127\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\])(:\d*)?$`)
	f.Fuzz(func(t *testing.T, name string) {
		if isLocalHost(name) {
			require.Regexp(t, local, strings.ToLower(name))
		}
	})
}
