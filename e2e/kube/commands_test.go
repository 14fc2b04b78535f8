package kube

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/cli/bundle/bundletest"
	"memgraph-controller/clusters/command"
	"memgraph-controller/controller/api"
	guide "memgraph-controller/docs/check"
)

// person is somebody with a kubeconfig and the program as kubectl's plugin.
type person struct {
	*Scenario
	program string
}

func (s *Scenario) person(ctx context.Context) person {
	s.Helper()
	p := person{s, filepath.Join(s.TempDir(), "kubectl-memgraph")}
	build := command.New("go", "build", "-o", p.program, "memgraph-controller")
	build.Dir = s.Root
	_, err := command.Exec{}.Run(ctx, build)
	require.NoError(s, err)
	return p
}

// types runs a command with nothing but the kubeconfig and the namespace.
func (p person) types(ctx context.Context, args ...string) string {
	p.Helper()
	said, err := command.Exec{}.Run(ctx, command.New(p.program, append(args, "--kubeconfig", p.Kind.Kubeconfig, "--namespace", p.Namespace)...))
	p.Logf("%s:\n%s", strings.Join(args, " "), said)
	require.NoError(p, err)
	return said
}

// follows runs a line of the pages, with more words.
func (p person) follows(ctx context.Context, script *guide.Script, beginning string, more ...string) string {
	p.Helper()
	line := script.Line("kubectl memgraph "+beginning, map[string]string{"N": p.Namespace})
	return p.types(ctx, append(strings.Fields(line)[2:], more...)...)
}

func TestAPersonWithAKubeconfigNeedsNothingElse(t *testing.T) {
	scenario(t, "the command line finds the release, its leader and its token by itself", func(ctx context.Context, s *Scenario) {
		p, script := s.person(ctx), guide.ScriptOf(s, s.Root)
		before := s.Whole(ctx, s)
		var status api.Status
		require.NoError(s, json.Unmarshal([]byte(p.follows(ctx, script, "status", "-o", "json")), &status))
		require.Equal(s, status.Leader, status.Controller, "the leader is asked")
		require.Equal(s, before.Record.Main, status.Record.Main)
		require.Contains(s, p.follows(ctx, script, "explain"), "would follow, with every acknowledged write")

		p.follows(ctx, script, "pause")
		s.Until(ctx, s, "paused", time.Minute, func(st api.Status) bool { return st.Paused != nil })
		p.follows(ctx, script, "resume")
		s.Until(ctx, s, "resumed", time.Minute, func(st api.Status) bool { return st.Paused == nil })

		p.types(ctx, "switchover")
		require.NotEqual(s, before.Record.Main, s.Whole(ctx, s).Record.Main)
		require.Contains(s, p.follows(ctx, script, "history"), "switchover")
	})
}

func TestDrillsInAClusterOfOnesOwn(t *testing.T) {
	scenario(t, "a drill breaks one thing, and says what clients saw of it", func(ctx context.Context, s *Scenario) {
		p, script := s.person(ctx), guide.ScriptOf(s, s.Root)
		for _, fault := range []string{"switchover", "kill-main", "kill-voter", "kill-controller"} {
			before := s.Whole(ctx, s)
			said := p.follows(ctx, script, "drill "+fault, "--yes", "--writes")
			require.Contains(s, said, "Recovered: ")
			after := s.Whole(ctx, s)
			switch fault {
			case "switchover":
				require.NotEqual(s, before.Record.Main, after.Record.Main)
			case "kill-main":
				require.NotEqual(s, before.Record.Main, after.Record.Main)
				// Its pod may be seen to end before its process has.
				require.Regexp(s, `(failover|switchover) \(\w+\), `+before.Record.Main+` -> `+after.Record.Main+`: completed`, said)
			case "kill-voter":
				require.Equal(s, before.Record.Main, after.Record.Main)
			default:
				require.NotEqual(s, before.Leader, after.Leader)
			}
		}
	})
}

func TestLogsOfAFailoverAreOneArchiveWithoutSecrets(t *testing.T) {
	scenario(t, "one command collects what is known of a failover", func(ctx context.Context, s *Scenario) {
		p, script := s.person(ctx), guide.ScriptOf(s, s.Root)
		s.Whole(ctx, s)
		p.types(ctx, "switchover")
		s.Whole(ctx, s)
		archive := filepath.Join(s.TempDir(), "logs.tar.gz")
		p.follows(ctx, script, "logs", "--file", archive) // the last name counts
		files := bundletest.Files(s, archive)
		for _, name := range []string{"README.md", "status.json", "history.txt", "record.yaml", "events.txt", "pods.txt", "kubernetes.txt"} {
			require.Contains(s, files, name)
		}
		require.NotContains(s, files["README.md"], "What could not be had")
		pods, err := s.Pods(ctx, s.Databases)
		require.NoError(s, err)
		for _, pod := range pods {
			require.Contains(s, files, "logs/"+pod.Name+"/memgraph.log")
		}
		require.Contains(s, everyLog(files), "plan=switchover", "the controllers' logs of that time are in it")
		for name, text := range files {
			require.NotContains(s, text, s.API.Token, name)
		}
	})
}

func everyLog(files map[string]string) string {
	var all strings.Builder
	for name, text := range files {
		if strings.HasPrefix(name, "logs/") {
			all.WriteString(text)
		}
	}
	return all.String()
}
