package local

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/docs/check"
)

// The commands of the pages that are given beside `make run`, one after the other as they
// stand there, each on a cluster that is whole again.
func TestCommandsOfThePages(t *testing.T) {
	rounds(t, 1, 1)
	pages, err := check.Pages("../..")
	require.NoError(t, err)
	blocks, err := check.For(pages, check.Local)
	require.NoError(t, err)
	c := Start(t, programs)
	folder := t.TempDir() // the commands begin with bin/
	require.NoError(t, os.Symlink(filepath.Dir(programs.Controller), filepath.Join(folder, "bin")))
	run := func(line string) {
		shell := exec.CommandContext(t.Context(), "sh", "-ec", line)
		shell.Dir, shell.Env = folder, append(os.Environ(), "MEMGRAPH_CONTROLLER_SERVER="+c.API.Base)
		shell.WaitDelay = time.Second
		out, err := shell.CombinedOutput()
		require.NoError(t, err, "%s\n%s", line, out)
		require.NotEmpty(t, out, line)
	}
	for _, b := range blocks {
		for _, line := range b.Commands {
			t.Logf("%s: %s", b, line)
			run(line)
			if strings.Contains(line, " local stop ") {
				run(strings.Replace(line, " local stop ", " local cont ", 1))
			}
			c.Whole()
		}
	}
}
