package kube

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

func numbered(epoch uint64) topology.Record {
	return topology.Record{Format: topology.Format, Epoch: epoch, Gate: topology.GateClosed, Reason: fmt.Sprintf("epoch %d", epoch)}
}

func newStore(s *server) *Store { return NewStore(s, config(), slog.New(slog.DiscardHandler)) }

// stored is a ConfigMap with a record's text, as a person would write it.
func stored(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "memgraph-topology"}, Data: map[string]string{recordKey: text}}
}

func configMap(t *testing.T, s *server) *corev1.ConfigMap {
	t.Helper()
	m, err := s.CoreV1().ConfigMaps(namespace).Get(t.Context(), "memgraph-topology", metav1.GetOptions{})
	require.NoError(t, err)
	return m
}

func TestSavedRecordIsLoadedWithItsVersion(t *testing.T) {
	s := newServer()
	store := newStore(s)
	_, _, err := store.Load(t.Context())
	require.ErrorIs(t, err, controller.ErrNoRecord)
	first, err := store.Save(t.Context(), numbered(1), "")
	require.NoError(t, err)
	second, err := store.Save(t.Context(), numbered(2), first)
	require.NoError(t, err)
	require.NotEqual(t, first, second)

	loaded, version, err := newStore(s).Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, numbered(2), loaded)
	require.Equal(t, second, version)
	previous, err := topology.Decode([]byte(configMap(t, s).Data[previousKey]))
	require.NoError(t, err)
	require.Equal(t, numbered(1), previous)
}

func TestOnlyTheVersionThatIsStoredCanBeReplaced(t *testing.T) {
	s := newServer()
	mine, theirs := newStore(s), newStore(s)
	_, err := mine.Save(t.Context(), numbered(1), "77")
	require.ErrorIs(t, err, controller.ErrConflict, "there is none")
	first, err := mine.Save(t.Context(), numbered(1), "")
	require.NoError(t, err)
	_, err = theirs.Save(t.Context(), numbered(2), "")
	require.ErrorIs(t, err, controller.ErrConflict, "there is one by now")
	_, err = theirs.Save(t.Context(), numbered(2), first)
	require.NoError(t, err)
	_, err = mine.Save(t.Context(), numbered(3), first)
	require.ErrorIs(t, err, controller.ErrConflict, "somebody else was faster; what is remembered is too old")
	loaded, version, err := mine.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, numbered(2), loaded)
	_, err = mine.Save(t.Context(), numbered(3), first)
	require.ErrorIs(t, err, controller.ErrConflict, "though this controller has read the newer one")
	_, err = mine.Save(t.Context(), numbered(3), version)
	require.NoError(t, err)
}

func TestTwoWhoMakeTheFirstRecordAreToldApart(t *testing.T) {
	s := newServer()
	s.PrependReactor("create", "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) {
		s.put(stored("theirs"))
		return false, nil, nil
	})
	_, err := newStore(s).Save(t.Context(), numbered(1), "")
	require.ErrorIs(t, err, controller.ErrConflict)
	require.Equal(t, "theirs", configMap(t, s).Data[recordKey])
}

func TestWritersNeverOverwriteEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		_, err := newStore(s).Save(t.Context(), numbered(0), "")
		require.NoError(t, err)
		saved := make(chan struct{}, 1000)
		for range 4 {
			store := newStore(s)
			go func() {
				for range 25 {
					current, version, err := store.Load(t.Context())
					if err != nil {
						t.Errorf("load: %v", err)
					}
					_, err = store.Save(t.Context(), numbered(current.Epoch+1), version)
					if err == nil {
						saved <- struct{}{}
					} else if !errors.Is(err, controller.ErrConflict) {
						t.Errorf("save: %v", err)
					}
				}
			}()
		}
		synctest.Wait()
		last, _, err := newStore(s).Load(t.Context())
		require.NoError(t, err)
		require.NotZero(t, last.Epoch)
		require.EqualValues(t, len(saved), last.Epoch)
	})
}

func TestWhatOthersKeepInTheConfigMapStays(t *testing.T) {
	s := newServer()
	empty := stored("")
	empty.Data = nil
	empty.Labels = map[string]string{"team": "graph"}
	s.put(empty)
	store := newStore(s)
	_, _, err := store.Load(t.Context())
	require.ErrorIs(t, err, controller.ErrNoRecord, "a ConfigMap without the key holds no record")
	version, err := store.Save(t.Context(), numbered(1), "")
	require.NoError(t, err)
	edited := configMap(t, s)
	edited.Data["notes.txt"] = "do not touch"
	s.put(edited)
	_, err = store.Save(t.Context(), numbered(2), version)
	require.ErrorIs(t, err, controller.ErrConflict, "an edit by hand is a change")
	_, version, err = store.Load(t.Context())
	require.NoError(t, err)
	_, err = store.Save(t.Context(), numbered(2), version)
	require.NoError(t, err)
	require.Equal(t, "do not touch", configMap(t, s).Data["notes.txt"])
	require.Equal(t, map[string]string{"team": "graph"}, configMap(t, s).Labels)
}

func TestRecordThatCannotBeUnderstoodStopsEverythingAndIsKept(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":         {"", "it is empty"},
		"truncated":     {`{"format": 1, "epoch": 7, "ga`, "it ends in the middle"},
		"unknown field": {`{"format": 1, "gate": "open", "boss": "me"}`, `unknown field "boss"`},
		"newer program": {`{"format": 2, "throne": "memgraph-0"}`, "written by a newer program"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(stored(c.text))
			store := newStore(s)
			_, _, err := store.Load(t.Context())
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "key record.json of ConfigMap graph/memgraph-topology")
			require.ErrorContains(t, err, "kubectl -n graph edit configmap memgraph-topology")
			require.NotErrorIs(t, err, controller.ErrNoRecord)
			_, err = store.Save(t.Context(), numbered(1), "")
			require.ErrorIs(t, err, controller.ErrConflict)
			require.Equal(t, c.text, configMap(t, s).Data[recordKey])
		})
	}
}

func TestRecordThatVanishedIsAConflict(t *testing.T) {
	s := newServer()
	store := newStore(s)
	version, err := store.Save(t.Context(), numbered(1), "")
	require.NoError(t, err)
	s.remove(stored(""))
	_, err = store.Save(t.Context(), numbered(2), version)
	require.ErrorIs(t, err, controller.ErrConflict)
	_, _, err = store.Load(t.Context())
	require.ErrorIs(t, err, controller.ErrNoRecord)
}

func TestLoadNeverAnswersFromMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		store := newStore(s)
		background(t, store.Run)
		version, err := store.Save(t.Context(), numbered(1), "")
		require.NoError(t, err)
		s.fail(errDown)
		_, _, err = store.Load(t.Context())
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "ConfigMap graph/memgraph-topology")
		_, err = store.Save(t.Context(), numbered(2), version)
		require.ErrorIs(t, err, errDown)
		require.NotErrorIs(t, err, controller.ErrConflict)
	})
}

func TestRecordThatIsRefusedIsNotWritten(t *testing.T) {
	s := newServer()
	_, err := newStore(s).Save(t.Context(), topology.Record{}, "")
	require.ErrorContains(t, err, "format")
	require.Empty(t, s.Actions())
}

func TestEveryChangeOfTheRecordIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer()
		store := newStore(s)
		background(t, store.Run)
		quiet := func() {
			t.Helper()
			synctest.Wait()
			select {
			case <-store.Changes():
				require.Fail(t, "nothing changed")
			default:
			}
		}
		quiet()
		_, err := store.Save(t.Context(), numbered(1), "")
		require.NoError(t, err)
		<-store.Changes()
		quiet()
		s.put(stored("by hand"))
		<-store.Changes()
		other := stored("another matter")
		other.Name = "memgraph-orders"
		s.put(other)
		quiet()
		s.fail(nil) // the watch breaks, nothing changed
		time.Sleep(2 * watchRetry)
		quiet()
		s.fail(errDown)
		s.put(stored("while nobody could watch"))
		time.Sleep(time.Minute)
		quiet()
		s.fail(nil)
		<-store.Changes()
		synctest.Wait() // it watches again
		s.remove(stored(""))
		<-store.Changes()
	})
}
