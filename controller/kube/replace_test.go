package kube

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller/kube/prestart"
	"memgraph-controller/controller/topology"
)

// deletes makes the deletion of pods answer err and keeps the options of each.
func deletes(s *server, err *error) *[]metav1.DeleteOptions {
	var options []metav1.DeleteOptions
	s.PrependReactor("delete", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		options = append(options, action.(clienttesting.DeleteActionImpl).DeleteOptions)
		return true, nil, *err
	})
	return &options
}

// orderFor is the order that an instance would find.
func orderFor(t *testing.T, s *server, instance string) *prestart.Order {
	t.Helper()
	order, _, err := NewOrderBook(s, config()).Pending(t.Context(), instance)
	require.NoError(t, err)
	return order
}

func TestReseedLeavesAnOrderAndDeletesThisVeryPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		var accepted error
		options := deletes(s, &accepted)
		fleet := runFleet(t, s)
		require.NoError(t, fleet.Reseed(t.Context(), "memgraph-1", "it diverged"))

		order := orderFor(t, s, "memgraph-1")
		require.Equal(t, prestart.Reseed, order.Do)
		require.Equal(t, "uid-1", order.Pod)
		require.Equal(t, "aaaaaaaaaaaa-uid-1", order.Process)
		require.Equal(t, "it diverged", order.Reason)
		require.Len(t, *options, 1)
		require.EqualValues(t, 1, *(*options)[0].GracePeriodSeconds, "with 0 a successor could start beside it")
		require.EqualValues(t, "uid-1", *(*options)[0].Preconditions.UID)
		require.True(t, find(t, fleet, "memgraph-1").Terminating, "at once, not when the watch tells")
		require.Nil(t, orderFor(t, s, "memgraph-0"))
	})
}

func TestOrderIsStoredBeforeThePodIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		var accepted error
		options := deletes(s, &accepted)
		fleet := runFleet(t, s)
		s.PrependReactor("*", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, errDown })
		err := fleet.Restart(t.Context(), "memgraph-1")
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "restart memgraph-1: write the order to ConfigMap graph/memgraph-orders")
		require.Empty(t, *options)
		require.False(t, find(t, fleet, "memgraph-1").Terminating)
	})
}

func TestAskingAgainWhileThePodEndsCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		var answer error
		options := deletes(s, &answer)
		fleet := runFleet(t, s)
		answer = errDown
		require.ErrorIs(t, fleet.Restart(t.Context(), "memgraph-1"), errDown)
		answer = nil
		require.ErrorIs(t, fleet.Restart(t.Context(), "memgraph-1"), errDown, "but not at once")
		time.Sleep(attemptAgain)
		require.NoError(t, fleet.Restart(t.Context(), "memgraph-1"), "what failed is tried again")
		s.ClearActions()
		for range 100 {
			require.NoError(t, fleet.Restart(t.Context(), "memgraph-1"))
			time.Sleep(50 * time.Millisecond)
		}
		require.Zero(t, s.requests("*", "configmaps"))
		require.Len(t, *options, 2)

		require.NoError(t, fleet.Reseed(t.Context(), "memgraph-1", "r"), "another order is another matter")
		require.Equal(t, prestart.Reseed, orderFor(t, s, "memgraph-1").Do)

		s.put(newPod("memgraph-1", "uid-new", ip("10.0.0.9"), runs))
		synctest.Wait()
		require.NoError(t, fleet.Restart(t.Context(), "memgraph-1"), "and so is another pod")
		require.Equal(t, "uid-new", orderFor(t, s, "memgraph-1").Pod)
		require.Len(t, *options, 4)
	})
}

func TestPodThatIsGoneAlreadyIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		gone := error(apierrors.NewNotFound(corev1.Resource("pods"), "memgraph-1"))
		deletes(s, &gone)
		require.NoError(t, runFleet(t, s).Restart(t.Context(), "memgraph-1"))
	})
}

func TestPodThatWasReplacedMeanwhileIsSpared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()...)
		replaced := error(apierrors.NewConflict(corev1.Resource("pods"), "memgraph-1", errors.New("the UID in the precondition is not that of the object")))
		deletes(s, &replaced)
		require.ErrorContains(t, runFleet(t, s).Restart(t.Context(), "memgraph-1"), "its pod was replaced meanwhile")
	})
}

func TestWhatDoesNotRunCannotBeRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(three()[:3]...)
		fleet := runFleet(t, s)
		require.ErrorContains(t, fleet.Restart(t.Context(), "memgraph-2"), "restart memgraph-2: it has no pod")
		require.ErrorContains(t, fleet.Reseed(t.Context(), "memgraph-9", ""), "reseed memgraph-9: it has no pod")
		s.remove(three()[2])
		s.put(newPod("memgraph-1", "uid-new", initializes))
		synctest.Wait()
		require.ErrorContains(t, fleet.Restart(t.Context(), "memgraph-1"), "has not started it yet")
		require.Zero(t, s.requests("*", "configmaps"))
	})
}

func TestCrashLoopingInstanceCanBeReseeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(append(three()[:2], newPod("memgraph-1", "uid-1", crashLoops))...)
		require.NoError(t, runFleet(t, s).Reseed(t.Context(), "memgraph-1", "r"))
		require.Equal(t, "aaaaaaaaaaaa-uid-1", orderFor(t, s, "memgraph-1").Process)
	})
}

func TestOrdersOfSeveralWritersAreAllKept(t *testing.T) {
	s := newServer()
	interfere := true
	s.PrependReactor("update", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		if interfere { // somebody else was faster
			interfere = false
			stored, _ := s.Tracker().Get(resourceOf(&corev1.ConfigMap{}), namespace, "memgraph-orders")
			other := stored.(*corev1.ConfigMap).DeepCopy()
			other.Data["memgraph-2"] = other.Data["memgraph-0"]
			s.put(other)
		}
		return false, nil, nil
	})
	book := NewOrderBook(s, config())
	order := prestart.Order{Do: prestart.Restart, Pod: "p", Process: "q"}
	require.NoError(t, book.put(t.Context(), "memgraph-0", order))
	require.NoError(t, book.put(t.Context(), "memgraph-1", order))
	for _, instance := range []string{"memgraph-0", "memgraph-1", "memgraph-2"} {
		require.NotNil(t, orderFor(t, s, instance), instance)
	}
}

func TestPendingOrderComesWithTheRecordInForce(t *testing.T) {
	s := newServer()
	book := NewOrderBook(s, config())
	order, _, err := book.Pending(t.Context(), "memgraph-0")
	require.NoError(t, err)
	require.Nil(t, order)

	require.NoError(t, book.put(t.Context(), "memgraph-0", prestart.Order{Do: prestart.Restart, Pod: "p", Process: "q"}))
	order, record, err := book.Pending(t.Context(), "memgraph-0")
	require.NoError(t, err)
	require.NotNil(t, order)
	require.Equal(t, topology.Record{}, record)

	saved := topology.Record{Format: topology.Format, Epoch: 3, Gate: topology.GateClosed}
	_, err = NewStore(s, config(), nil).Save(t.Context(), saved, "")
	require.NoError(t, err)
	_, record, err = book.Pending(t.Context(), "memgraph-0")
	require.NoError(t, err)
	require.Equal(t, saved, record)

	s.put(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "memgraph-topology"}, Data: map[string]string{recordKey: "nonsense"}})
	_, _, err = book.Pending(t.Context(), "memgraph-0")
	require.ErrorContains(t, err, "cannot be understood", "no order is carried out that no record allows")

	s.put(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "memgraph-orders"}, Data: map[string]string{"memgraph-0": "{}"}})
	_, _, err = book.Pending(t.Context(), "memgraph-0")
	require.ErrorContains(t, err, "key memgraph-0 of ConfigMap graph/memgraph-orders")
}
