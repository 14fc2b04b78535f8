package cluster_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/cli/cluster"
	"memgraph-controller/cli/cluster/apiserver"
)

// controllers are the pods of two releases.
func controllers() []corev1.Pod {
	return []corev1.Pod{
		apiserver.Controller("graph", "graph-b", true), apiserver.Controller("graph", "graph-a", false),
		apiserver.Controller("other", "other-a", true), apiserver.Database("graph", "graph-0"),
	}
}

func names(pods []corev1.Pod) []string {
	var all []string
	for _, pod := range pods {
		all = append(all, pod.Name)
	}
	return all
}

func TestTheOneReleaseOfTheNamespaceIsFound(t *testing.T) {
	release := find(t, &apiserver.Server{Pods: append(controllers()[:2:2], controllers()[3])})
	require.Equal(t, "release graph in namespace db of context test", release.String())
	require.Equal(t, []string{"graph-a", "graph-b"}, names(release.Controllers()))
	require.Equal(t, []string{"graph-b"}, names(release.Ready()))
	databases, err := release.Databases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"graph-0"}, names(databases))
	require.Equal(t, "graph", release.StatefulSet())
}

func TestAStatefulSetOfOnesOwnIsFoundByTheControllersFlags(t *testing.T) {
	controller, database := apiserver.Controller("graph", "graph-a", true), apiserver.Database("graph", "mine-0")
	controller.Spec.Containers[0].Args = []string{"run", "--statefulset=mine", "--instance-selector=app=mine"}
	database.Labels = map[string]string{"app": "mine"}
	release := find(t, &apiserver.Server{Pods: []corev1.Pod{controller, database}})
	require.Equal(t, "mine", release.StatefulSet())
	databases, err := release.Databases(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"mine-0"}, names(databases))
}

func TestWhatCannotBeFoundSaysWhatToDo(t *testing.T) {
	cases := map[string]struct {
		where     cluster.Where
		pods      []corev1.Pod
		forbidden []string
		says      string
	}{
		"nothing installed": {says: `no release of memgraph-controller runs in namespace "db" of context test: name its namespace with --namespace`},
		"another namespace": {where: cluster.Where{Namespace: "elsewhere"}, pods: controllers(), says: `in namespace "elsewhere"`},
		"several releases":  {pods: controllers(), says: `namespace "db" has several releases (graph, other): choose one with --release`},
		"another release":   {where: cluster.Where{Release: "mine"}, pods: controllers(), says: `there is no release "mine" in namespace "db" of context test; there are: graph, other`},
		"another context":   {where: cluster.Where{Context: "prod"}, says: `no context "prod"; there are: test`},
		"may not list":      {pods: controllers(), forbidden: []string{"list pods"}, says: `a Role has to give you the verb "list" on "pods" there`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			server := &apiserver.Server{Pods: c.pods, Forbidden: c.forbidden}
			server.Start(t)
			c.where.Kubeconfig = server.Kubeconfig(t)
			_, err := cluster.Find(t.Context(), c.where, "test")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestWithoutAKubeconfigItSaysHowToNameOne(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	_, err := cluster.Find(t.Context(), cluster.Where{}, "test")
	require.ErrorContains(t, err, "there is no kubeconfig; name one with --kubeconfig or KUBECONFIG, or a controller's address with --server")
	missing := filepath.Join(t.TempDir(), "missing")
	_, err = cluster.Find(t.Context(), cluster.Where{Kubeconfig: missing}, "test")
	require.ErrorContains(t, err, "kubeconfig "+missing+" is not there")
}

func TestAnAPIServerThatIsAwayIsSaidToBe(t *testing.T) {
	server := &apiserver.Server{URL: "http://127.0.0.1:1"}
	_, err := cluster.Find(t.Context(), cluster.Where{Kubeconfig: server.Kubeconfig(t)}, "test")
	require.ErrorContains(t, err, "the API server of context test cannot be reached")
}

func TestControllersThatAreNotReadyAreNamedWithTheirState(t *testing.T) {
	crashing, late := apiserver.Controller("graph", "graph-a", false), apiserver.Controller("graph", "graph-b", false)
	crashing.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"},
	}}}
	err := find(t, &apiserver.Server{Pods: []corev1.Pod{crashing, late}}).Unready()
	require.ErrorContains(t, err, "graph-a is CrashLoopBackOff, graph-b is running and not ready; 'kubectl -n db describe pod graph-a' says more")
}

func TestCredentialsAreReadFromWhereTheControllersHaveThem(t *testing.T) {
	server := &apiserver.Server{
		Pods:    []corev1.Pod{apiserver.Controller("graph", "graph-a", true)},
		Secrets: []corev1.Secret{apiserver.Secret("graph-admin-token", "token", "s3cret"), apiserver.Secret("graph-user", "name", "ada")},
	}
	release := find(t, server)
	token, err := release.Credential(t.Context(), cluster.TokenVariable)
	require.NoError(t, err)
	require.Equal(t, "s3cret", token)
	user, err := release.Credential(t.Context(), cluster.UserVariable)
	require.NoError(t, err)
	require.Empty(t, user, "the controllers have none")
	_, err = release.Credential(t.Context(), cluster.PasswordVariable)
	require.ErrorContains(t, err, `Secret db/graph-user has no key "password"`)
	server.Forbidden = []string{"get secrets"}
	_, err = release.Credential(t.Context(), cluster.TokenVariable)
	require.ErrorContains(t, err, `the verb "get" on "secrets"`)
}
