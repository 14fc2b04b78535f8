package login_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
	"memgraph-controller/gateway/login"
)

// BenchmarkConnect is a new connection up to the answer to its login, over loopback: to an
// instance, and through a read gateway that does not check logins, one that has asked about
// this one lately and one that asks each time. The instances compare no password: what the
// main's hash takes comes on top. Beside the time it reports the processor time of all
// parties.
func BenchmarkConnect(b *testing.B) {
	main, replica := listen(b, &instance{name: "a", bolt: 52, users: true}), listen(b, &instance{name: "b", bolt: 52})
	write := begin(b, gateway.Config{})
	write.Follow(gateway.Route{Epoch: 1, Flow: gateway.Open, Upstreams: []string{main}})
	through := func(open func() gateway.Opener) string {
		g := begin(b, gateway.Config{Track: boltframe.Track, Open: open})
		g.Follow(gateway.Route{Epoch: 1, Flow: gateway.Open, Upstreams: []string{replica}})
		return g.Status().Address
	}
	for name, address := range map[string]string{
		"direct":    replica,
		"unchecked": through(nil),
		"known":     through(login.New(login.Config{Main: write.Authority}).Open),
		"asked":     through(login.New(login.Config{Main: write.Authority, Fresh: time.Nanosecond}).Open),
	} {
		b.Run(name, func(b *testing.B) {
			before := processor(b)
			for b.Loop() {
				connectOnce(b, address)
			}
			b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// connectOnce opens a connection as the official drivers do.
func connectOnce(b *testing.B, address string) {
	conn, err := net.Dial("tcp", address)
	require.NoError(b, err)
	_, _ = conn.Write(bolt52)
	answer := make([]byte, 4)
	_, err = conn.Read(answer)
	require.NoError(b, err)
	_, _ = conn.Write(join(hello, logon("p")))
	for range 2 {
		content, err := read(conn)
		require.NoError(b, err)
		require.Equal(b, byte(0x70), content[1])
	}
	_ = conn.(*net.TCPConn).SetLinger(0) // no port is left in TIME_WAIT
	_ = conn.Close()
}

// listen serves an instance on a real socket until the benchmark ends.
func listen(b *testing.B, i *instance) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go i.serve(conn)
		}
	}()
	return listener.Addr().String()
}

// begin runs a gateway on a real socket until the benchmark ends.
func begin(b *testing.B, cfg gateway.Config) *gateway.Gateway {
	cfg.Address = "127.0.0.1:0"
	g := gateway.New(cfg)
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		require.NoError(b, <-ended)
	})
	require.Eventually(b, func() bool { return g.Status().Running }, 10*time.Second, time.Millisecond)
	return g
}

func processor(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
