package charts_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/kind"
)

const skaffoldFile = "../skaffold.yaml"

// skaffold is what these tests look at in Skaffold's configuration.
type skaffold struct {
	Build struct {
		Artifacts []struct {
			Image  string
			Custom struct {
				BuildCommand string
				Dependencies struct{ Paths, Ignore []string }
			}
		}
	}
	Deploy struct {
		Helm struct {
			Releases []struct {
				Name, ChartPath, Namespace   string
				SetValues, SetValueTemplates map[string]any
			}
		}
	}
	PortForward []struct {
		ResourceType, ResourceName, Namespace string
		Port, LocalPort                       int32
	}
	Profiles []struct {
		Name       string
		Activation []struct{ KubeContext string }
		Patches    json.RawMessage
	}
}

// configuration is that of the dev loop with some of its profiles.
func configuration(t *testing.T, profiles ...string) (c skaffold) {
	t.Helper()
	text, err := os.ReadFile(skaffoldFile)
	require.NoError(t, err)
	document, err := yaml.YAMLToJSON(text)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(document, &c))
	for _, profile := range c.Profiles {
		if !slices.Contains(profiles, profile.Name) {
			continue
		}
		patch, err := jsonpatch.DecodePatch(profile.Patches)
		require.NoError(t, err)
		document, err = patch.Apply(document)
		require.NoError(t, err, "profile %s", profile.Name)
	}
	c = skaffold{}
	require.NoError(t, json.Unmarshal(document, &c))
	return c
}

// SKAFFOLD_SCHEMA names the file with Skaffold's whole schema, where there is one.
func TestSkaffoldsFileIsAsItsSchemaSays(t *testing.T) {
	where := "testdata/{{.ResourceKind}}{{.KindSuffix}}.json"
	if whole := os.Getenv("SKAFFOLD_SCHEMA"); whole != "" {
		where = whole
	}
	check := func(text string) (string, error) {
		c := command.New("kubeconform", "-strict", "-schema-location", where, "-output", "text", "-")
		c.Stdin = strings.NewReader(text)
		return run(t, c)
	}
	text, err := os.ReadFile(skaffoldFile)
	require.NoError(t, err)
	out, err := check(string(text))
	require.NoError(t, err, out)

	out, err = check(strings.ReplaceAll(string(text), "buildCommand:", "buildCommands:"))
	require.Error(t, err)
	require.Contains(t, out, "buildCommands", "a misspelt field is noticed")
}

// expanded are the values that Skaffold sets for a release, with an image's name
// as it puts it in.
func (c skaffold) expanded(t *testing.T) (flags []string) {
	t.Helper()
	fill := []string{}
	for _, a := range c.Build.Artifacts {
		suffix := strings.NewReplacer("/", "_", "-", "_").Replace(a.Image)
		fill = append(fill, "{{.IMAGE_REPO_"+suffix+"}}", a.Image, "{{.IMAGE_TAG_"+suffix+"}}", "0123456789abcdef")
	}
	release := c.Deploy.Helm.Releases[0]
	for name, value := range release.SetValues {
		flags = append(flags, fmt.Sprintf("--set=%s=%v", name, value))
	}
	for name, value := range release.SetValueTemplates {
		text := strings.NewReplacer(fill...).Replace(value.(string))
		require.NotContains(t, text, "{{", "%s names an image that is not built", name)
		flags = append(flags, "--set="+name+"="+text)
	}
	return flags
}

func (c skaffold) render(t *testing.T) manifest {
	t.Helper()
	require.Equal(t, path.Join("charts", chart), c.Deploy.Helm.Releases[0].ChartPath)
	text, err := templateAs(t, c.Deploy.Helm.Releases[0].Name, c.expanded(t)...)
	require.NoError(t, err)
	return decode(t, text)
}

// It would install a second one beside it otherwise.
func TestSkaffoldUpgradesTheReleaseOfMakeUp(t *testing.T) {
	release := configuration(t).Deploy.Helm.Releases[0]
	require.Equal(t, clusters.Release, release.Name)
	require.Equal(t, clusters.Release, release.Namespace)
}

func TestSkaffoldInstallsWhatItBuilds(t *testing.T) {
	c := configuration(t, "standin")
	m := c.render(t)
	require.Len(t, c.Build.Artifacts, 2)
	pod, _ := m.databasePod()
	require.Equal(t, c.Build.Artifacts[0].Image+":0123456789abcdef", pod.Spec.InitContainers[0].Image)
	require.Equal(t, c.Build.Artifacts[1].Image+":0123456789abcdef", pod.Spec.Containers[0].Image)
	for n, image := range []string{"controller", "standin"} {
		require.Equal(t, "go run ./charts/cmd/image "+image, c.Build.Artifacts[n].Custom.BuildCommand)
	}
}

func TestSkaffoldForwardsBothGatewaysAndHTTP(t *testing.T) {
	c := configuration(t)
	m := c.render(t)
	local := map[int32]string{}
	for _, forward := range c.PortForward {
		require.Equal(t, "service", forward.ResourceType)
		require.Equal(t, c.Deploy.Helm.Releases[0].Namespace, forward.Namespace)
		service := named[*corev1.Service](t, m, forward.ResourceName)
		require.Equal(t, service.Spec.Ports[0].Port, forward.Port)
		local[forward.LocalPort] = service.Spec.Ports[0].TargetPort.StrVal
	}
	require.Equal(t, map[int32]string{7687: "write", 7688: "read", 8080: "http"}, local)
}

// A port-forward would find those ports of this machine taken.
func TestSkaffoldUsesTheNodePortsOfThisProjectsCluster(t *testing.T) {
	c := configuration(t, "kind")
	require.Equal(t, "kind-"+kind.Dev().Name, c.Profiles[0].Activation[0].KubeContext)
	require.Empty(t, c.PortForward)
	reached := map[int32]bool{}
	for _, service := range all[*corev1.Service](c.render(t)) {
		reached[service.Spec.Ports[0].NodePort] = true
	}
	for _, port := range kind.Dev().Ports {
		require.True(t, reached[port.Node], "port %d of this machine leads nowhere", port.Host)
	}
}

// Otherwise an edit would change nothing in the cluster.
func TestSkaffoldWatchesEverySourceOfItsImages(t *testing.T) {
	programs := []string{".", "./clusters/standin/cmd/memgraph-standin"}
	for n, artifact := range configuration(t, "standin").Build.Artifacts {
		list := command.New("go", "list", "-deps", "-f", `{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$.Dir}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$.Dir}}/{{.}}
{{end}}{{end}}{{end}}`, programs[n])
		list.Dir = ".."
		out, err := command.Exec{}.Run(t.Context(), list)
		require.NoError(t, err)
		root, err := filepath.Abs("..")
		require.NoError(t, err)
		sources := strings.Fields(out)
		require.NotEmpty(t, sources)
		for _, source := range sources {
			file, err := filepath.Rel(root, source)
			require.NoError(t, err)
			require.True(t, watched(t, file, artifact.Custom.Dependencies.Paths), "%s is not among the dependencies of %s", file, artifact.Image)
			require.False(t, strings.HasSuffix(file, "_test.go") || strings.Contains(file, "testdata/"), "%s is ignored", file)
		}
	}
}

func watched(t *testing.T, file string, patterns []string) bool {
	t.Helper()
	for _, pattern := range patterns {
		if folder, ok := strings.CutSuffix(pattern, "**"); ok && strings.HasPrefix(file, folder) {
			return true
		}
		if match, err := path.Match(pattern, file); err == nil && match {
			return true
		}
	}
	return false
}
