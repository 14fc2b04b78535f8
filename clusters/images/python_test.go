package images_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/cache"
	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
	"memgraph-controller/clusters/images/archive"
)

// tools are pip and docker.
type tools struct {
	ran  []string
	fail string // beginning of the command that fails
}

func (o *tools) Run(_ context.Context, c command.Command) (string, error) {
	o.ran = append(o.ran, c.String())
	if o.fail != "" && strings.HasPrefix(c.String(), o.fail) {
		return "", errors.New(o.fail + " fails")
	}
	for i, arg := range c.Args {
		if arg == "--target" {
			return "", os.WriteFile(filepath.Join(c.Args[i+1], "neo4j.py"), []byte("driver"), 0o644)
		}
	}
	if strings.HasPrefix(c.String(), "docker create") {
		return "4711\n", nil
	}
	return "", nil
}

// kit is a module with a Python client, on a machine with tools.
func kit(t *testing.T) (images.PythonClient, *tools) {
	t.Helper()
	o := &tools{}
	p := images.PythonClient{Module: t.TempDir(), Cache: cache.Dir(t.TempDir()), Run: o}
	require.NoError(t, os.MkdirAll(filepath.Join(p.Module, "e2e/python"), 0o755))
	source(t, p, "client.py", "main()")
	source(t, p, "requirements.txt", "neo4j==6")
	return p, o
}

func source(t *testing.T, p images.PythonClient, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(p.Module, "e2e/python", name), []byte(text), 0o644))
}

func TestThePythonClientIsAnImageForAUserWithoutRights(t *testing.T) {
	p, o := kit(t)
	build := func() images.Built {
		built, err := p.Build(t.Context(), t.TempDir(), archive.LayerOf(archive.Text("/usr/bin/python", "interpreter", 0o755)), "/usr/bin/python")
		require.NoError(t, err)
		return built
	}
	built := build()
	require.Regexp(t, "^localhost/memgraph-client-python:[0-9a-f]{12}$", built.Ref)
	config := configOf(t, built.File)
	require.Equal(t, []string{"/usr/bin/python", "/client.py"}, config.Entrypoint)
	require.Equal(t, "65532:65532", config.User)
	require.Contains(t, config.Env, "PYTHONPATH=/driver")

	require.Equal(t, built.Ref, build().Ref)
	require.Len(t, o.ran, 1, "the driver is installed once: %v", o.ran)
	require.Contains(t, o.ran[0], "--require-hashes")
	source(t, p, "client.py", "other()")
	changed := build()
	require.NotEqual(t, built.Ref, changed.Ref)
	source(t, p, "requirements.txt", "neo4j==7")
	build()
	require.Len(t, o.ran, 2)
}

func TestThePythonClientIsAddedToAnImageOfOthers(t *testing.T) {
	p, o := kit(t)
	built, err := p.BuildOn(t.Context(), "/dir", "python:3")
	require.NoError(t, err)
	require.Equal(t, "/dir/memgraph-client-python.tar", built.File)
	said := strings.Join(o.ran, "\n")
	for _, part := range []string{
		"docker create python:3\n", "/client.py 4711:/client.py\n", "/. 4711:/driver\n", "--change USER 65532:65532",
		`--change ENTRYPOINT ["python3", "/client.py"]`, "--change ENV PYTHONPATH=/driver", " 4711 " + built.Ref + "\n",
		"docker rm 4711\n", "docker save --output /dir/memgraph-client-python.tar " + built.Ref + "\n", "docker image rm " + built.Ref,
	} {
		require.Contains(t, said, part)
	}
	other, err := p.BuildOn(t.Context(), "/dir", "python:4")
	require.NoError(t, err)
	require.NotEqual(t, built.Ref, other.Ref)
}

func TestAContainerThatWasOnlyMadeForItsFilesIsRemoved(t *testing.T) {
	p, o := kit(t)
	o.fail = "docker cp"
	_, err := p.BuildOn(t.Context(), "/dir", "python:3")
	require.ErrorContains(t, err, "docker cp fails")
	require.ErrorContains(t, err, "localhost/memgraph-client-python:")
	require.Equal(t, "docker rm 4711", o.ran[len(o.ran)-1])
}

func TestADriverThatCannotBeInstalledIsTold(t *testing.T) {
	p, o := kit(t)
	o.fail = "python3 -m pip"
	_, err := p.Build(t.Context(), t.TempDir(), archive.LayerOf(), "/usr/bin/python")
	require.ErrorContains(t, err, "python-driver: python3 -m pip fails")
}
