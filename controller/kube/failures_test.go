package kube

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nth is the n-th container of memgraph-1's pod: it runs.
func nth(n int, options ...podOption) *corev1.Pod {
	pod := newPod("memgraph-1", "uid-1", append([]podOption{ip("10.0.0.2"), runs}, options...)...)
	pod.Status.ContainerStatuses[1].ContainerID = fmt.Sprintf("containerd://%012d", n)
	return pod
}

// nthEnded is the same when it has just ended.
func nthEnded(n int, started time.Time, options ...podOption) *corev1.Pod {
	end := ended(fmt.Sprintf("containerd://%012d", n))
	end.Terminated.StartedAt, end.Terminated.FinishedAt = metav1.NewTime(started), metav1.Now()
	return newPod("memgraph-1", "uid-1", append([]podOption{ip("10.0.0.2"), container(end, corev1.ContainerState{})}, options...)...)
}

// live lets the n-th container run for a while and end.
func live(s *server, n int, lifetime time.Duration, options ...podOption) {
	started := time.Now()
	s.put(nth(n))
	time.Sleep(lifetime)
	s.put(nthEnded(n, started, options...))
	synctest.Wait()
}

func TestStartsThatDoNotHoldAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		time.Sleep(settled)
		for n := range 3 {
			live(s, n, time.Second)
		}
		require.Equal(t, 3, find(t, fleet, "memgraph-1").Failures)
		require.Zero(t, find(t, fleet, "memgraph-0").Failures)
		live(s, 3, settled)
		require.Zero(t, find(t, fleet, "memgraph-1").Failures, "one that held ends the row")
	})
}

func TestStartWhoseEndWasMissedIsCountedToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		time.Sleep(settled)
		s.put(nth(1))
		time.Sleep(time.Second)
		s.put(nth(2))
		require.Equal(t, 1, find(t, fleet, "memgraph-1").Failures)
	})
}

func TestStartThatWasEndedOnPurposeIsNotCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		time.Sleep(settled)
		live(s, 1, time.Second, deleted)
		require.Zero(t, find(t, fleet, "memgraph-1").Failures)
	})
}

func TestEmptyInstanceThatFailsIsNotCountedUntilAStartHasHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		fleet := runFleet(t, s)
		time.Sleep(settled)
		live(s, 1, time.Second)
		s.put(nth(2))
		synctest.Wait()
		require.NoError(t, fleet.Reseed(t.Context(), "memgraph-1", "diverged"))
		live(s, 3, time.Second)
		require.Zero(t, find(t, fleet, "memgraph-1").Failures)
		live(s, 4, settled)
		live(s, 5, time.Second)
		require.Equal(t, 1, find(t, fleet, "memgraph-1").Failures)
	})
}
