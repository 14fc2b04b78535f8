package charts_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"

	"memgraph-controller/charts/internal/schemas"
	"memgraph-controller/clusters/command"
)

const (
	chart     = "memgraph-controller"
	release   = "graph"
	namespace = "db"
)

// openAPI is the document of the Kubernetes that the chart is rendered for.
var openAPI schemas.OpenAPI

func TestMain(m *testing.M) {
	flag.Parse()
	if !testing.Short() {
		if err := prepare(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// prepare builds the tools and the programs that the chart runs.
func prepare(ctx context.Context) (err error) {
	bin, err := filepath.Abs(bin(""))
	if err != nil {
		return err
	}
	for dir, packages := range map[string][]string{
		filepath.Join("..", "tools"): {"tool", "./..."},
		// Without the discovery of services, nearly all of which clouds offer.
		filepath.Join("..", "tools", "promtool"): {"-tags=remove_all_sd", "tool"},
		"..":                                     {".", "./clusters/standin/cmd/memgraph-standin"},
	} {
		// The switches with which the Makefile and package images build, so that
		// nothing is compiled twice.
		build := command.New("go", append([]string{"build", "-trimpath", "-o", bin + "/"}, packages...)...)
		build.Dir, build.Env = dir, []string{"CGO_ENABLED=0"}
		if _, err := (command.Exec{}).Run(ctx, build); err != nil {
			return err
		}
	}
	openAPI, err = schemas.Document(ctx, command.Exec{}, filepath.Join("..", "clusters", "nodeimage"))
	return err
}

// bin is where a program is that prepare has built.
func bin(name string) string { return filepath.Join("..", "out", "bin", name) }

// run runs a program that prepare has built.
func run(t *testing.T, c command.Command) (stdout string, err error) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs programs that take minutes to build")
	}
	c.Name = bin(c.Name)
	return command.Exec{}.Run(t.Context(), c)
}

// valueSets are the files of values that everything is rendered with.
func valueSets(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/values/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

// forEachValueSet runs a test for every set of values.
func forEachValueSet(t *testing.T, test func(t *testing.T, m manifest)) {
	for _, file := range valueSets(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			test(t, render(t, "--values="+file))
		})
	}
}

// template renders the chart; args are further flags of helm.
func template(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return templateAs(t, release, args...)
}

func templateAs(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	all := []string{"template", name, chart, "--namespace=" + namespace, "--kube-version=" + openAPI.Version}
	return run(t, command.New("helm", append(all, args...)...))
}

// manifest is what Helm would send to Kubernetes.
type manifest struct {
	text    string
	objects []runtime.Object
}

// render renders the chart and decodes every object.
func render(t *testing.T, args ...string) manifest {
	t.Helper()
	text, err := template(t, args...)
	require.NoError(t, err)
	return decode(t, text)
}

func decode(t *testing.T, text string) manifest {
	t.Helper()
	m := manifest{text: text}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	for {
		var raw runtime.RawExtension
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return m
		}
		require.NoError(t, err)
		if len(raw.Raw) == 0 {
			continue
		}
		object, kind, err := scheme.Codecs.UniversalDeserializer().Decode(raw.Raw, nil, nil)
		if runtime.IsNotRegisteredError(err) && kind.Group == "monitoring.coreos.com" {
			object, _, err = unstructured.UnstructuredJSONScheme.Decode(raw.Raw, nil, nil)
		}
		require.NoError(t, err)
		m.objects = append(m.objects, object)
	}
}

// all returns the objects of a type.
func all[T runtime.Object](m manifest) (found []T) {
	for _, o := range m.objects {
		if typed, ok := o.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// named returns the only object of a type that has a name.
func named[T interface {
	runtime.Object
	GetName() string
}](t *testing.T, m manifest, name string) T {
	t.Helper()
	var found []T
	for _, o := range all[T](m) {
		if o.GetName() == name {
			found = append(found, o)
		}
	}
	require.Len(t, found, 1, "objects named %s", name)
	return found[0]
}

// controllerPod is the template of the controllers' pods.
func (m manifest) controllerPod(t *testing.T) corev1.PodTemplateSpec {
	t.Helper()
	return named[*appsv1.Deployment](t, m, release+"-controller").Spec.Template
}

// databasePod is the template of the databases' pods; ok tells whether the chart
// runs any.
func (m manifest) databasePod() (pod corev1.PodTemplateSpec, ok bool) {
	sets := all[*appsv1.StatefulSet](m)
	if len(sets) == 0 {
		return pod, false
	}
	return sets[0].Spec.Template, true
}

// jobs are those that back up, as the schedule makes them, and that restore.
func (m manifest) jobs() (jobs []batchv1.JobTemplateSpec) {
	for _, backup := range all[*batchv1.CronJob](m) {
		jobs = append(jobs, backup.Spec.JobTemplate)
	}
	for _, restore := range all[*batchv1.Job](m) {
		jobs = append(jobs, batchv1.JobTemplateSpec{ObjectMeta: restore.ObjectMeta, Spec: restore.Spec})
	}
	return jobs
}

// option is the value of a flag among the arguments of a container.
func option(t *testing.T, c corev1.Container, flag string) string {
	t.Helper()
	for _, arg := range c.Args {
		if name, value, _ := strings.Cut(arg, "="); name == flag {
			return value
		}
	}
	require.Failf(t, "flag is missing", "%s is not among %q", flag, c.Args)
	return ""
}

// environment is what a container's environment would be, with the given values
// for what comes from elsewhere.
func environment(c corev1.Container) []string {
	var env []string
	for _, v := range c.Env {
		value := v.Value
		if v.ValueFrom != nil {
			value = "from-elsewhere"
		}
		env = append(env, v.Name+"="+value)
	}
	return env
}
