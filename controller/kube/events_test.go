package kube

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func newEvents(t *testing.T, s *server) *Events {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	fleet := runFleet(t, s)
	return NewEvents(ctx, s, config(), "controller-0", fleet.StatefulSet, slog.New(slog.DiscardHandler))
}

func sentEvents(t *testing.T, s *server) []corev1.Event {
	t.Helper()
	time.Sleep(time.Second)
	synctest.Wait()
	list, err := s.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	return list.Items
}

func TestTransitionsBecomeEventsOfTheStatefulSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		events := newEvents(t, s)
		events.Warning("Failover", "main memgraph-0 is lost: memgraph-1 follows")
		time.Sleep(time.Millisecond) // their names are times
		events.Normal("Switchover", strings.Repeat("ä", 600))
		list := sentEvents(t, s)
		require.Len(t, list, 2)
		byReason := map[string]corev1.Event{list[0].Reason: list[0], list[1].Reason: list[1]}
		failover := byReason["Failover"]
		require.Equal(t, "Warning", failover.Type)
		require.Equal(t, "main memgraph-0 is lost: memgraph-1 follows", failover.Message)
		require.Equal(t, "StatefulSet", failover.InvolvedObject.Kind)
		require.Equal(t, "memgraph", failover.InvolvedObject.Name)
		require.EqualValues(t, "uid-set", failover.InvolvedObject.UID, "kubectl describe finds events by it")
		require.Equal(t, "controller-0", failover.Source.Host)
		long := byReason["Switchover"].Message
		require.LessOrEqual(t, len(long), noteLimit)
		require.True(t, utf8.ValidString(long) && strings.HasSuffix(long, " ..."))
	})
}

func TestRepeatedTransitionsBecomeOneEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		events := newEvents(t, s)
		for range 8 {
			events.Normal("Switchover", "again")
		}
		list := sentEvents(t, s)
		require.Len(t, list, 1)
		require.EqualValues(t, 8, list[0].Count)
	})
}

func TestFloodOfEventsIsCutOffAndBlocksNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		events := newEvents(t, s)
		for n := range 5000 {
			events.Normal("Flapping", time.Duration(n).String())
		}
		require.LessOrEqual(t, len(sentEvents(t, s)), 12)
		require.LessOrEqual(t, s.requests("create", "events")+s.requests("patch", "events"), 110)
	})
}

func TestOutageLosesNoEventOfAFailover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		events := newEvents(t, s)
		s.fail(errDown)
		events.Warning("Failover", "main is lost")
		time.Sleep(5 * time.Second)
		s.fail(nil)
		time.Sleep(time.Minute)
		require.Len(t, sentEvents(t, s), 1)
	})
}
