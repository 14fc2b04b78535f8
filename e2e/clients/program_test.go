package clients

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/workload"
)

// program compiles the program that runs in pods.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "workload")
	out, err := exec.Command("go", "build", "-o", path, "memgraph-controller/e2e/clients/cmd/workload").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// Each parser names the one flag that it does not know, once it has read all
// others.
func TestTheProgramsTakeTheFlagsThatPodsGet(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program; -short skips it")
	}
	config := Config{Write: "w:1", Read: "r:1", FirstID: 1_000_000, Rates: workload.Rates{Writes: 0.5, Reads: 2, Streams: 3, Connects: 4, Explicit: 0.25, Scanners: 2, Scans: 5}}
	commands := map[Language][]string{Go: {program(t)}}
	if interpreter, err := Interpreter(); err == nil {
		commands[Python] = []string{interpreter, "../python/client.py"}
	} else {
		t.Logf("without a Python client: %v", err)
	}
	for language, command := range commands {
		flags := append(append(command[1:], config.flags()...), "--lines=1")
		out, err := exec.Command(command[0], flags...).CombinedOutput()
		require.Error(t, err, language)
		require.Regexp(t, "(unknown flag --lines|unrecognized arguments: --lines=1)\n", string(out))
	}
}
