package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
)

// machine does nothing but remember what it was asked for. Its compiler makes a
// program.
type machine struct {
	t      *testing.T
	docker []string
	down   bool
}

func (m *machine) Run(_ context.Context, c command.Command) (string, error) {
	if c.Name == "go" {
		for n, arg := range c.Args {
			if arg == "-o" {
				return "", os.WriteFile(c.Args[n+1], []byte("program"), 0o755)
			}
		}
	}
	if m.down {
		return "", errors.New("cannot connect to the Docker daemon")
	}
	if c.Args[0] == "load" {
		require.FileExists(m.t, c.Args[len(c.Args)-1])
		c.Args = c.Args[:1]
	}
	m.docker = append(m.docker, strings.Join(c.Args, " "))
	return "", nil
}

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestDockerGetsTheImageUnderTheNameThatSkaffoldWants(t *testing.T) {
	m := &machine{t: t}
	require.NoError(t, provide(t.Context(), m, []string{"controller"}, environment(map[string]string{"IMAGE": "name:tag", "PUSH_IMAGE": "false"})))
	require.Len(t, m.docker, 2)
	require.Equal(t, "load", m.docker[0])
	require.Regexp(t, `^tag localhost/memgraph-controller:[0-9a-f]{12} name:tag$`, m.docker[1])
}

func TestTheRegistryGetsTheImageToo(t *testing.T) {
	m := &machine{t: t}
	require.NoError(t, provide(t.Context(), m, []string{"standin"}, environment(map[string]string{"IMAGE": "name:tag", "PUSH_IMAGE": "true"})))
	require.Regexp(t, `^tag localhost/memgraph-standin:[0-9a-f]{12} name:tag$`, m.docker[1])
	require.Equal(t, "push name:tag", m.docker[2])
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	named := environment(map[string]string{"IMAGE": "name:tag"})
	require.ErrorContains(t, provide(t.Context(), &machine{t: t}, nil, named), "controller or standin")
	require.ErrorContains(t, provide(t.Context(), &machine{t: t}, []string{"database"}, named), "controller or standin")
	require.ErrorContains(t, provide(t.Context(), &machine{t: t}, []string{"controller"}, environment(nil)), "IMAGE is empty")
	require.ErrorContains(t, provide(t.Context(), &machine{t: t, down: true}, []string{"controller"}, named), "image name:tag: cannot connect")
}
