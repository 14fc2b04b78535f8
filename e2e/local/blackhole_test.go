package local

import (
	"net"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// chain holds the rules of blackhole, so that those of a run that was killed are
// gone with the next one.
const chain = "MEMGRAPH-E2E"

// blackhole makes the host drop every packet to and from some local addresses,
// as a cut cable does: nothing is refused, nothing is answered. It returns what
// lets them pass again, which the end of the test does too. It needs root and
// iptables: the proofs insist on it (FULL=1), elsewhere the test is skipped.
func blackhole(t *testing.T, addresses ...string) (heal func()) {
	t.Helper()
	if _, err := exec.LookPath("iptables"); err != nil || os.Geteuid() != 0 {
		if os.Getenv("FULL") != "" {
			t.Fatal("dropping packets needs root and iptables: run `make tools` first")
		}
		t.Skip("dropping packets needs root and iptables")
	}
	iptables := func(args ...string) error { return exec.Command("iptables", append([]string{"-w"}, args...)...).Run() }
	if iptables("-N", chain) != nil {
		require.NoError(t, iptables("-F", chain))
	}
	if iptables("-C", "INPUT", "-j", chain) != nil {
		require.NoError(t, iptables("-I", "INPUT", "-j", chain))
	}
	heal = func() { require.NoError(t, iptables("-F", chain)) }
	t.Cleanup(heal)
	for _, address := range addresses {
		_, port, err := net.SplitHostPort(address)
		require.NoError(t, err)
		for _, direction := range []string{"--dport", "--sport"} {
			require.NoError(t, iptables("-A", chain, "-i", "lo", "-p", "tcp", direction, port, "-j", "DROP"))
		}
	}
	return heal
}
