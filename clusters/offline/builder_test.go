package offline

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/host"
	steplog "memgraph-controller/clusters/progress"
)

// workshop is a builder on a machine in a folder, for a project in another.
type workshop struct {
	*Builder
	programs map[string]bool // that the machine has
	docker   map[string]bool // images that Docker has
	ran      []string
	said     strings.Builder
}

func newWorkshop(t *testing.T) *workshop {
	w := &workshop{programs: map[string]bool{}, docker: map[string]bool{}}
	log := steplog.To(&w.said)
	h := &host.Host{Root: t.TempDir(), Run: w, Progress: log, Getenv: func(string) string { return "" },
		LookPath: func(name string) (string, error) {
			if w.programs[name] {
				return name, nil
			}
			return "", exec.ErrNotFound
		}}
	w.Builder = &Builder{Module: t.TempDir(), Cache: cache.Dir(t.TempDir()), Host: h, Run: w, Progress: log}
	for _, name := range []string{
		"nodeimage/go.mod", "nodeimage/go.sum", "nodeimage/coredns/main.go", "nodeimage/podnet/main.go",
		"nodeimage/pause/main.go", "offline/node.go", "offline/node_test.go", "images/archive/image.go",
	} {
		w.source(t, name, "one")
	}
	return w
}

func (w *workshop) source(t *testing.T, name, text string) {
	t.Helper()
	writeFile(t, filepath.Join(w.Module, "clusters", name), text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func (w *workshop) Run(ctx context.Context, c command.Command) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	line := c.String()
	w.ran = append(w.ran, line)
	switch {
	case strings.HasPrefix(line, "go env"):
		return "go1.26.8\nlinux\namd64\n", nil
	case strings.HasPrefix(line, "go list -m -json k8s.io/kubernetes"):
		return `{"Path": "k8s.io/kubernetes", "Version": "v1.34.4"}`, nil
	case strings.HasPrefix(line, "go list -m -json"):
		return `{"Version": "v0.1.0", "Dir": "/module"}`, nil
	case strings.HasPrefix(line, "docker image inspect") && !w.docker[c.Args[len(c.Args)-1]]:
		return "", errors.New("no such image")
	}
	return "", nil
}

func (w *workshop) ref(t *testing.T) string {
	t.Helper()
	in, err := w.ingredients(t.Context())
	require.NoError(t, err)
	return in.ref()
}

func TestAnImageThatDockerHasIsNotBuiltAgain(t *testing.T) {
	w := newWorkshop(t)
	w.docker[w.ref(t)] = true
	ref, err := w.NodeImage(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.ref(t), ref)
	require.Regexp(t, `^localhost/memgraph-controller-node:v1\.34\.4-[0-9a-f]{16}$`, ref)
	for _, line := range w.ran {
		require.NotContains(t, line, "build")
	}
}

func TestWhatGoesIntoTheImageDecidesItsName(t *testing.T) {
	w := newWorkshop(t)
	before := w.ref(t)
	for _, name := range []string{
		"nodeimage/go.mod", "nodeimage/go.sum", "nodeimage/coredns/main.go", "nodeimage/podnet/main.go", "nodeimage/pause/main.go",
		"offline/node.go", "images/archive/image.go",
	} {
		w.source(t, name, "two")
		require.NotEqual(t, before, w.ref(t), name)
		w.source(t, name, "one")
		require.Equal(t, before, w.ref(t), name)
	}
	w.source(t, "offline/node_test.go", "two")
	require.Equal(t, before, w.ref(t), "tests go into no image")
}

func TestAChangeOfThePodNetworkCompilesNothingElse(t *testing.T) {
	w := newWorkshop(t)
	before, err := w.ingredients(t.Context())
	require.NoError(t, err)
	w.source(t, "nodeimage/podnet/main.go", "two")
	after, err := w.ingredients(t.Context())
	require.NoError(t, err)
	require.Equal(t, before.programsKey(), after.programsKey())
	require.Equal(t, before.debianKey(), after.debianKey())
	require.NotEqual(t, before.ownKey(), after.ownKey())
}

func TestWithoutRootTheBuildEndsBeforeItBegins(t *testing.T) {
	w := newWorkshop(t)
	w.Host.UID = 1000
	_, err := w.NodeImage(t.Context())
	require.ErrorContains(t, err, "need root")
	require.ErrorContains(t, err, "IMAGES=registry")
}

func TestMissingToolsAreNamed(t *testing.T) {
	w := newWorkshop(t)
	w.programs["tar"], w.programs["chroot"] = true, true
	_, err := w.NodeImage(t.Context())
	require.ErrorContains(t, err, "debootstrap not found: install the package debootstrap")

	w.programs["debootstrap"] = true
	_, err = w.NodeImage(t.Context())
	require.ErrorContains(t, err, "install the package debian-archive-keyring")
}

func TestPartsThatTheCacheHasAreOnlyPutTogether(t *testing.T) {
	w := newWorkshop(t)
	for _, name := range []string{"debootstrap", "tar", "chroot"} {
		w.programs[name] = true
	}
	writeFile(t, w.Host.Path(keyring), "")
	in, err := w.ingredients(t.Context())
	require.NoError(t, err)
	programs := filepath.Join(string(w.Cache), "programs-"+in.programsKey())
	for _, entry := range []string{programs, filepath.Join(string(w.Cache), "podnet-"+in.ownKey()), filepath.Join(string(w.Cache), "debian-"+in.debianKey())} {
		require.NoError(t, os.Mkdir(entry, 0o755))
	}
	_, err = w.NodeImage(t.Context())
	require.ErrorContains(t, err, "kubeadm names no image", "so far without building anything: this kubeadm is none")
	require.Equal(t, programs+"/kubeadm config images list --kubernetes-version v1.34.4", w.ran[len(w.ran)-1])
	for _, line := range w.ran {
		require.NotContains(t, line, "go build")
	}
}

func TestKubernetesIsStampedWithItsVersion(t *testing.T) {
	flags := strings.Join(ingredients{kubernetes: module{Version: "v1.34.4"}}.flags(), " ")
	for _, stamp := range []string{
		"k8s.io/component-base/version.gitVersion=v1.34.4", "k8s.io/client-go/pkg/version.gitMajor=1", "k8s.io/client-go/pkg/version.gitMinor=34",
	} {
		require.Contains(t, flags, "-X "+stamp+" ")
	}
}

func TestAsManyCompilersRunAsThereIsMemoryFor(t *testing.T) {
	w := newWorkshop(t)
	for _, c := range []struct {
		meminfo  string
		expected int
	}{
		{"MemTotal: 99 kB\nMemAvailable:  1000000 kB\n", 1},
		{"MemAvailable:  999999999 kB\n", runtime.NumCPU()},
		{"MemAvailable:\n", runtime.NumCPU()},
	} {
		writeFile(t, w.Host.Path("/proc/meminfo"), c.meminfo)
		require.Equal(t, c.expected, w.parallel(), c.meminfo)
	}
}

func TestOlderNodeImagesAreRemoved(t *testing.T) {
	w := newWorkshop(t)
	w.Builder.Run = listing{w, "localhost/memgraph-controller-node:old\nlocalhost/memgraph-controller-node:now\n"}
	require.NoError(t, w.removeOlder(t.Context(), "localhost/memgraph-controller-node:now"))
	require.Equal(t, []string{"docker image rm localhost/memgraph-controller-node:old"}, w.ran)
}

// listing answers docker images.
type listing struct {
	*workshop
	images string
}

func (l listing) Run(ctx context.Context, c command.Command) (string, error) {
	if strings.HasPrefix(c.String(), "docker images") {
		return l.images, nil
	}
	return l.workshop.Run(ctx, c)
}
