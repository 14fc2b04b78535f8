package conformance

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// program is the database under test: the real one, or the stand-in.
var program string

// real tells that program is not the stand-in.
var real bool

// nextPort counts through ports below those that the kernel gives to clients,
// so that no connection of another process takes one between two uses.
var nextPort atomic.Int32

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	nextPort.Store(10000 + int32(os.Getpid()%2000)*10)
	if program = os.Getenv("MEMGRAPH"); program != "" {
		real = true
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "memgraph-standin")
	build := exec.Command("go", "build", "-o", program, "memgraph-controller/clusters/standin/cmd/memgraph-standin")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the stand-in: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// slow skips a fact that takes long to see.
func slow(t *testing.T) {
	t.Helper()
	if os.Getenv("SLOW") == "" {
		t.Skip("takes long; run with SLOW=1")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := 10000 + int(nextPort.Add(1)-10000)%20000
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, listener.Close())
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// lone is one fresh instance, a main.
func lone(t *testing.T) *instance {
	t.Helper()
	a := newInstance(t, "a")
	a.start()
	return a
}

// trio is a main a and two replicas b and c that nobody has registered.
func trio(t *testing.T, flags ...string) (a, b, c *instance) {
	t.Helper()
	a, b, c = newInstance(t, "a", flags...), newInstance(t, "b", flags...), newInstance(t, "c", flags...)
	for _, i := range []*instance{a, b, c} {
		i.start()
	}
	b.demote()
	c.demote()
	return a, b, c
}

// cluster is a trio in which a has the STRICT_SYNC voter b and the ASYNC replica c.
func cluster(t *testing.T, flags ...string) (a, b, c *instance) {
	t.Helper()
	a, b, c = trio(t, flags...)
	a.register(b, "STRICT_SYNC")
	a.register(c, "ASYNC")
	return a, b, c
}
