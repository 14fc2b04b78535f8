package contender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func site() Site {
	return Site{Dir: "/run/bench", Upstream: "127.0.0.1:7687", Threads: 2, Files: 20_000}
}

func TestHAProxyIsToldNothingMoreThanItNeeds(t *testing.T) {
	require.Equal(t, `global
    nbthread 2
    maxconn 9250
    maxpipes 500
    stats socket /run/bench/haproxy.sock level admin

defaults
    mode tcp
    option splice-request
    option splice-response
    timeout connect 5s
    timeout client 1h
    timeout server 1h

listen bench
    bind 127.0.0.1:9 backlog 4096
    maxconn 9250
    server upstream 127.0.0.1:7687
`, haproxyConfig(site(), "127.0.0.1:9", "/run/bench/haproxy.sock", []string{"option splice-request", "option splice-response"}))
}

func TestNginxIsToldNothingMoreThanItNeeds(t *testing.T) {
	require.Equal(t, `load_module /m.so;
user root;
daemon off;
pid /run/bench/nginx.pid;
error_log stderr crit;
worker_processes 2;
worker_rlimit_nofile 20000;
events { worker_connections 18500; }
stream {
    server {
        listen 127.0.0.1:9 backlog=4096;
        proxy_pass 127.0.0.1:7687;
        proxy_timeout 1h;
    }
}
`, nginxConfig(site(), "127.0.0.1:9", "/m.so"))
	require.NotContains(t, nginxConfig(site(), "127.0.0.1:9", ""), "load_module")
}

func TestEveryContenderHasAnotherName(t *testing.T) {
	names := map[string]bool{}
	for _, c := range All() {
		require.False(t, names[c.Name], c.Name)
		names[c.Name] = true
	}
	require.Contains(t, names, HAProxy)
}

func TestAProgramThatEndsSaysWhy(t *testing.T) {
	_, err := run(Site{}, "127.0.0.1:1", "sh", "-c", "echo out of cheese >&2; exit 3")
	require.ErrorContains(t, err, "sh: it has ended: exit status 3: out of cheese")
	_, err = run(Site{}, "127.0.0.1:1", "no-such-proxy")
	require.ErrorContains(t, err, "start no-such-proxy: ")
	require.Equal(t, []string{"no-such-proxy"}, Missing("sh", "no-such-proxy"))
}
