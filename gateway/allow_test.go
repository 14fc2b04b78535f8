package gateway_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// from connects to a gateway from one of this machine's addresses.
func from(t *testing.T, address string, g *gateway.Gateway) (net.Conn, error) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", g.Status().Address)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close() })
	}
	return conn, err
}

// lines is a log that many write to.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func TestOnlyClientsOfAllowedNetworksAreTaken(t *testing.T) {
	upstream := serve(t, named("a"))
	log := &lines{}
	g := gateway.New(gateway.Config{
		Address: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(log, nil)),
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.1.0.0/16")},
	})
	running(t, g)
	open(g, 1, upstream.address())
	for _, allowed := range []string{"127.1.2.3", "127.1.0.0"} {
		conn, err := from(t, allowed, g)
		require.NoError(t, err)
		talk(t, conn, "hello", "a")
	}
	for range 5 {
		conn, err := from(t, "127.2.0.1", g)
		if err == nil { // the reset can be as early as in the dial
			_, err = conn.Read(make([]byte, 1))
		}
		require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
	}
	eventually(t, func() bool { return g.Status().Counters.Accepted == 7 }, "all have come")
	counters := g.Status().Counters
	require.Equal(t, map[gateway.Rejection]uint64{gateway.RejectAddress: 5}, counters.Rejected)
	require.EqualValues(t, 2, counters.Dialed)
	require.Equal(t, 1, strings.Count(log.String(), "reason=address"))
}
