package images_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
)

// compiler writes the text into whatever it is to compile.
type compiler struct {
	text string
	ran  command.Command
	err  error
}

func (c *compiler) Run(_ context.Context, cmd command.Command) (string, error) {
	c.ran = cmd
	if c.err != nil {
		return "", c.err
	}
	for i, arg := range cmd.Args {
		if arg == "-o" {
			return "", os.WriteFile(cmd.Args[i+1], []byte(c.text), 0o755)
		}
	}
	return "", nil
}

func TestAProgramBecomesAnImageForAUserWithoutRights(t *testing.T) {
	for _, program := range []images.Program{images.Controller(), images.StandIn(), images.GoClient()} {
		t.Run(program.Name, func(t *testing.T) {
			c := &compiler{text: "program"}
			built, err := images.Build(t.Context(), c, "/module", t.TempDir(), program)
			require.NoError(t, err)
			require.Equal(t, "/module", c.ran.Dir)
			require.Contains(t, c.ran.Env, "CGO_ENABLED=0")
			require.Equal(t, program.Package, c.ran.Args[len(c.ran.Args)-1])
			require.Regexp(t, program.Name+":[0-9a-f]{12}$", built.Ref)

			config := configOf(t, built.File)
			require.Equal(t, []string{program.At}, config.Entrypoint)
			uid, gid, ok := strings.Cut(config.User, ":")
			require.True(t, ok && uid != "0" && gid != "0", config.User)
		})
	}
}

func TestTheTagFollowsTheContent(t *testing.T) {
	ref := func(text string) string {
		built, err := images.Build(t.Context(), &compiler{text: text}, "", t.TempDir(), images.Controller())
		require.NoError(t, err)
		return built.Ref
	}
	require.Equal(t, ref("one"), ref("one"))
	require.NotEqual(t, ref("one"), ref("two"))
}

func TestAProgramIsCompiledForTheArchitectureOfItsImage(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		c, program := &compiler{text: "program"}, images.Controller()
		program.Arch, program.Stamped = arch, true
		built, err := images.Build(t.Context(), c, "", t.TempDir(), program)
		require.NoError(t, err)
		require.Subset(t, c.ran.Env, []string{"GOOS=linux", "GOARCH=" + arch})
		require.Subset(t, c.ran.Args, []string{"-trimpath", "-buildvcs=true"})
		require.Equal(t, arch, documentOf(t, built.File).Architecture)
	}
}

func TestAProgramThatDoesNotCompileIsNamed(t *testing.T) {
	broken := &compiler{err: errors.New("undefined: x")}
	_, err := images.Build(t.Context(), broken, "", t.TempDir(), images.StandIn())
	require.ErrorContains(t, err, "memgraph-standin")
	require.ErrorContains(t, err, "undefined: x")
}

type config struct {
	User       string
	Entrypoint []string
	Env        []string
}

type document struct {
	Architecture string
	Config       config
}

func configOf(t *testing.T, path string) config { return documentOf(t, path).Config }

func documentOf(t *testing.T, path string) document {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	r := tar.NewReader(bytes.NewReader(text))
	for {
		h, err := r.Next()
		require.NoError(t, err)
		if filepath.Ext(h.Name) != ".json" || h.Name == "manifest.json" {
			continue
		}
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		var d document
		require.NoError(t, json.Unmarshal(body, &d))
		return d
	}
}
