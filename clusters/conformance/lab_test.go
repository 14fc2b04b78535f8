package conformance

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// nextPort counts through ports below those that the kernel gives to clients,
// so that no connection of another process takes one between two uses.
var nextPort atomic.Int32

// folder is where the stand-in is built.
var folder string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	nextPort.Store(int32(os.Getpid() % 20000))
	var err error
	if folder, err = os.MkdirTemp("", "conformance-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	return m.Run()
}

// program is the database under test, and whether it is the real one. It is
// found out by the first test and not before all of them, for go test keeps a
// result until something changes that a test has looked at: this variable, and
// the sources of the stand-in.
var program = sync.OnceValues(func() (path string, real bool) {
	if path = os.Getenv("MEMGRAPH"); path != "" {
		return path, true
	}
	path = filepath.Join(folder, "memgraph-standin")
	build := exec.Command("go", "build", "-o", path, "memgraph-controller/clusters/standin/cmd/memgraph-standin")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build the stand-in: %v\n%s", err, out))
	}
	if err := watch("../standin"); err != nil {
		panic(err)
	}
	return path, false
})

// watch looks at every file in folder.
func watch(folder string) error {
	return filepath.WalkDir(folder, func(_ string, _ fs.DirEntry, err error) error { return err })
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
		port := 10000 + int(nextPort.Add(1))%20000
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
func cluster(t *testing.T) (a, b, c *instance) {
	t.Helper()
	return clusterOf(t, "STRICT_SYNC", "ASYNC")
}

// clusterOf is a trio in which a has the replicas b and c in these modes.
func clusterOf(t *testing.T, modeB, modeC string) (a, b, c *instance) {
	t.Helper()
	a, b, c = trio(t)
	a.register(b, modeB)
	a.register(c, modeC)
	return a, b, c
}
