package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/charts/internal/schemas"
	"memgraph-controller/clusters/command"
)

func TestHelmFindsNothingToComplainAbout(t *testing.T) {
	for _, file := range valueSets(t) {
		_, err := run(t, command.New("helm", "lint", "--strict", "--kube-version="+openAPI.Version, "--values="+file, chart))
		require.NoError(t, err, file)
	}
}

func TestTheUnitSuitesOfTheChartPass(t *testing.T) {
	out, err := run(t, command.New("helm-unittest", "--strict", chart))
	require.NoError(t, err, out)
	suites, err := filepath.Glob(filepath.Join(chart, "tests", "*_test.yaml"))
	require.NoError(t, err)
	for _, template := range templates(t) {
		name := strings.ToLower(strings.TrimSuffix(template, filepath.Ext(template)))
		require.Contains(t, suites, filepath.Join(chart, "tests", name+"_test.yaml"), "a template without a suite")
	}
}

// templates are the names of the templates that make something.
func templates(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(chart, "templates"))
	require.NoError(t, err)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestEveryObjectIsAsKubernetesDescribesIt(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		require.NoError(t, conforms(t, m.text))
	})
}

// What the test above rests on.
func TestAMisspeltFieldIsNoticed(t *testing.T) {
	text := render(t).text
	require.ErrorContains(t, conforms(t, strings.ReplaceAll(text, "minReadySeconds:", "minReadySecond:")), "minReadySecond")
	monitor := monitored(t, "serviceMonitor")
	require.NoError(t, conforms(t, monitor))
	require.ErrorContains(t, conforms(t, strings.ReplaceAll(monitor, "honorLabels:", "honourLabels:")), "honourLabels")
	require.ErrorContains(t, conforms(t, strings.ReplaceAll(text, "periodSeconds: 2", "periodSeconds: soon")), "got string, want integer")
}

// conforms puts manifests to kubeconform.
func conforms(t *testing.T, text string) error {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, schemas.Write(openAPI, dir))
	check := command.New("kubeconform", "-strict", "-schema-location", dir+"/{{.ResourceKind}}{{.KindSuffix}}.json",
		"-schema-location", operatorSchemas+"/{{.ResourceKind}}{{.KindSuffix}}.json", "-output", "text", "-")
	check.Stdin = strings.NewReader(text)
	out, err := run(t, check)
	if err != nil {
		return &violation{out}
	}
	return nil
}

// violation is what a tool has printed about manifests that it refuses.
type violation struct{ said string }

func (v *violation) Error() string { return v.said }

func TestRestrictedPodSecurityLetsEveryPodIn(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		require.NoError(t, secure(t, m.text))
	})
}

// What the test above rests on.
func TestAPrivilegeIsNoticed(t *testing.T) {
	err := secure(t, strings.ReplaceAll(render(t).text, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"))
	require.ErrorContains(t, err, "Deployment "+release+"-controller: allowPrivilegeEscalation != false")
	require.ErrorContains(t, err, "StatefulSet "+release+": allowPrivilegeEscalation != false")
}

// secure puts manifests to the admission's own checks.
func secure(t *testing.T, text string) error {
	t.Helper()
	check := command.New("podsecurity")
	check.Stdin = strings.NewReader(text)
	_, err := run(t, check)
	return err
}
