package kube

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// gated is a cluster with somebody who keeps its readiness gates.
func gated(t *testing.T) (*server, *Readiness) {
	t.Helper()
	s := newServer(three()...)
	readiness := NewReadiness(s, runFleet(t, s), slog.New(slog.DiscardHandler))
	background(t, readiness.Run)
	return s, readiness
}

func gateOf(t *testing.T, s *server, name string) corev1.PodCondition {
	t.Helper()
	synctest.Wait()
	pod, err := s.CoreV1().Pods(namespace).Get(t.Context(), name, metav1.GetOptions{})
	require.NoError(t, err)
	for _, c := range pod.Status.Conditions {
		if c.Type == ReadinessGate {
			return c
		}
	}
	return corev1.PodCondition{}
}

// reportFor reports the same of memgraph-1 again and again, as the control loop does.
func reportFor(d time.Duration, r *Readiness, inSync bool, why string) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r.Report("memgraph-1", inSync, why)
	}
}

func TestReadinessIsPatchedWhenItChangesOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, readiness := gated(t)
		reportFor(time.Minute, readiness, true, "behind 0")
		require.Equal(t, 1, s.requests("patch", "pods/status"))
		first := gateOf(t, s, "memgraph-1")
		require.Equal(t, corev1.ConditionTrue, first.Status)
		require.Equal(t, "InSync", first.Reason)
		require.Equal(t, "behind 0", first.Message)
		require.Equal(t, corev1.PodCondition{}, gateOf(t, s, "memgraph-0"))

		reportFor(time.Second, readiness, false, "it lags")
		require.Equal(t, 2, s.requests("patch", "pods/status"), "a change of the status is told at once")
		second := gateOf(t, s, "memgraph-1")
		require.Equal(t, corev1.ConditionFalse, second.Status)
		require.Equal(t, "NotInSync", second.Reason)
		require.True(t, second.LastTransitionTime.After(first.LastTransitionTime.Time))
	})
}

func TestChangingReasonsAreToldSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, readiness := gated(t)
		for n := range 60 {
			reportFor(time.Second, readiness, false, time.Duration(n).String())
		}
		require.LessOrEqual(t, s.requests("patch", "pods/status"), 7)
		require.GreaterOrEqual(t, s.requests("patch", "pods/status"), 5, "but they are told")
		require.WithinDuration(t, time.Now().Add(-time.Minute), gateOf(t, s, "memgraph-1").LastTransitionTime.Time, 2*time.Second,
			"another reason is no transition")
	})
}

func TestSuccessorOfAPodIsToldAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, readiness := gated(t)
		reportFor(time.Second, readiness, true, "in sync")
		s.remove(three()[2])
		synctest.Wait()
		readiness.Report("memgraph-1", true, "in sync") // there is nobody to tell
		s.put(newPod("memgraph-1", "uid-new", runs))
		synctest.Wait()
		readiness.Report("memgraph-1", true, "in sync")
		require.Equal(t, corev1.ConditionTrue, gateOf(t, s, "memgraph-1").Status)
		require.Equal(t, 2, s.requests("patch", "pods/status"))
	})
}

func TestPatchNamesThePodThatItIsMeantFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, readiness := gated(t)
		var body []byte
		s.PrependReactor("patch", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
			body = action.(clienttesting.PatchActionImpl).GetPatch()
			return false, nil, nil
		})
		readiness.Report("memgraph-1", true, "in sync")
		synctest.Wait()
		require.Contains(t, string(body), `"metadata":{"uid":"uid-1"}`)
	})
}

func TestFailedPatchIsRepeatedWithoutHaste(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, readiness := gated(t)
		s.PrependReactor("patch", "pods", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errDown })
		reportFor(10*time.Second, readiness, true, "in sync")
		require.InDelta(t, 10, s.requests("patch", "pods/status"), 2)
	})
}

func TestReportNeverBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		readiness := NewReadiness(s, runFleet(t, s), slog.New(slog.DiscardHandler)) // nobody runs it
		for range 10 * gateQueue {
			readiness.Report("memgraph-1", true, "in sync")
			readiness.Report("memgraph-1", false, "not in sync")
		}
		background(t, readiness.Run)
		readiness.Report("memgraph-1", true, "in sync")
		require.Equal(t, corev1.ConditionTrue, gateOf(t, s, "memgraph-1").Status)
	})
}
