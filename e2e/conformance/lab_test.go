package conformance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
)

// What one run of the tests has: where its instances live, what the facts found
// out, and the next port to try.
var (
	instances lab
	results   ledger
	nextPort  atomic.Int32
)

// sideBySide is how many facts are asked at a time, unless -parallel says otherwise:
// they wait more than they compute.
const sideBySide = "6"

func TestMain(m *testing.M) {
	if run := os.Getenv(sweeping); run != "" {
		sweeper(run)
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	nextPort.Store(rand.Int32N(20000)) // another run may go on beside this one
	interrupted()
	if err := flag.Set("test.parallel", sideBySide); err != nil {
		panic(err) // the package testing has no such flag any more
	}
	code := m.Run()
	for _, err := range []error{instances.close(), results.publish(instances.site)} {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// interrupted tidies up before Ctrl-C ends the run. What was being started at that
// moment is left to the sweeper.
func interrupted() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		fmt.Fprintln(os.Stderr, "interrupted: tidying up")
		_ = instances.close()
		os.Exit(130)
	}()
}

// free tells whether nobody listens on the port.
func free(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

// lone is one fresh instance, a main.
func lone(t *testing.T, flags ...string) *instance {
	t.Helper()
	a := newInstance(t, "a", flags...)
	a.start()
	return a
}

// trio is a main a and two replicas b and c that nobody has registered.
func trio(t *testing.T, flags ...string) (a, b, c *instance) {
	t.Helper()
	a, b, c = newInstance(t, "a", flags...), newInstance(t, "b", flags...), newInstance(t, "c", flags...)
	all := []*instance{a, b, c}
	for _, i := range all {
		i.launch()
	}
	for _, i := range all {
		i.answers()
	}
	for _, i := range all[1:] {
		if i.role() == "main" {
			i.demote()
		}
	}
	return a, b, c
}

// cluster is a trio in which a has the STRICT_SYNC voter b and the ASYNC replica c.
func cluster(t *testing.T, flags ...string) (a, b, c *instance) {
	t.Helper()
	return clusterOf(t, "STRICT_SYNC", "ASYNC", flags...)
}

// clusterOf is a trio in which a has the replicas b and c in these modes.
func clusterOf(t *testing.T, modeB, modeC string, flags ...string) (a, b, c *instance) {
	t.Helper()
	a, b, c = trio(t, flags...)
	a.register(b, modeB)
	a.register(c, modeC)
	return a, b, c
}
