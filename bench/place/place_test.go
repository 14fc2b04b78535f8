package place

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAProcessStaysInItsPlace(t *testing.T) {
	proxies, others := Plan(1)
	if len(proxies) == 0 {
		t.Skip("needs two processors")
	}
	require.NotEqual(t, proxies, others)
	var out strings.Builder
	cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	cmd.Stdout = &out
	require.NoError(t, proxies.Start(cmd))
	require.NoError(t, cmd.Wait())
	require.Regexp(t, `^Cpus_allowed_list:\s+\d+\n$`, out.String())
}

func TestProxiesOfMoreThreadsRunWhereverTheyLike(t *testing.T) {
	proxies, others := Plan(runtime.NumCPU() + 1)
	require.Empty(t, proxies)
	require.Empty(t, others)
}
