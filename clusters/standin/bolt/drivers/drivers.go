// Package drivers runs programs with the official Bolt drivers of other languages, two
// releases each, which `make drivers` installs.
package drivers

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Driver is one release of one of them.
type Driver struct {
	// Name is that of the language and the release, for instance python 6.
	Name string

	before, after []string // the program's name, in a command
	extension     string
	modules       string // of JavaScript
}

// Installed lists them. A test for which there are none, since the variable DRIVERS does
// not name their folder, is skipped.
func Installed(t testing.TB) []Driver {
	t.Helper()
	folder := os.Getenv("DRIVERS")
	if folder == "" {
		t.Skip("DRIVERS is not set: `make drivers` installs the Python and JavaScript drivers, and runs this")
	}
	var all []Driver
	for _, release := range []string{"5", "6"} {
		all = append(all,
			Driver{Name: "python " + release, before: []string{filepath.Join(folder, "python"+release, "bin", "python")}, extension: ".py"},
			Driver{Name: "javascript " + release, before: []string{"node"}, extension: ".js", after: []string{"neo4j-driver-" + release}, modules: filepath.Join(folder, "node_modules")})
	}
	return all
}

// Run runs a program of the driver's language, named by its path without the extension, and
// returns what it printed. The test fails where the program does.
func (d Driver) Run(t testing.TB, path string, args ...string) string {
	t.Helper()
	var command []string
	for _, words := range [][]string{d.before, {path + d.extension}, d.after, args} {
		command = append(command, words...)
	}
	program := exec.CommandContext(t.Context(), command[0], command[1:]...)
	program.Env = append(os.Environ(), "NODE_PATH="+d.modules)
	said, err := program.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return strings.TrimSpace(string(said))
}
