package charts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"memgraph-controller/controller/kube"
)

// example is the StatefulSet that the chart's README shows to those who bring one.
func example(t *testing.T) (set appsv1.StatefulSet) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(chart, "README.md"))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(page), "<!-- example: begin -->\n```yaml\n")
	require.True(t, ok)
	text, _, ok := strings.Cut(rest, "```\n<!-- example: end -->")
	require.True(t, ok)
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &set))
	return set
}

func TestTheStatefulSetThatTheReadmeShowsIsLikeTheChartsOwn(t *testing.T) {
	set := example(t)
	shown := set.Spec.Template.Spec
	m := render(t)
	own, _ := m.databasePod()

	require.Equal(t, appsv1.ParallelPodManagement, set.Spec.PodManagementPolicy)
	require.Equal(t, own.Spec.ReadinessGates, shown.ReadinessGates)
	require.Equal(t, own.Spec.SecurityContext.FSGroup, shown.SecurityContext.FSGroup)
	require.Equal(t, own.Spec.TerminationGracePeriodSeconds, shown.TerminationGracePeriodSeconds)
	require.Equal(t, strings.ReplaceAll(own.Spec.ServiceAccountName, release, "memgraph"), shown.ServiceAccountName)

	require.NotNil(t, shown.AutomountServiceAccountToken, "the account that the chart makes gives pods no token by itself")
	require.True(t, *shown.AutomountServiceAccountToken)

	before, database := shown.InitContainers[0], shown.Containers[0]
	require.Equal(t, own.Spec.InitContainers[0].Args, before.Args, "the example's StatefulSet has the name of this test's release")
	require.Equal(t, own.Spec.InitContainers[0].Env, before.Env)
	require.Equal(t, m.controllerPod(t).Spec.Containers[0].Image, before.Image)
	require.Equal(t, kube.DatabaseContainer, database.Name)
	require.Equal(t, own.Spec.Containers[0].Image, database.Image)
	require.Equal(t, own.Spec.Containers[0].Lifecycle, database.Lifecycle)
	require.Subset(t, own.Spec.Containers[0].Args, database.Args)
	for _, c := range []corev1.Container{before, database} {
		require.Equal(t, own.Spec.Containers[0].VolumeMounts[0], c.VolumeMounts[0])
	}
	for name, number := range map[string]int32{"bolt": kube.BoltPort, "replication": kube.ReplicationPort} {
		require.Equal(t, number, port(t, database, name))
	}
}

func TestTheControllerTakesTheStatefulSetThatTheReadmeShows(t *testing.T) {
	set := example(t)
	m := render(t, "--set=memgraph.enabled=false", "--set=existing.statefulSet="+set.Name, "--set=existing.instanceSelector.app="+set.Spec.Template.Labels["app"])
	require.Equal(t, set.Name, m.config(t).StatefulSet)
	require.Equal(t, "app=graph", m.config(t).Instances)
}
