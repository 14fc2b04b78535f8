package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller"
	"memgraph-controller/controller/topology"
)

func record(epoch uint64) topology.Record {
	return topology.Record{Format: topology.Format, Epoch: epoch, Gate: topology.GateClosed, Reason: fmt.Sprintf("epoch %d", epoch)}
}

// opened is a store in a directory of its own, and the path of its file.
func opened(t *testing.T) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := OpenStore(dir)
	require.NoError(t, err)
	t.Cleanup(store.Close)
	return store, filepath.Join(dir, "record.json")
}

func TestSavedRecordIsLoadedWithItsVersion(t *testing.T) {
	store, path := opened(t)
	_, _, err := store.Load(t.Context())
	require.ErrorIs(t, err, controller.ErrNoRecord)
	first, err := store.Save(t.Context(), record(1), "")
	require.NoError(t, err)
	require.Len(t, store.Changes(), 1)
	second, err := store.Save(t.Context(), record(2), first)
	require.NoError(t, err)
	require.NotEqual(t, first, second)

	store.Close()
	again, err := OpenStore(filepath.Dir(path))
	require.NoError(t, err)
	defer again.Close()
	loaded, version, err := again.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, record(2), loaded)
	require.Equal(t, second, version)
	backup, err := os.ReadFile(path + ".bak")
	require.NoError(t, err)
	kept, err := topology.Decode(backup)
	require.NoError(t, err)
	require.Equal(t, record(1), kept)
	require.NoFileExists(t, path+".tmp")
}

func TestOnlyTheVersionThatIsStoredCanBeReplaced(t *testing.T) {
	store, _ := opened(t)
	_, err := store.Save(t.Context(), record(1), "0123")
	require.ErrorIs(t, err, controller.ErrConflict)
	first, err := store.Save(t.Context(), record(1), "")
	require.NoError(t, err)
	_, err = store.Save(t.Context(), record(2), "")
	require.ErrorIs(t, err, controller.ErrConflict)
	_, err = store.Save(t.Context(), record(2), first)
	require.NoError(t, err)
	_, err = store.Save(t.Context(), record(3), first)
	require.ErrorIs(t, err, controller.ErrConflict)
	loaded, _, err := store.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, record(2), loaded)
}

// TestWritersInSeveralProcessesNeverOverwriteEachOther uses stores that share
// nothing but the file, as processes would: flock keeps them apart all the same.
func TestWritersInSeveralProcessesNeverOverwriteEachOther(t *testing.T) {
	first, path := opened(t)
	second, err := OpenStore(filepath.Dir(path))
	require.NoError(t, err)
	defer second.Close()
	_, err = first.Save(t.Context(), record(0), "")
	require.NoError(t, err)
	var saved atomic.Uint64
	var writers sync.WaitGroup
	for n := range 4 {
		store := []*Store{first, second}[n%2]
		writers.Go(func() {
			for range 15 {
				current, version, err := store.Load(t.Context())
				if err != nil {
					t.Errorf("load: %v", err)
					return
				}
				switch _, err := store.Save(t.Context(), record(current.Epoch+1), version); {
				case err == nil:
					saved.Add(1)
				case errors.Is(err, controller.ErrConflict):
				default:
					t.Errorf("save: %v", err)
				}
			}
		})
	}
	writers.Wait()
	last, _, err := first.Load(t.Context())
	require.NoError(t, err)
	require.NotZero(t, last.Epoch)
	require.Equal(t, saved.Load(), last.Epoch)
}

func TestRecordThatCannotBeUnderstoodStopsEverythingAndIsKept(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"empty":          {"", "it is empty"},
		"truncated":      {`{"format": 1, "epoch": 7, "ga`, "it ends in the middle"},
		"unknown field":  {`{"format": 1, "gate": "open", "boss": "me"}`, `unknown field "boss"`},
		"unknown gate":   {`{"format": 1, "gate": "ajar"}`, `"gate": "ajar"`},
		"of the future":  {`{"format": 2, "gate": "open"}`, "newer program"},
		"far too large":  {strings.Repeat(" ", topology.MaxEncoded) + "{}", "limit"},
		"two in one":     {`{"format": 1, "gate": "open"}{}`, "more after the end"},
		"binary rubbish": {"\x7fELF\xff\xfe", "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := opened(t)
			first, err := store.Save(t.Context(), record(1), "")
			require.NoError(t, err)
			second, err := store.Save(t.Context(), record(2), first)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o644))

			_, _, err = store.Load(t.Context())
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "nothing is overwritten")
			require.ErrorContains(t, err, "copy record.json.bak over it")
			require.NotErrorIs(t, err, controller.ErrNoRecord)
			for _, version := range []string{"", first, second} {
				_, err = store.Save(t.Context(), record(3), version)
				require.ErrorIs(t, err, controller.ErrConflict)
			}
			kept, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, c.text, string(kept))
		})
	}
}

func TestRecordThatWasMovedAwayIsNoRecordAndTheBackupIsNotUsed(t *testing.T) {
	store, path := opened(t)
	version, err := store.Save(t.Context(), record(1), "")
	require.NoError(t, err)
	_, err = store.Save(t.Context(), record(2), version)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	_, _, err = store.Load(t.Context())
	require.ErrorIs(t, err, controller.ErrNoRecord)
}

func TestFileThatCannotBeReadIsNotTakenForNoRecord(t *testing.T) {
	store, path := opened(t)
	require.NoError(t, os.Mkdir(path, 0o755))
	_, _, err := store.Load(t.Context())
	require.ErrorContains(t, err, path)
	require.ErrorContains(t, err, "nothing is decided")
	require.NotErrorIs(t, err, controller.ErrNoRecord)
	_, err = store.Save(t.Context(), record(1), "")
	require.ErrorContains(t, err, "what is stored is unchanged")
}

func TestFailedSaveLeavesTheRecordAsItWas(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, path string){
		"disk is full": func(t *testing.T, path string) { require.NoError(t, os.Symlink("/dev/full", path+".tmp")) },
		"not writable": func(t *testing.T, path string) { require.NoError(t, os.Mkdir(path+".tmp", 0o755)) },
		"backup in the way": func(t *testing.T, path string) {
			require.NoError(t, os.MkdirAll(filepath.Join(path+".bak", "full"), 0o755))
		},
		"lock in the way": func(t *testing.T, path string) {
			require.NoError(t, os.Remove(path+".lock"))
			require.NoError(t, os.Mkdir(path+".lock", 0o755))
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, path := opened(t)
			version, err := store.Save(t.Context(), record(1), "")
			require.NoError(t, err)
			spoil(t, path)
			_, err = store.Save(t.Context(), record(2), version)
			require.ErrorContains(t, err, "save the topology record: ")
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "what is stored is unchanged")
			loaded, same, err := store.Load(t.Context())
			require.NoError(t, err)
			require.Equal(t, record(1), loaded)
			require.Equal(t, version, same)
			leftover, err := os.Stat(path + ".tmp")
			require.True(t, err != nil || leftover.IsDir(), "a half-written file was left")
		})
	}
}

func TestRecordThatCouldNotBeReadAgainIsNotWritten(t *testing.T) {
	store, path := opened(t)
	_, err := store.Save(t.Context(), topology.Record{Format: topology.Format, Gate: "ajar"}, "")
	require.ErrorContains(t, err, "ajar")
	require.NoFileExists(t, path)
}

func TestNothingIsSavedForACallerWhoseTimeIsUp(t *testing.T) {
	store, path := opened(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a select that could go both ways goes both ways
		_, err := store.Save(ctx, record(1), "")
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoFileExists(t, path)
}

func TestSaveWaitsForALockOnlyAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, path := opened(t)
		other, err := tryLock(path + ".lock")
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = store.Save(ctx, record(1), "")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "locked by another process")
		time.AfterFunc(time.Second, other.unlock)
		_, err = store.Save(t.Context(), record(1), "")
		require.NoError(t, err)
	})
}

func TestChangesBySomebodyElseAreNoticedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, path := opened(t)
		quiet := func() {
			time.Sleep(5 * editNotice)
			synctest.Wait()
			require.Empty(t, store.Changes())
		}
		noticed := func() {
			time.Sleep(editNotice)
			synctest.Wait()
			require.Len(t, store.Changes(), 1)
			<-store.Changes()
			quiet()
		}
		quiet()
		require.NoError(t, os.WriteFile(path, []byte("a"), 0o644))
		noticed()
		require.NoError(t, os.WriteFile(path, []byte("b"), 0o644)) // same size, same second
		noticed()
		require.NoError(t, os.Remove(path))
		noticed()
		require.NoError(t, os.Mkdir(path, 0o755))
		noticed()
		require.NoError(t, os.Remove(path))
		noticed()
		_, err := store.Save(t.Context(), record(1), "")
		require.NoError(t, err)
		<-store.Changes()
		quiet()
	})
}
