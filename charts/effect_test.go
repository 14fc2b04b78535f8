package charts_test

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"memgraph-controller/controller/kube"
)

// A majority is counted in as many controllers as there are.
func TestControllersKnowHowManyTheyAre(t *testing.T) {
	forEachValueSet(t, func(t *testing.T, m manifest) {
		deployment := named[*appsv1.Deployment](t, m, release+"-controller")
		require.Equal(t, strconv.Itoa(int(*deployment.Spec.Replicas)), option(t, m.controllerPod(t).Spec.Containers[0], "--controllers"))
	})
}

func TestReadServiceGoesToTheMainWhenThereIsNoReadGateway(t *testing.T) {
	on, off := render(t), render(t, "--set=readGateway.enabled=false")
	require.Equal(t, "read", named[*corev1.Service](t, on, release+"-gateway-read").Spec.Ports[0].TargetPort.StrVal)
	service := named[*corev1.Service](t, off, release+"-gateway-read")
	require.Equal(t, "write", service.Spec.Ports[0].TargetPort.StrVal)
	require.Equal(t, int32(7687), service.Spec.Ports[0].Port, "clients change nothing")
	require.Empty(t, option(t, off.controllerPod(t).Spec.Containers[0], "--read"))
}

// A restart of every database is too much for a setting that is none of theirs.
func TestSettingsOfTheControllerRestartNoDatabase(t *testing.T) {
	before := all[*appsv1.StatefulSet](render(t))[0]
	after := all[*appsv1.StatefulSet](render(t,
		"--set=controller.replicas=5", "--set=controller.detection=fast", "--set=readGateway.enabled=false",
		"--set=http.service.port=80", "--set=networkPolicy.enabled=false", "--set=adminToken.existingSecret=mine"))[0]
	require.Equal(t, before.Spec, after.Spec)
}

// Kubernetes refuses every change of these, and an upgrade would end there.
func TestWhatCannotBeChangedLaterNamesNoVersion(t *testing.T) {
	set := all[*appsv1.StatefulSet](render(t))[0]
	version := set.Labels["app.kubernetes.io/version"]
	require.NotEmpty(t, version)
	for _, fixed := range []any{set.Spec.VolumeClaimTemplates, set.Spec.Selector, set.Spec.Template.Labels} {
		text, err := json.Marshal(fixed)
		require.NoError(t, err)
		require.NotContains(t, string(text), version)
		require.NotContains(t, string(text), "helm.sh/chart")
	}
}

func TestDrainsTakeOneDatabaseAndOneControllerAtATime(t *testing.T) {
	m := render(t)
	pod, _ := m.databasePod()
	for name, of := range map[string]corev1.PodTemplateSpec{release: pod, release + "-controller": m.controllerPod(t)} {
		budget := named[*policyv1.PodDisruptionBudget](t, m, name)
		require.Equal(t, 1, budget.Spec.MaxUnavailable.IntValue())
		require.True(t, selects(t, budget.Spec.Selector, of.Labels))
	}
	require.Len(t, all[*policyv1.PodDisruptionBudget](m), 2)
}

func selects(t *testing.T, selector *metav1.LabelSelector, of map[string]string) bool {
	t.Helper()
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	require.NoError(t, err)
	return parsed.Matches(labels.Set(of))
}

// caller is a pod that wants something.
type caller map[string]string

// lets tells whether the policies of a manifest let a pod of the same namespace
// reach a port of another pod.
func (m manifest) lets(t *testing.T, from caller, to map[string]string, port int32) bool {
	t.Helper()
	isolated := false
	for _, policy := range all[*networkingv1.NetworkPolicy](m) {
		if !selects(t, &policy.Spec.PodSelector, to) {
			continue
		}
		isolated = true
		for _, rule := range policy.Spec.Ingress {
			if opens(rule, port) && admits(t, rule, from) {
				return true
			}
		}
	}
	return !isolated
}

func opens(rule networkingv1.NetworkPolicyIngressRule, port int32) bool {
	for _, p := range rule.Ports {
		if p.Port.IntVal == port {
			return true
		}
	}
	return len(rule.Ports) == 0
}

func admits(t *testing.T, rule networkingv1.NetworkPolicyIngressRule, from caller) bool {
	t.Helper()
	for _, peer := range rule.From {
		if peer.NamespaceSelector == nil && peer.PodSelector != nil && selects(t, peer.PodSelector, from) {
			return true
		}
	}
	return len(rule.From) == 0
}

func TestOnlyControllersReachBoltOfADatabaseAndOnlyDatabasesItsReplication(t *testing.T) {
	for _, values := range []string{"default", "existing", "everything"} {
		t.Run(values, func(t *testing.T) {
			m := render(t, "--values=testdata/values/"+values+".yaml")
			controller := m.controllerPod(t).Labels
			database := map[string]string{"app": "graph", "tier": "data"} // existing.yaml
			if pod, ok := m.databasePod(); ok {
				database = pod.Labels
			}
			stranger := caller{"app": "shop"}
			for port, allowed := range map[int32]map[string]bool{
				kube.BoltPort:        {"controller": true, "database": false, "stranger": false},
				kube.ReplicationPort: {"controller": false, "database": true, "stranger": false},
				22:                   {"controller": false, "database": false, "stranger": false},
			} {
				for who, labels := range map[string]caller{"controller": controller, "database": database, "stranger": stranger} {
					require.Equal(t, allowed[who], m.lets(t, labels, database, port), "%s to port %d", who, port)
				}
			}
		})
	}
}

func TestEverybodyReachesGatewaysAndStatusUntilThatIsNarrowed(t *testing.T) {
	open, narrow := render(t), render(t,
		"--set=networkPolicy.gatewayClients[0].podSelector.matchLabels.app=shop",
		"--set=networkPolicy.httpClients[0].podSelector.matchLabels.app=prometheus")
	controller := open.controllerPod(t).Labels
	shop, prometheus := caller{"app": "shop"}, caller{"app": "prometheus"}
	for _, port := range []int32{7687, 7688, kube.HTTPPort} {
		require.True(t, open.lets(t, shop, controller, port))
	}
	for _, port := range []int32{7687, 7688} {
		require.True(t, narrow.lets(t, shop, controller, port))
		require.False(t, narrow.lets(t, prometheus, controller, port))
	}
	require.True(t, narrow.lets(t, prometheus, controller, kube.HTTPPort))
	require.False(t, narrow.lets(t, shop, controller, kube.HTTPPort))
	require.True(t, narrow.lets(t, controller, controller, kube.HTTPPort), "controllers ask each other")
}

func TestWithoutNetworkPoliciesThereAreNone(t *testing.T) {
	require.Empty(t, all[*networkingv1.NetworkPolicy](render(t, "--set=networkPolicy.enabled=false")))
}

func TestTheAdminTokenIsLongAndNewEachTimeThereIsNoClusterToLookAt(t *testing.T) {
	token := func() string {
		secret := named[*corev1.Secret](t, render(t), release+"-admin-token")
		return string(secret.Data["token"])
	}
	first := token()
	require.Len(t, first, 40)
	require.NotEqual(t, first, token())
	require.Empty(t, all[*corev1.Secret](render(t, "--set=adminToken.existingSecret=mine")))
}

// Several pods on several nodes cannot mount a volume of ReadWriteOnce, and a pod that cannot
// start for that would be no place to restore to. And everybody who may query can read the
// files of a database's container: none of them opens the store.
func TestOnlyJobsReachTheStoreOfBackups(t *testing.T) {
	m := render(t, "--values=testdata/values/claim.yaml")
	pod, _ := m.databasePod()
	for _, spec := range []corev1.PodSpec{pod.Spec, m.controllerPod(t).Spec} {
		for _, v := range spec.Volumes {
			require.Nil(t, v.PersistentVolumeClaim, v.Name)
		}
	}
	require.Len(t, m.jobs(), 2)
	for _, job := range m.jobs() {
		require.Equal(t, "graph-backups", job.Spec.Template.Spec.Volumes[0].PersistentVolumeClaim.ClaimName)
	}
	account := named[*corev1.ServiceAccount](t, render(t, "--values=testdata/values/everything.yaml"), pod.Spec.ServiceAccountName)
	require.Empty(t, account.Annotations)
}

// A Job cannot be changed, and an upgrade would end there.
func TestAnotherBackupToRestoreIsAnotherJobAndRestartsNoDatabase(t *testing.T) {
	args := []string{"--set=backup.store.claim=c", "--set=restore.backup=latest"}
	first, same := render(t, args...), render(t, append(args, "--set=memgraph.replicas=5")...)
	name := all[*batchv1.Job](first)[0].Name
	require.Equal(t, name, all[*batchv1.Job](same)[0].Name)
	for _, change := range []string{"--set=restore.backup=20260304T050607Z-db.graph-2", "--set=image.tag=9.9.9", "--set=backup.store.prefix=other", "--set=backup.podLabels.a=b"} {
		other := render(t, append(args, change)...)
		require.NotEqual(t, name, all[*batchv1.Job](other)[0].Name, change)
		if change != "--set=image.tag=9.9.9" {
			require.Equal(t, all[*appsv1.StatefulSet](first)[0].Spec, all[*appsv1.StatefulSet](other)[0].Spec, change)
		}
	}
}

// They ask a controller, also where others may not.
func TestTheJobsReachTheControllers(t *testing.T) {
	for _, enabled := range []string{"backup.enabled=true", "restore.backup=latest"} {
		m := render(t, "--set="+enabled, "--set=backup.store.claim=c", "--set=networkPolicy.httpClients[0].podSelector.matchLabels.app=prometheus")
		require.Len(t, m.jobs(), 1)
		require.True(t, m.lets(t, m.jobs()[0].Spec.Template.Labels, m.controllerPod(t).Labels, kube.HTTPPort), enabled)
	}
}

// The environment of each container names only Secrets that the values name.
func TestCredentialsComeFromSecretsAlone(t *testing.T) {
	m := render(t, "--values=testdata/values/everything.yaml")
	want := map[string]corev1.SecretKeySelector{
		"MEMGRAPH_USER":     secretKey("graph-user", "name"),
		"MEMGRAPH_PASSWORD": secretKey("graph-user", "secret"),
	}
	pod, _ := m.databasePod()
	require.Equal(t, want, secrets(pod.Spec.Containers[0]))
	require.Empty(t, secrets(pod.Spec.InitContainers[0]), "also where a backup is restored")
	require.Len(t, m.jobs(), 2)
	for _, job := range m.jobs() {
		require.Equal(t, map[string]corev1.SecretKeySelector{
			"AWS_ACCESS_KEY_ID": secretKey("graph-s3", "id"), "AWS_SECRET_ACCESS_KEY": secretKey("graph-s3", "key"),
		}, secrets(job.Spec.Template.Spec.Containers[0]))
	}
	want["MEMGRAPH_CONTROLLER_TOKEN"] = secretKey("graph-admin", "admin")
	require.Equal(t, want, secrets(m.controllerPod(t).Spec.Containers[0]))
}

func secretKey(secret, key string) corev1.SecretKeySelector {
	return corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: secret}, Key: key}
}

func secrets(c corev1.Container) map[string]corev1.SecretKeySelector {
	found := map[string]corev1.SecretKeySelector{}
	for _, v := range c.Env {
		if v.ValueFrom != nil && v.ValueFrom.SecretKeyRef != nil {
			found[v.Name] = *v.ValueFrom.SecretKeyRef
		}
	}
	return found
}
