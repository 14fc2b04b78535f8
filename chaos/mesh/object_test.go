package mesh

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	namespace = "memgraph"
	main      = "memgraph-0"
	voter     = "memgraph-1"
	container = "memgraph"
)

func controllers() Pods {
	return Named("graph-controller-a", "graph-controller-b")
}

func to(pods ...string) Peer { return Peer{Pods: Named(pods...)} }

// everyFault is one of each kind of fault, in each shape that its object can have.
func everyFault(m Mesh) []*Fault {
	volume := Volume{Named(main), container, "/var/lib/memgraph"}
	server := Peer{Addresses: []string{"10.96.0.1"}}
	return []*Fault{
		m.PodKill("pod kill", Named(main)),
		m.ContainerKill("container kill", Named(main), container),
		m.PodFailure("pod failure", Named(main)),
		m.Partition("main and voter", Named(main), Both, to(voter)),
		m.Partition("main to controllers", Named(main), Outbound, Peer{Pods: controllers()}),
		m.Partition("main from everybody", Named(main), Inbound, Peer{}),
		m.Partition("controllers and API server", controllers(), Both, server),
		m.Delay("latency", Named(voter), to(main), 90*time.Second, 1500*time.Microsecond),
		m.Delay("latency to everybody", Named(voter), Peer{}, 100*time.Millisecond, 0),
		m.Loss("loss", Named(main), Peer{Pods: controllers()}, 12.5),
		m.SlowSync("slow fsync", volume, 1500*time.Millisecond),
		m.FullDisk("disk full", volume),
		m.ClockJump("clock jump", Named(main), container, -90*time.Minute),
	}
}

func objectOf(t *testing.T, f *Fault) *unstructured.Unstructured {
	t.Helper()
	require.NoError(t, f.find(t.Context()))
	return f.object
}

func TestEveryObjectIsAsTheDefinitionsOfChaosMeshHaveIt(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range everyFault(inMemory()) {
		object := objectOf(t, f)
		require.Empty(t, violations(t, object), f.Name())
		seen[object.GetKind()] = true
	}
	for _, kind := range kinds() {
		require.True(t, seen[kind], "%s has a schema and no fault", kind)
	}
}

// What the test above rests on.
func TestWhatTheDefinitionsDoNotKnowIsNoticed(t *testing.T) {
	m := inMemory()
	partition := func() *Fault { return m.Partition("cut", Named(main), Both, to(voter)) }
	for name, test := range map[string]struct {
		fault   *Fault
		path    []string
		value   any
		message string
	}{
		"an unknown field":         {partition(), []string{"spec", "targets"}, "x", "targets in body is a forbidden property"},
		"an unknown field inside":  {partition(), []string{"spec", "target", "selector", "pod"}, "x", "pod in body is a forbidden property"},
		"another action":           {partition(), []string{"spec", "action"}, "cut", "should be one of"},
		"another direction":        {partition(), []string{"spec", "direction"}, "sideways", "should be one of"},
		"two units in a latency":   {m.Delay("slow", Named(main), Peer{}, time.Second, 0), []string{"spec", "delay", "latency"}, "1m0s", "should match"},
		"text in place of numbers": {m.FullDisk("full", Volume{Pods: Named(main)}), []string{"spec", "errno"}, "ENOSPC", "must be of type integer"},
	} {
		object := objectOf(t, test.fault)
		require.NoError(t, unstructured.SetNestedField(object.Object, test.value, test.path...))
		found := violations(t, object)
		require.Len(t, found, 1, name)
		require.ErrorContains(t, found[0], test.message, name)
	}
	object := objectOf(t, partition())
	unstructured.RemoveNestedField(object.Object, "spec", "mode")
	require.ErrorContains(t, violations(t, object)[0], "mode in body is required")
}

func TestAPartitionNamesBothSides(t *testing.T) {
	spec := objectOf(t, inMemory().Partition("cut", Named(main), Inbound, Peer{Pods: controllers(), Addresses: []string{"10.96.0.1"}})).Object["spec"]
	require.Equal(t, map[string]any{
		"action": "partition", "mode": "all", "direction": "from", "duration": "15m0s",
		"selector": map[string]any{"pods": map[string]any{namespace: []any{main}}},
		"target": map[string]any{"mode": "all", "selector": map[string]any{
			"pods": map[string]any{namespace: []any{"graph-controller-a", "graph-controller-b"}},
		}},
		"externalTargets": []any{"10.96.0.1"},
	}, spec)
}

func TestAFullDiskFailsWhatNeedsSpaceAndNothingElse(t *testing.T) {
	spec := objectOf(t, inMemory().FullDisk("full", Volume{Named(main), container, "/var/lib/memgraph"})).Object["spec"].(map[string]any)
	require.EqualValues(t, 28, spec["errno"])
	require.Equal(t, "/var/lib/memgraph/**/*", spec["path"])
	require.NotContains(t, spec["methods"], "read")
	require.NotContains(t, spec["methods"], "unlink")
	require.NotContains(t, spec, "delay")
}

func TestOnlyKillsEndWithoutBeingHealed(t *testing.T) {
	for _, f := range everyFault(inMemory()) {
		spec := objectOf(t, f).Object["spec"].(map[string]any)
		if f.ends == nil {
			require.Equal(t, longest.String(), spec["duration"], f.Name())
		} else {
			require.NotContains(t, spec, "duration", f.Name())
		}
	}
}

func TestNamesOfFaultsBecomeNamesOfObjects(t *testing.T) {
	m := inMemory()
	require.Equal(t, "kill-9-of-the-main-x2", objectOf(t, m.PodKill("Kill -9 of the main (x2)", Named(main))).GetName())
	long := objectOf(t, m.PodKill("the controller's leader and the main on one node that goes away for good", Named(main))).GetName()
	require.LessOrEqual(t, len(long), 63)
	require.NotRegexp(t, "-$", long)
}
