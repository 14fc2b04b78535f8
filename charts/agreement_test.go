package charts_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"

	"memgraph-controller/clusters"
	"memgraph-controller/clusters/helm"
	"memgraph-controller/clusters/kind"
	"memgraph-controller/controller/kube"
)

// config is where the controller is told that its cluster is.
func (m manifest) config(t *testing.T) kube.Config {
	t.Helper()
	c := m.controllerPod(t).Spec.Containers[0]
	config := kube.Config{
		Namespace: namespace, StatefulSet: option(t, c, "--statefulset"), Domain: option(t, c, "--cluster-domain"),
		Instances: option(t, c, "--instance-selector"), Controllers: option(t, c, "--controller-selector"),
	}
	require.NoError(t, config.Check())
	return config
}

func TestRolesAreThoseOfTheCode(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		config := m.config(t)
		require.ElementsMatch(t, kube.ControllerRules(config), named[*rbacv1.Role](t, m, release+"-controller").Rules)
		require.ElementsMatch(t, kube.DatabaseRules(config), named[*rbacv1.Role](t, m, release+"-database").Rules)
		roles := 2
		if jobs := m.jobs(); len(jobs) > 0 {
			roles++
			var pods []string
			instances := *all[*appsv1.StatefulSet](m)[0].Spec.Replicas
			if len(all[*batchv1.CronJob](m)) == 0 { // a backup is brought to the first
				instances = 1
			}
			for n := range instances {
				pods = append(pods, fmt.Sprintf("%s-%d", config.StatefulSet, n))
			}
			require.ElementsMatch(t, kube.BackupRules(pods), named[*rbacv1.Role](t, m, release+"-backup").Rules)
		}
		require.Empty(t, all[*rbacv1.ClusterRole](m))
		if option(t, m.controllerPod(t).Spec.Containers[0], "--token-audience") != "" {
			require.ElementsMatch(t, kube.OperatorRules(config), named[*rbacv1.Role](t, m, release+"-operator").Rules)
			roles++
		}
		require.Len(t, all[*rbacv1.Role](m), roles)
	})
}

func TestRolesAreBoundToTheAccountsOfThePods(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		accounts := map[string]string{"controller": m.controllerPod(t).Spec.ServiceAccountName, "database": release + "-database"}
		if pod, ok := m.databasePod(); ok {
			accounts["database"] = pod.Spec.ServiceAccountName
		}
		for _, job := range m.jobs() {
			accounts["backup"] = job.Spec.Template.Spec.ServiceAccountName
		}
		require.Len(t, all[*rbacv1.RoleBinding](m), len(accounts))
		for component, account := range accounts {
			binding := named[*rbacv1.RoleBinding](t, m, release+"-"+component)
			require.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: account, Namespace: namespace}}, binding.Subjects)
			require.Equal(t, rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "Role", Name: release + "-" + component}, binding.RoleRef)
			require.False(t, *named[*corev1.ServiceAccount](t, m, account).AutomountServiceAccountToken, "tokens are given to those who need one")
		}
	})
}

// The one right outside of the namespace is there only where it is asked for, and is no
// more than to ask whose a token is and what they may do.
func TestNothingIsAllowedInTheClusterUnlessTokensAreReviewed(t *testing.T) {
	require.Empty(t, all[*rbacv1.ClusterRoleBinding](render(t)))
	bindings := all[*rbacv1.ClusterRoleBinding](render(t, "--set=kubernetesAuth.enabled=true"))
	require.Len(t, bindings, 1)
	require.Equal(t, rbacv1.RoleRef{APIGroup: "rbac.authorization.k8s.io", Kind: "ClusterRole", Name: "system:auth-delegator"}, bindings[0].RoleRef)
	require.Equal(t, []rbacv1.Subject{{Kind: "ServiceAccount", Name: release + "-controller", Namespace: namespace}}, bindings[0].Subjects)
	require.Contains(t, bindings[0].Name, namespace, "releases of one name in two namespaces have one each")
}

func TestSelectorsInTheArgumentsSelectTheRenderedPodsAndNoOthers(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		config := m.config(t)
		instances, err := labels.Parse(config.Instances)
		require.NoError(t, err)
		controllers, err := labels.Parse(config.Controllers)
		require.NoError(t, err)
		controller := labels.Set(m.controllerPod(t).Labels)
		require.True(t, controllers.Matches(controller))
		require.False(t, instances.Matches(controller))

		database := labels.Set{"app": "graph", "tier": "data", "more": "labels"} // existing.yaml
		if pod, ok := m.databasePod(); ok {
			database = pod.Labels
			require.Equal(t, config.StatefulSet, all[*appsv1.StatefulSet](m)[0].Name)
		}
		require.True(t, instances.Matches(database))
		require.False(t, controllers.Matches(database))
	})
}

func TestAnotherReleaseInTheSameNamespaceIsLeftAlone(t *testing.T) {
	config := render(t).config(t)
	for _, selector := range []string{config.Instances, config.Controllers} {
		parsed, err := labels.Parse(selector)
		require.NoError(t, err)
		value, ok := parsed.RequiresExactMatch("app.kubernetes.io/instance")
		require.True(t, ok)
		require.Equal(t, release, value)
	}
}

func TestContainersPortsAndReadinessGateAreThoseOfTheCode(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		controller := m.controllerPod(t).Spec.Containers
		require.Len(t, controller, 1)
		require.Equal(t, kube.ControllerContainer, controller[0].Name)
		require.Equal(t, int32(kube.HTTPPort), port(t, controller[0], "http"))
		for name, flag := range map[string]string{"http": "--http", "write": "--write", "read": "--read"} {
			if listen := option(t, controller[0], flag); listen != "" {
				require.Equal(t, listen, fmt.Sprintf(":%d", port(t, controller[0], name)), flag)
			}
		}

		pod, ok := m.databasePod()
		if !ok {
			return
		}
		database := pod.Spec.Containers
		require.Len(t, database, 1)
		require.Equal(t, kube.DatabaseContainer, database[0].Name)
		require.Equal(t, kube.InitContainer, pod.Spec.InitContainers[0].Name)
		require.Equal(t, int32(kube.BoltPort), port(t, database[0], "bolt"))
		require.Equal(t, strconv.Itoa(kube.BoltPort), option(t, database[0], "--bolt-port"))
		require.Equal(t, int32(kube.ReplicationPort), port(t, database[0], "replication"))
		require.Equal(t, []corev1.PodReadinessGate{{ConditionType: kube.ReadinessGate}}, pod.Spec.ReadinessGates)
	})
}

func port(t *testing.T, c corev1.Container, name string) int32 {
	t.Helper()
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	require.Failf(t, "port is missing", "container %s has no port %s", c.Name, name)
	return 0
}

func TestServicesLeadToPortsOfTheirPods(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		services := all[*corev1.Service](m)
		require.GreaterOrEqual(t, len(services), 3)
		for _, service := range services {
			pod := m.controllerPod(t)
			if service.Labels["app.kubernetes.io/component"] == "database" {
				pod, _ = m.databasePod()
				delete(service.Spec.Selector, appsv1.StatefulSetPodNameLabel) // the API server's
			}
			require.True(t, labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)), service.Name)
			for _, p := range service.Spec.Ports {
				require.NotZero(t, port(t, pod.Spec.Containers[0], p.TargetPort.StrVal))
			}
		}
	})
}

// The values with which the clusters of this project are installed.
func TestNodePortsAreThoseThatKindClustersLeadToThisMachine(t *testing.T) {
	own := clusters.Images{Controller: "localhost/controller:1", Database: "localhost/database:2"}.Values()
	text, err := yaml.Marshal(helm.Merged(own, clusters.NodePorts()))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	m := render(t, "--values="+file)
	for name, want := range map[string]int32{
		"-gateway": kind.WriteNodePort, "-gateway-read": kind.ReadNodePort, "-controller": kind.HTTPNodePort,
	} {
		service := named[*corev1.Service](t, m, release+name)
		require.Equal(t, corev1.ServiceTypeNodePort, service.Spec.Type)
		require.Equal(t, want, service.Spec.Ports[0].NodePort)
	}
	pod, _ := m.databasePod()
	require.Equal(t, "localhost/controller:1", pod.Spec.InitContainers[0].Image)
	require.Equal(t, "localhost/database:2", pod.Spec.Containers[0].Image)
}

// Memgraph would need DNS to register a replica in a failover.
func TestEveryInstanceHasAServiceOfItsOwn(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		followed, err := labels.Parse(m.config(t).Instances)
		require.NoError(t, err)
		for _, set := range all[*appsv1.StatefulSet](m) {
			for n := range *set.Spec.Replicas {
				name := fmt.Sprintf("%s-%d", set.Name, n)
				service := named[*corev1.Service](t, m, name)
				require.True(t, followed.Matches(labels.Set(service.Labels)), "the controller follows it")
				require.Equal(t, name, service.Spec.Selector[appsv1.StatefulSetPodNameLabel])
				require.True(t, service.Spec.PublishNotReadyAddresses, "a replica becomes ready by being registered")
				require.Empty(t, service.Spec.ClusterIP, "Kubernetes chooses it")
				require.Equal(t, int32(kube.ReplicationPort), service.Spec.Ports[0].Port)
			}
		}
	})
}

// Without it pods would not find each other before they are ready, and none would
// ever be.
func TestInstancesAreFoundByNameBeforeTheyAreReady(t *testing.T) {
	m := render(t)
	set := all[*appsv1.StatefulSet](m)[0]
	require.Equal(t, appsv1.ParallelPodManagement, set.Spec.PodManagementPolicy)
	headless := named[*corev1.Service](t, m, set.Spec.ServiceName)
	require.Equal(t, corev1.ClusterIPNone, headless.Spec.ClusterIP)
	require.True(t, headless.Spec.PublishNotReadyAddresses)
	require.Equal(t, set.Spec.Selector.MatchLabels, headless.Spec.Selector)
}

// The data directory can be set aside only as a folder of the volume.
func TestInitContainerAndDatabaseAgreeOnTheDataDirectory(t *testing.T) {
	pod, _ := render(t).databasePod()
	before, database := pod.Spec.InitContainers[0], pod.Spec.Containers[0]
	data := option(t, before, "--data")
	require.Equal(t, data, option(t, database, "--data-directory"))
	for _, c := range []corev1.Container{before, database} {
		require.Equal(t, "storage", c.VolumeMounts[0].Name)
		require.Equal(t, data, c.VolumeMounts[0].MountPath+"/data")
	}
	require.Equal(t, option(t, before, "--statefulset"), render(t).config(t).StatefulSet)
}

// kubectl exec runs the program in the database's container, where the volume is.
func TestTheInitContainerLeavesItsProgramForTheDatabasesContainer(t *testing.T) {
	pod, _ := render(t).databasePod()
	folder := option(t, pod.Spec.InitContainers[0], "--program")
	mount := func(c corev1.Container) corev1.VolumeMount {
		at := slices.IndexFunc(c.VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == folder })
		require.GreaterOrEqual(t, at, 0, c.Name)
		return c.VolumeMounts[at]
	}
	before, database := mount(pod.Spec.InitContainers[0]), mount(pod.Spec.Containers[0])
	require.Equal(t, before.Name, database.Name)
	require.False(t, before.ReadOnly)
	require.True(t, database.ReadOnly)
}

// Memgraph has no use for a token, and modules that people load into it none for theirs.
func TestTheInitContainerAloneOfADatabasePodGetsAToken(t *testing.T) {
	pod, _ := render(t).databasePod()
	require.False(t, *pod.Spec.AutomountServiceAccountToken)
	const where = "/var/run/secrets/kubernetes.io/serviceaccount"
	require.True(t, slices.ContainsFunc(pod.Spec.InitContainers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == where }))
	for _, mount := range pod.Spec.Containers[0].VolumeMounts {
		require.NotEqual(t, where, mount.MountPath)
	}
}

func TestInstancesInTheArgumentsAreAddressedInTheGivenDomain(t *testing.T) {
	m := render(t, "--values=testdata/values/everything.yaml")
	require.Equal(t, "graph.example", m.config(t).Domain)
	host, _, err := net.SplitHostPort(option(t, m.controllerPod(t).Spec.Containers[0], "--http"))
	require.NoError(t, err)
	require.Empty(t, host, "kubelets reach no loopback address")
}
