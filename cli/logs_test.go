package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/cli/bundle"
	"memgraph-controller/cli/bundle/bundletest"
	"memgraph-controller/controller/api"
)

// line is a line of a log as Kubernetes gives it.
func line(after time.Duration, text string) string {
	return at().Add(after).Format(time.RFC3339Nano) + " " + text + "\n"
}

func event(after time.Duration, object, text string) corev1.Event {
	return corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: object}, Type: "Normal", Reason: "Because", Message: text,
		LastTimestamp: metav1.NewTime(at().Add(after)),
	}
}

// withLogs is a release that has failed over, and whose logs hold what they should
// not.
func withLogs(t *testing.T) *kubernetes {
	t.Helper()
	k := inKubernetes(t)
	failover := ended(goingOn(api.PhaseFence), api.ResultCompleted, "memgraph-0 is dead")
	failover.From, failover.Evidence = "memgraph-0", []string{"the password is hunter2-hunter2"}
	k.b.failovers = []api.Failover{failover}
	k.Pods[2].Labels["app.kubernetes.io/instance"] = "graph"
	k.Logs = map[string]string{
		"graph-a/controller":           line(0, "epoch 8") + line(time.Hour, "long after"),
		"graph-b/controller":           line(0, "Authorization: Bearer "+adminToken),
		"graph-b/controller previous":  line(-time.Minute, "the run before"),
		"memgraph-0/memgraph":          line(0, "I am main"),
		"memgraph-0/memgraph previous": line(0, "killed"),
		"memgraph-1/memgraph":          line(0, "I follow"),
	}
	k.ConfigMaps = []corev1.ConfigMap{{
		ObjectMeta: metav1.ObjectMeta{Name: "graph-topology"}, Data: map[string]string{"record": `{"epoch": 8}`},
	}}
	k.Events = []corev1.Event{
		event(time.Second, "graph-0", "second"), event(0, "graph-b", "first "+adminToken),
		event(0, "somebody-else", "not ours"), event(3*time.Hour, "graph-0", "long after"),
	}
	return k
}

func TestLogsAreOneArchiveAroundTheFailover(t *testing.T) {
	k := withLogs(t)
	path := filepath.Join(t.TempDir(), "logs.tar.gz")
	got := k.command(t, "logs", "-f", path)
	require.Equal(t, exitDone, got.code, got.err)
	require.Equal(t, path+"\n", got.out)
	files := bundletest.Files(t, path)
	require.Equal(t, line(0, "epoch 8"), files["logs/graph-a/controller.log"], "what came after the window is left out")
	require.Equal(t, line(-time.Minute, "the run before"), files["logs/graph-b/controller.previous.log"])
	require.Equal(t, line(0, "killed"), files["logs/memgraph-0/memgraph.previous.log"])
	require.NotContains(t, files, "logs/memgraph-1/memgraph.previous.log")
	require.Contains(t, files["record.yaml"], `{"epoch": 8}`)
	require.Contains(t, files["status.json"], `"controller": "graph-b"`)
	require.Contains(t, files["history.txt"], "fence")
	require.Contains(t, files["pods.txt"], "memgraph-2")
	require.Equal(t, "v1.34.4\n", files["kubernetes.txt"])
	require.Regexp(t, `(?s)^\S+  Normal Pod/graph-b  Because \(1\): first .*Pod/graph-0  Because \(1\): second\n$`, files["events.txt"])
	readme := files["README.md"]
	require.Contains(t, readme, "About switchover r1 of release graph in namespace db of context test: memgraph-0 -> memgraph-1.")
	require.Contains(t, readme, "from 2026-03-01T11:58:00Z to 2026-03-01T12:05:00Z")
	for name := range files {
		if name != "README.md" {
			require.Contains(t, readme, "| "+name+" |")
		}
	}
	require.Contains(t, readme, "logs/memgraph-2/memgraph.log: ", "what could not be had is named")
	require.Contains(t, got.err, "missing: logs/memgraph-2/memgraph.log")
}

func TestLogsHoldNoSecrets(t *testing.T) {
	k := withLogs(t)
	// What may name one: the environment of a StatefulSet of somebody's own.
	k.Pods[2].Spec.Containers[0].Env = []corev1.EnvVar{{Name: "PASSWORD", Value: "a-literal-password"}}
	path := filepath.Join(t.TempDir(), "logs.tar.gz")
	got := k.command(t, "logs", "-f", path)
	require.Equal(t, exitDone, got.code, got.err)
	found := 0
	for name, text := range bundletest.Files(t, path) {
		for _, secret := range []string{adminToken, "hunter2-hunter2", "a-literal-password", "of-a-person"} {
			require.NotContains(t, text, secret, name)
		}
		found += strings.Count(text, "[secret left out]")
	}
	require.GreaterOrEqual(t, found, 4, "in a log, in an event and twice in the history there was one")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "nobody else may read it")
}

func TestLogsComeWithoutAControllerThatAnswers(t *testing.T) {
	k := withLogs(t)
	k.Ports = nil
	k.Forbidden = []string{"get secrets", "list events", "get configmaps"}
	path := filepath.Join(t.TempDir(), "logs.tar.gz")
	got := k.command(t, "logs", "-f", path)
	require.Equal(t, exitDone, got.code, got.err)
	files := bundletest.Files(t, path)
	require.Contains(t, files, "logs/graph-a/controller.log")
	require.NotContains(t, files, "status.json")
	require.Contains(t, files["README.md"], "About the last hour")
	for _, want := range []string{
		"no controller of release graph", `the verb "list" on "events"`, `the verb "get" on "configmaps"`,
		"MEMGRAPH_CONTROLLER_TOKEN, which therefore was not looked for",
	} {
		require.Contains(t, files["README.md"], want)
		require.Contains(t, got.err, want)
	}
}

func TestALogThatIsTooLongIsCutOffAndSaidToBe(t *testing.T) {
	k := withLogs(t)
	one := line(0, strings.Repeat("x", 1<<20))
	k.Logs["memgraph-0/memgraph"] = strings.Repeat(one, 33)
	k.Logs["memgraph-1/memgraph"] = line(0, "I follow") + line(time.Hour, strings.Repeat("x", bundle.LogBytes))
	path := filepath.Join(t.TempDir(), "logs.tar.gz")
	got := k.command(t, "logs", "-f", path)
	require.Equal(t, exitDone, got.code, got.err)
	files := bundletest.Files(t, path)
	require.Len(t, files["logs/memgraph-0/memgraph.log"], 31*len(one), "so many whole lines are in 32 MiB")
	require.Contains(t, files["README.md"], "| logs/memgraph-0/memgraph.log | log of which the end was cut off |")
	require.Contains(t, files["README.md"], "- the end of logs/memgraph-0/memgraph.log: it was cut off after 32 MiB")
	require.Contains(t, got.err, "missing: the end of logs/memgraph-0/memgraph.log: it was cut off after 32 MiB")
	require.NotContains(t, got.err, "memgraph-1", "what is cut off there came after the window")
}

func TestLogsThatCannotBeTakenSayWhy(t *testing.T) {
	k := withLogs(t)
	path := filepath.Join(t.TempDir(), "logs.tar.gz")
	got := k.command(t, "logs", "-f", path, "--failover", "r9")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.err, `no failover "r9" is remembered; 'memgraph-controller history' lists them`)
	got = k.command(t, "logs", "-f", filepath.Join(t.TempDir(), "none", "logs.tar.gz"))
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "archive: ")
	got = command(t, "", "logs", "--server", "http://127.0.0.1:1", "-f", path)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.err, "logs are read through the kubeconfig")
	require.NoFileExists(t, path)
}
