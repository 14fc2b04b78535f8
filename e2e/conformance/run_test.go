package conformance

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whole runs of this suite, by itself.

// another is a run of the facts in pattern, with another environment.
func another(t *testing.T, pattern string, env ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	run := exec.Command(self, "-test.v", "-test.run", "^("+pattern+")$")
	for _, set := range os.Environ() {
		name, _, _ := strings.Cut(set, "=")
		if !slices.Contains([]string{"MEMGRAPH", "MEMGRAPH_IMAGE", "ADDRESSES", "REPORT_DIR"}, name) {
			run.Env = append(run.Env, set)
		}
	}
	run.Env = append(run.Env, env...)
	return run
}

func TestInstancesOfOthersAreAskedWhatNeedsNoPowerOverThem(t *testing.T) {
	t.Parallel()
	if _, theirs := instances.get(t).(*guests); theirs {
		t.Skip("it is about this very run")
	}
	var addresses []string
	for _, name := range []string{"a", "b", "c"} {
		i := newInstance(t, name)
		i.start()
		addresses = append(addresses, i.bolt()+"="+i.address())
	}
	report := t.TempDir()
	run := another(t, "TestSwitchoverLosesNothing|TestRefusedStrictSyncCommitLeavesNoDivergence|TestUsersHoldOverARestart",
		"ADDRESSES="+strings.Join(addresses, ","), "REPORT_DIR="+report)
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	page, err := os.ReadFile(filepath.Join(report, "conformance.md"))
	require.NoError(t, err)
	require.Contains(t, string(page), "| 3.9a | agrees |")
	require.Regexp(t, `\| 08e \| not asked \|[^|]*\| it kills, stops or starts instances`, string(page))
	require.NotContains(t, string(page), string(differs)+" |")
}

func TestInstancesOfOthersThatHoldDataAreLeftAlone(t *testing.T) {
	t.Parallel()
	if _, theirs := instances.get(t).(*guests); theirs {
		t.Skip("it is about this very run")
	}
	a := newInstance(t, "a")
	a.start()
	a.create(1)
	out, err := another(t, "TestSummaryOfAWrite", "ADDRESSES="+a.bolt()).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "holds 1 nodes: the suite deletes everything")
	a.has(1)
	a.is("main")
}

func TestNothingIsLeftOfARunThatEndsEarly(t *testing.T) {
	e, ok := instances.get(t).(*engine)
	if !ok {
		t.Skip("processes die with the run, and containers do not (MEMGRAPH_IMAGE)")
	}
	for name, s := range map[string]syscall.Signal{"interrupted": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			run := another(t, "TestDropOfAReplicaThatFellSilentWhileNothingWasWrittenWorks",
				"MEMGRAPH_IMAGE="+e.image, "SLOW=1", "TMPDIR="+folder)
			var out strings.Builder
			run.Stdout, run.Stderr = &out, &out
			require.NoError(t, run.Start())
			ended := make(chan error, 1)
			go func() { ended <- run.Wait() }()
			called := ""
			started := func() bool { // it takes 16 s from then on
				found, _ := filepath.Glob(filepath.Join(folder, "conformance-*"))
				if len(found) != 1 {
					return false
				}
				called = filepath.Base(found[0])
				names, err := left(called)
				return err == nil && strings.Contains(names, "-a")
			}
			for deadline := time.Now().Add(engineTime); !started(); time.Sleep(5 * pause) {
				if len(ended) > 0 || time.Now().After(deadline) {
					_ = run.Process.Kill()
					require.Fail(t, "it starts no instance", "%v\n%s", <-ended, out.String())
				}
			}
			require.NoError(t, run.Process.Signal(s))
			require.Error(t, <-ended)
			require.Eventually(t, func() bool {
				names, err := left(called)
				return err == nil && names == ""
			}, engineTime, time.Second, "it leaves something behind")
		})
	}
}

// left is what the engine has of a run.
func left(run string) (names string, err error) {
	for _, list := range []string{
		"container ls --all --format {{.Names}} --filter name=" + run,
		"volume ls --format {{.Name}} --filter name=" + run,
		"network ls --format {{.Name}} --filter name=" + run,
		"image ls --format {{.Repository}} --filter reference=localhost/" + run + "*",
	} {
		found, err := docker(strings.Fields(list)...)
		if err != nil {
			return "", err
		}
		names += found
	}
	return names, nil
}
