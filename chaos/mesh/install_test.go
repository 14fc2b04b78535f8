package mesh

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/helm"
)

// imagesAre answers for the environment.
func imagesAre(origin string) func(string) string {
	return func(name string) string {
		if name == "IMAGES" {
			return origin
		}
		return ""
	}
}

func TestWithoutARegistryOneLineSaysThatNativeFaultsAreUsed(t *testing.T) {
	err := Install(t.Context(), helm.Helm{Program: "no such program"}, imagesAre("offline"), http.DefaultClient)
	require.ErrorIs(t, err, ErrUnavailable)
	require.EqualError(t, err, "Chaos Mesh cannot be installed here, native faults are used instead: images are built on this machine (as IMAGES says)")
}

func TestAnEnvironmentThatSaysNeitherIsAnError(t *testing.T) {
	err := Install(t.Context(), helm.Helm{}, imagesAre("somewhere"), http.DefaultClient)
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrUnavailable)
}

func TestItIsInstalledByItsChartInOneVersion(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "helm")
	script := "#!/bin/sh\necho \"$@\" > " + dir + "/args\ncat > " + dir + "/values\n"
	require.NoError(t, os.WriteFile(program, []byte(script), 0o755))
	require.NoError(t, Install(t.Context(), helm.Helm{Program: program}, imagesAre("registry"), http.DefaultClient))

	args, err := os.ReadFile(filepath.Join(dir, "args"))
	require.NoError(t, err)
	require.Contains(t, string(args), "upgrade chaos-mesh chaos-mesh --repo https://charts.chaos-mesh.org --version "+version)
	require.Contains(t, string(args), "--namespace chaos-mesh")
	given, err := os.ReadFile(filepath.Join(dir, "values"))
	require.NoError(t, err)
	require.Contains(t, string(given), "runtime: containerd")
	require.Contains(t, string(given), "socketPath: /run/containerd/containerd.sock")
}

func TestTheDefinitionsAreThoseOfTheVersionThatIsInstalled(t *testing.T) {
	note, err := os.ReadFile(filepath.Join("testdata", "crds", "README.md"))
	require.NoError(t, err)
	require.True(t, strings.Contains(string(note), "Chaos Mesh v"+version+"\n"), "testdata/crds is of another release than %s", version)
}
