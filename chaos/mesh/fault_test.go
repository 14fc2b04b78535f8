package mesh

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic/fake"
	kubefake "k8s.io/client-go/kubernetes/fake"
)

// inMemory is a Mesh without Chaos Mesh: tests say what it would say.
func inMemory(pods ...runtime.Object) Mesh {
	lists := map[schema.GroupVersionResource]string{}
	for _, kind := range kinds() {
		resource := schema.GroupVersionResource{Group: "chaos-mesh.org", Version: "v1alpha1", Resource: strings.ToLower(kind)}
		lists[resource] = kind + "List"
	}
	return Mesh{
		Objects:   fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists),
		Core:      kubefake.NewClientset(pods...),
		Namespace: namespace,
	}
}

// say has Chaos Mesh say how far a fault is: a condition, and a record each for some
// pods.
func say(t *testing.T, f *Fault, condition string, records ...map[string]any) {
	t.Helper()
	object, err := f.objects().Get(t.Context(), f.objectName(), metav1.GetOptions{})
	require.NoError(t, err)
	list := []any{}
	for _, r := range records {
		list = append(list, r)
	}
	object.Object["status"] = map[string]any{
		"conditions": []any{map[string]any{"type": "Selected", "status": "True"}, map[string]any{"type": condition, "status": "True"}},
		"experiment": map[string]any{"containerRecords": list},
	}
	require.Empty(t, violations(t, withCounts(object)), "the test says what Chaos Mesh would not")
	_, err = f.objects().Update(t.Context(), object, metav1.UpdateOptions{})
	require.NoError(t, err)
}

// withCounts adds what the schema wants in each record and nobody reads.
func withCounts(object *unstructured.Unstructured) *unstructured.Unstructured {
	object = object.DeepCopy()
	records, _, _ := unstructured.NestedSlice(object.Object, "status", "experiment", "containerRecords")
	for _, r := range records {
		r := r.(map[string]any)
		r["injectedCount"], r["recoveredCount"], r["selectorKey"] = int64(0), int64(0), "."
	}
	_ = unstructured.SetNestedSlice(object.Object, records, "status", "experiment", "containerRecords")
	return object
}

func recordOf(id, phase string) map[string]any { return map[string]any{"id": id, "phase": phase} }

func TestAFaultActsOnceChaosMeshSaysSoOfEveryPodThatItNames(t *testing.T) {
	f := inMemory().Partition("cut", Named(main), Both, to(voter))
	require.NoError(t, f.Prepare(t.Context()))
	require.ErrorContains(t, f.Injected(t.Context()), "not found")
	require.NoError(t, f.Inject(t.Context()))
	require.ErrorContains(t, f.Injected(t.Context()), "it has found no pod yet")

	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0", "Injected"))
	require.EqualError(t, f.Injected(t.Context()), `not injected: NetworkChaos "cut": Chaos Mesh skipped pod memgraph-1`)
	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0", "Injected"), recordOf("memgraph/memgraph-10", "Injected"))
	require.ErrorContains(t, f.Injected(t.Context()), "skipped pod memgraph-1")
	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0", "Injected"), recordOf("memgraph/memgraph-1", "Injected"))
	require.NoError(t, f.Injected(t.Context()))
}

func TestWhatChaosMeshFailsAtIsTold(t *testing.T) {
	f := inMemory().SlowSync("slow", Volume{Named(main), container, "/var/lib/memgraph"}, time.Second)
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
	failed := recordOf("memgraph/memgraph-0/memgraph", "Not Injected")
	failed["events"] = []any{map[string]any{"operation": "Apply", "type": "Failed", "message": "no toda", "timestamp": "2026-11-25T10:00:00Z"}}
	say(t, f, "Paused", failed)
	require.ErrorContains(t, f.Injected(t.Context()), "memgraph/memgraph-0/memgraph Not Injected (Apply: no toda)")
}

func TestAFaultIsHealedOnceItsObjectIsGone(t *testing.T) {
	f := inMemory().FullDisk("full", Volume{Named(main), container, "/var/lib/memgraph"})
	require.NoError(t, f.Heal(t.Context()), "before it is prepared")
	require.NoError(t, f.Healed(t.Context()))
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
	require.ErrorContains(t, f.Healed(t.Context()), "has not taken it back")
	say(t, f, "AllRecovered", recordOf("memgraph/memgraph-0/memgraph", "Not Injected"))
	require.ErrorContains(t, f.Healed(t.Context()), "its object is still there")
	require.NoError(t, f.Heal(t.Context()))
	require.NoError(t, f.Healed(t.Context()))
	require.NoError(t, f.Heal(t.Context()), "again")
}

func TestWhatAnEarlierRoundLeftIsTakenBackBeforeTheNext(t *testing.T) {
	m := inMemory()
	left, f := m.Loss("loss", Named(main), Peer{}, 30), m.Loss("loss", Named(main), Peer{}, 30)
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, left.Prepare(t.Context()))
	require.NoError(t, left.Inject(t.Context()))
	require.ErrorContains(t, f.Inject(t.Context()), "already exists")
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
}

func TestAFaultHitsWhoeverItsPodsAreWhenItIsPrepared(t *testing.T) {
	who := []string{main}
	f := inMemory().PodFailure("failure", Found(func(context.Context) ([]string, error) { return who, nil }))
	for _, who = range [][]string{{main}, {voter}} {
		require.NoError(t, f.Prepare(t.Context()))
		require.NoError(t, f.Inject(t.Context()))
		object, err := f.objects().Get(t.Context(), f.objectName(), metav1.GetOptions{})
		require.NoError(t, err)
		pods, _, err := unstructured.NestedStringSlice(object.Object, "spec", "selector", "pods", namespace)
		require.NoError(t, err)
		require.Equal(t, who, pods)
	}
	who = nil
	require.ErrorContains(t, f.Prepare(t.Context()), "there is no such pod", "and not the whole namespace")
}

// pod is one that runs its container.
func pod(name, uid, containerID string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace, UID: types.UID(uid)},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: container, ContainerID: containerID, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}},
	}
}

// become is what the cluster makes of a pod after a kill.
func become(t *testing.T, m Mesh, now *corev1.Pod) {
	t.Helper()
	_, err := m.Core.CoreV1().Pods(namespace).Update(t.Context(), now, metav1.UpdateOptions{})
	require.NoError(t, err)
}

func TestAContainerKillCountsOnceItsContainerHasEnded(t *testing.T) {
	m := inMemory(pod(main, "a", "1"))
	f := m.ContainerKill("kill", Named(main), container)
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0/memgraph", "Injected"))
	require.ErrorContains(t, f.Injected(t.Context()), "pod memgraph-0: container memgraph still runs")
	become(t, m, pod(main, "a", "2"))
	require.NoError(t, f.Injected(t.Context()))
	become(t, m, pod(main, "b", "3"))
	require.ErrorContains(t, f.Injected(t.Context()), "it was replaced, not its container alone")
}

func TestAPodKillCountsOnceThePodIsAnother(t *testing.T) {
	m := inMemory(pod(main, "a", "1"))
	f := m.PodKill("kill", Named(main))
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0", "Injected"))
	require.ErrorContains(t, f.Injected(t.Context()), "it is still there")
	become(t, m, pod(main, "b", "2"))
	require.NoError(t, f.Injected(t.Context()))
	require.NoError(t, m.Core.CoreV1().Pods(namespace).Delete(t.Context(), main, metav1.DeleteOptions{}))
	require.NoError(t, f.Injected(t.Context()))
}

func TestAKillOfAPodThatWasNotThereProvesNothing(t *testing.T) {
	f := inMemory().PodKill("kill", Named(main))
	require.NoError(t, f.Prepare(t.Context()))
	require.NoError(t, f.Inject(t.Context()))
	say(t, f, "AllInjected", recordOf("memgraph/memgraph-0", "Injected"))
	require.ErrorContains(t, f.Injected(t.Context()), "was not there before it")
}

func TestTheAPIServerIsCutOffByTheAddressesOfItsService(t *testing.T) {
	m := inMemory(&corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "kubernetes", Namespace: "default"},
		Spec:       corev1.ServiceSpec{ClusterIPs: []string{"10.96.0.1", "fd00::1"}},
	})
	peer, err := m.APIServer(t.Context())
	require.NoError(t, err)
	require.Equal(t, Peer{Addresses: []string{"10.96.0.1", "fd00::1"}}, peer)
}
