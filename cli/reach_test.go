package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"memgraph-controller/cli/cluster/apiserver"
	"memgraph-controller/controller/api"
)

const adminToken = "s3cret-admin-token"

// kubernetes is a release "graph" with two controllers, of which b leads.
type kubernetes struct {
	apiserver.Server
	a, b       *controller
	kubeconfig string
}

func inKubernetes(t *testing.T) *kubernetes {
	t.Helper()
	k := &kubernetes{a: &controller{status: healthy()}, b: &controller{status: healthy()}}
	k.a.status.Controller, k.a.status.Leader = "graph-a", "graph-b"
	k.b.status.Controller, k.b.status.Leader = "graph-b", "graph-b"
	k.Pods = []corev1.Pod{
		apiserver.Controller("graph", "graph-a", true), apiserver.Controller("graph", "graph-b", true),
		apiserver.Database("graph", "memgraph-0"), apiserver.Database("graph", "memgraph-1"), apiserver.Database("graph", "memgraph-2"),
	}
	k.Secrets = []corev1.Secret{apiserver.Secret("graph-admin-token", "token", adminToken), apiserver.Secret("graph-user", "password", "hunter2-hunter2")}
	k.Ports = map[string]string{"graph-a:8080": k.a.serve(t, adminToken), "graph-b:8080": k.b.serve(t, adminToken)}
	k.Start(t)
	k.kubeconfig = k.Kubeconfig(t)
	return k
}

func (k *kubernetes) command(t *testing.T, args ...string) run {
	t.Helper()
	return command(t, "", append(args, "--kubeconfig", k.kubeconfig)...)
}

func TestStatusFindsTheLeaderThroughTheKubeconfig(t *testing.T) {
	k := inKubernetes(t)
	got := k.command(t, "status", "-o", "json")
	require.Zero(t, got.code, got.err)
	var status api.Status
	require.NoError(t, json.Unmarshal([]byte(got.out), &status))
	require.Equal(t, "graph-b", status.Controller)
}

func TestStatusAsYAMLHasTheNamesOfTheJSON(t *testing.T) {
	k := inKubernetes(t)
	asJSON, asYAML := k.command(t, "status", "-o", "json"), k.command(t, "status", "-o", "yaml")
	converted, err := yaml.YAMLToJSON([]byte(asYAML.out))
	require.NoError(t, err)
	require.JSONEq(t, asJSON.out, string(converted))
	require.Contains(t, asYAML.out, "in_read_pool: true")
}

func TestAChangeUsesTheReleasesTokenAndSaysWhereItIsMade(t *testing.T) {
	k := inKubernetes(t)
	require.Equal(t, run{0, "taken down as r1\n", "release graph in namespace db of context test\n"}, k.command(t, "pause", "--for", "10m"))
	require.Equal(t, []any{api.PauseRequest{For: api.Period(10 * time.Minute), By: "ada@desk"}}, k.b.asked)
	require.Empty(t, k.a.asked)

	got := k.command(t, "resume", "--token", "of yesterday")
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "the token is not the controller's")

	k.Forbidden = []string{"get secrets"}
	got = k.command(t, "resume")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, `the admin token: get secrets in namespace db is forbidden: a Role has to give you the verb "get" on "secrets"`)
	require.Contains(t, got.err, "or give it with --token")
	require.Len(t, k.b.asked, 1)
}

func TestWithoutALeaderAnyControllerIsAsked(t *testing.T) {
	k := inKubernetes(t)
	k.a.status.Leader, k.b.status.Leader = "", ""
	require.Zero(t, k.command(t, "status").code)
	k.a.status.Leader = "graph-gone"
	require.Zero(t, k.command(t, "status").code)
}

func TestAControllerThatDoesNotAnswerIsPassedOver(t *testing.T) {
	k := inKubernetes(t)
	delete(k.Ports, "graph-a:8080")
	require.Zero(t, k.command(t, "status").code)
	delete(k.Ports, "graph-b:8080")
	got := k.command(t, "status")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "no controller of release graph in namespace db of context test answers: controller graph-b:")
	require.Contains(t, got.err, "error forwarding port 8080")
}

func TestHistoryIsWhatAllControllersRemember(t *testing.T) {
	k := inKubernetes(t)
	old, new := ended(goingOn(api.PhaseFence), api.ResultCompleted, ""), ended(goingOn(api.PhaseFence, api.PhasePromote), api.ResultCompleted, "")
	old.ID, old.Started, old.Finished = "r0", at().Add(-time.Hour), at().Add(-time.Hour)
	seenLess := new
	seenLess.Phases = nil
	k.a.failovers, k.b.failovers = []api.Failover{old, seenLess}, []api.Failover{new}
	got := k.command(t, "history", "-o", "json")
	require.Equal(t, exitDone, got.code, got.err)
	var failovers []api.Failover
	require.NoError(t, json.Unmarshal([]byte(got.out), &failovers))
	require.Equal(t, []api.Failover{old, new}, failovers, "the leader's account counts")

	delete(k.Ports, "graph-a:8080")
	got = k.command(t, "history")
	require.Equal(t, exitDone, got.code)
	require.Contains(t, got.err, "what graph-a remembers is missing")
	require.NotContains(t, got.out, "r0")
}

func TestOnlyAControllerOnThisMachineIsTakenForOne(t *testing.T) {
	c := &controller{status: healthy()}
	require.True(t, listensHere(t.Context(), "http://"+c.serve(t, "")))
	for _, answer := range []string{"hello", "{}", `{"error": "no"}`} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) }))
		require.False(t, listensHere(t.Context(), other.URL), answer)
		other.Close()
	}
	require.False(t, listensHere(t.Context(), "http://127.0.0.1:1"))
}

func TestTheNameByWhichItIsCalled(t *testing.T) {
	for path, want := range map[string]string{
		"/usr/local/bin/kubectl-memgraph": "kubectl memgraph", "kubectl-memgraph.exe": "kubectl memgraph",
		"bin/memgraph-controller": "memgraph-controller", "/memgraph-controller": "memgraph-controller",
	} {
		require.Equal(t, want, called(path))
	}
	var root struct{ Commands }
	var out, errors strings.Builder
	code := Execute(t.Context(), &root, []string{"explode"}, &Terminal{Out: &out, Err: &errors, Name: pluginName})
	require.Equal(t, exitUsage, code)
	require.Contains(t, errors.String(), "kubectl memgraph: unexpected argument explode")
}
