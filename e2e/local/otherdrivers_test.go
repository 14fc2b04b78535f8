package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Drivers open a connection in different ways: some send login and query at once, some
// wait for each answer. All get in with the main's password, and with no other.
func TestOtherDriversLogInAtTheReadGateway(t *testing.T) {
	installed := os.Getenv("DRIVERS")
	if installed == "" {
		t.Skip("DRIVERS is not set: `make drivers` installs the Python and JavaScript drivers, and runs this")
	}
	c := guarded(t)
	keep(t, c)
	logIn := func(t *testing.T, command []string, password string) string {
		t.Helper()
		program := exec.CommandContext(t.Context(), command[0], append(command[1:], "bolt://"+c.Read, user, password)...)
		program.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installed, "node_modules"))
		said, err := program.CombinedOutput()
		require.NoError(t, err, "%s", said)
		return strings.TrimSpace(string(said))
	}
	for name, command := range map[string][]string{
		"python 5":     {filepath.Join(installed, "python5", "bin", "python"), "testdata/log_in.py"},
		"python 6":     {filepath.Join(installed, "python6", "bin", "python"), "testdata/log_in.py"},
		"javascript 5": {"node", "testdata/log_in.js", "neo4j-driver-5"},
		"javascript 6": {"node", "testdata/log_in.js", "neo4j-driver-6"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, "let in: 1", logIn(t, command, password))
			require.Regexp(t, `^refused: .*Security\.Unauthenticated$`, logIn(t, command, "wrong"))
		})
	}
}
