package kube

import (
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/controller/api"
)

func event(name, kind, about, reason string, at time.Time) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: name},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: about}, Type: corev1.EventTypeWarning, Reason: reason, Message: "text",
		LastTimestamp: metav1.NewTime(at), Count: 2,
	}
}

func runRecent(t *testing.T, s *server) *Recent {
	t.Helper()
	r := NewRecent(s, config(), slog.New(slog.DiscardHandler))
	background(t, r.Run)
	return r
}

func reasons(events []api.Event) (list []string) {
	for _, e := range events {
		list = append(list, e.Reason)
	}
	return list
}

func TestRecentEventsAreThoseAboutTheDatabases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		s := newServer(
			event("e5", "Pod", "memgraph-10", "Unhealthy", now.Add(-time.Minute)),
			event("e1", "StatefulSet", "memgraph", "FailoverBegun", now.Add(-time.Hour)),
			event("e2", "PersistentVolumeClaim", "storage-memgraph-1", "ProvisioningFailed", now.Add(-2*time.Minute)),
			event("x1", "Pod", "memgraph-controller-7d9-x", "Stranger", now), // a pod of another kind
			event("x2", "Pod", "memgraph-", "Stranger", now),
			event("x3", "StatefulSet", "memgraph-2", "Stranger", now),
			event("x4", "PersistentVolumeClaim", "storage-other-1", "Stranger", now),
			event("x5", "Deployment", "memgraph", "Stranger", now),
		)
		r := runRecent(t, s)
		synctest.Wait()
		require.Equal(t, []string{"FailoverBegun", "ProvisioningFailed", "Unhealthy"}, reasons(r.List()), "oldest first")
		require.Equal(t, api.Event{
			Time: now.Add(-time.Minute).Local(), Warning: true, Object: "Pod memgraph-10", Reason: "Unhealthy", Text: "text", Count: 2,
		}, r.List()[2])

		s.put(event("e6", "Pod", "memgraph-0", "Killing", now))
		synctest.Wait()
		require.Equal(t, []string{"FailoverBegun", "ProvisioningFailed", "Unhealthy", "Killing"}, reasons(r.List()))
	})
}

func TestOnlyTheNewestEventsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, now := newServer(), time.Now()
		for n := range 2 * recentKept {
			s.put(event(fmt.Sprint("e", n), "Pod", "memgraph-0", fmt.Sprint(n), now.Add(time.Duration(n)*time.Second)))
		}
		r := runRecent(t, s)
		synctest.Wait()
		list := reasons(r.List())
		require.Len(t, list, recentKept)
		require.Equal(t, fmt.Sprint(recentKept), list[0])
	})
}

func TestAnEventHappenedWhenItWasSeenLast(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }
	e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at(0))}}
	require.Equal(t, at(0), Happened(e))
	e.FirstTimestamp = metav1.NewTime(at(1))
	require.Equal(t, at(1), Happened(e))
	e.EventTime = metav1.NewMicroTime(at(2))
	require.Equal(t, at(2), Happened(e))
	e.LastTimestamp = metav1.NewTime(at(3))
	require.Equal(t, at(3), Happened(e))
	e.Series = &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(at(4))}
	require.Equal(t, at(4), Happened(e))
}
