package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/docs/check"
)

// What the pages install is rendered with the values that they show, and is as Kubernetes
// describes it. On a cluster it is installed by e2e/kube.
func TestWhatThePagesInstallIsRendered(t *testing.T) {
	pages, err := check.Pages("..")
	require.NoError(t, err)
	folder, shown := t.TempDir(), 0
	for _, p := range pages {
		for name, text := range p.Files() {
			require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
			shown++
		}
	}
	require.Positive(t, shown)
	blocks, err := check.For(pages, check.Dry, check.Install)
	require.NoError(t, err)
	installed := 0
	for _, b := range blocks {
		for _, line := range b.Commands {
			words := strings.Fields(line)
			if words[0] != "helm" || words[1] != "install" {
				continue
			}
			installed++
			require.Equal(t, "charts/memgraph-controller", words[3], b)
			args := []string{"template", words[2], chart, "--kube-version=" + openAPI.Version}
			for n, word := range words[4:] {
				if words[3+n] == "--values" {
					word = filepath.Join(folder, word)
				}
				args = append(args, word)
			}
			text, err := run(t, command.New("helm", args...))
			require.NoError(t, err, b)
			require.NoError(t, conforms(t, text), b)
			require.NoError(t, secure(t, text), b)
		}
	}
	require.Greater(t, installed, 2)
}
