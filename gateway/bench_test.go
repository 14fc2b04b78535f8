package gateway_test

import (
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// ways are the ways from a client to an upstream that the benchmarks compare:
// with nothing between, by the plainest proxy there is in Go, and through a
// gateway that is configured for reads and one that is configured for writes.
var ways = []struct {
	name string
	via  func(b *testing.B, upstream string) (address string)
}{
	{"direct", func(_ *testing.B, upstream string) string { return upstream }},
	{"plain", plainProxy},
	{"read", throughGateway(gateway.Config{})},
	{"write", throughGateway(gateway.Config{Track: boltframe.Track, IsolationAfter: time.Hour})},
}

func throughGateway(cfg gateway.Config) func(*testing.B, string) string {
	return func(b *testing.B, upstream string) string {
		g := start(b, cfg)
		g.Confirm(time.Now())
		open(g, 1, upstream)
		return g.Status().Address
	}
}

// plainProxy is two goroutines with io.Copy for each connection.
func plainProxy(b *testing.B, upstream string) string {
	return serve(b, func(client *net.TCPConn) {
		server, err := net.Dial("tcp", upstream)
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(server, client)
			_ = server.Close()
		}()
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}).address()
}

// answerer is an upstream that answers the handshake with a version and each
// message with the same answer.
func answerer(b *testing.B, answer string) string {
	return serve(b, func(conn *net.TCPConn) {
		buf := make([]byte, 4096)
		for greeted := false; ; greeted = true {
			if _, err := conn.Read(buf); err != nil {
				return
			}
			reply := answer
			if !greeted {
				reply = version
			}
			if _, err := conn.Write([]byte(reply)); err != nil {
				return
			}
		}
	}).address()
}

// client connects and shakes hands.
func client(b *testing.B, address string) net.Conn {
	conn, err := net.Dial("tcp", address)
	require.NoError(b, err)
	b.Cleanup(func() { _ = conn.Close() })
	talk(b, conn, handshake, version)
	require.NoError(b, conn.SetReadDeadline(time.Time{}))
	return conn
}

// processor is the processor time that this process has used.
func processor(b *testing.B) time.Duration {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// exchange sends request and reads answers of a size, b.N times. Beside the time
// it reports the processor time of all parties: what it exceeds that of the
// direct way is the gateway's.
func exchange(b *testing.B, conn net.Conn, request string, size int) {
	buf := make([]byte, size)
	before := processor(b)
	for b.Loop() {
		if _, err := conn.Write([]byte(request)); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(conn, buf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(processor(b)-before)/float64(b.N), "cpu-ns/op")
}

// BenchmarkRoundTrip is one small query and its answer on one connection.
func BenchmarkRoundTrip(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			exchange(b, client(b, way.via(b, answerer(b, success))), run, len(success))
		})
	}
}

// BenchmarkBulk is one query with 4 MB of rows, 64 bytes each.
func BenchmarkBulk(b *testing.B) {
	rows := strings.Repeat(bolt("\xB1\x71\x91\xD0\x36"+strings.Repeat("x", 54)), 4<<20/64)
	answer := rows + success
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(int64(len(answer)))
			exchange(b, client(b, way.via(b, answerer(b, answer))), pull, len(answer))
		})
	}
}

// BenchmarkConnect is a new connection and its handshake.
func BenchmarkConnect(b *testing.B) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			address := way.via(b, answerer(b, success))
			for b.Loop() {
				conn, err := net.Dial("tcp", address)
				require.NoError(b, err)
				talk(b, conn, handshake, version)
				_ = conn.(*net.TCPConn).SetLinger(0) // no port is left in TIME_WAIT
				_ = conn.Close()
			}
		})
	}
}

// BenchmarkIdleSession reports what a session costs that does nothing, beside
// its sockets in the kernel. It measures once.
func BenchmarkIdleSession(b *testing.B) {
	needFiles(b, 2*crowdSize+500)
	g := start(b, gateway.Config{Track: boltframe.Track})
	others := spawn(b, "crowd")
	open(g, 1, others.hear(b))
	before := inUse()
	others.say(b, crowdSize, g.Status().Address)
	require.Equal(b, "connected", others.hear(b))
	require.Equal(b, "answered", others.hear(b))
	b.ReportMetric(float64(inUse()-before)/crowdSize, "bytes/session")
}
