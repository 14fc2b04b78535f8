package bolt_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOtherDrivers runs the programs of testdata/drivers, each with the driver
// of its name. The README there says how to install the drivers.
func TestOtherDrivers(t *testing.T) {
	installed := os.Getenv("DRIVERS")
	if installed == "" {
		t.Skip("DRIVERS is not set: it names the folder that holds the Python and JavaScript drivers, see testdata/drivers/README.md")
	}
	for name, command := range map[string][]string{
		"python 5":     {filepath.Join(installed, "python5", "bin", "python"), "testdata/drivers/drive.py"},
		"python 6":     {filepath.Join(installed, "python6", "bin", "python"), "testdata/drivers/drive.py"},
		"javascript 5": {"node", "testdata/drivers/drive.js", "neo4j-driver-5"},
		"javascript 6": {"node", "testdata/drivers/drive.js", "neo4j-driver-6"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase()
			program := exec.CommandContext(t.Context(), command[0], append(command[1:], "bolt://"+listen(t, db))...)
			program.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(installed, "node_modules"))
			output, err := program.CombinedOutput()
			require.NoError(t, err, "%s", output)
			t.Logf("%s", output)
			require.Subset(t, db.calls(), []string{"login ann", "login bob", "login eve"})
		})
	}
}
