package standin_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
)

func TestFaultsOverHTTP(t *testing.T) {
	var faults standin.Faults
	call := func(method, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		faults.ServeHTTP(w, httptest.NewRequest(method, "/", strings.NewReader(body)))
		return w
	}
	w := call(http.MethodPut, `{"replication": {"delay": "50ms", "drop": true}, "fsync": {"error": true}}`)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, standin.FaultSet{
		Replication: standin.ReplicationFaults{Delay: standin.Duration(50 * time.Millisecond), Drop: true},
		Fsync:       standin.FsyncFaults{Error: true},
	}, faults.Get())
	require.JSONEq(t, `{"freeze": false, "replication": {"delay": "50ms", "drop": true, "freeze": false},
		"fsync": {"delay": "0s", "freeze": false, "error": true}}`, call(http.MethodGet, "").Body.String())
	for _, bad := range []string{`{"replication": {"delay": 5}}`, `{"replication": {"delay": "soon"}}`, `{"frezee": true}`, `nothing`} {
		w := call(http.MethodPost, bad)
		require.Equal(t, http.StatusBadRequest, w.Code, bad)
		require.Contains(t, w.Body.String(), "faults: ")
	}
	require.Equal(t, http.StatusMethodNotAllowed, call(http.MethodDelete, "").Code)
	require.True(t, faults.Get().Fsync.Error, "bad requests change nothing")
	call(http.MethodPut, `{}`)
	require.Equal(t, standin.FaultSet{}, faults.Get())
}

func TestFaultDropIsASilentReplica(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.nodes["mg2"].Faults().Set(standin.FaultSet{Replication: standin.ReplicationFaults{Drop: true}})
		r := l.fails("mg1", create(1), transientError, syncFailed)
		require.Equal(t, 30*time.Second, r.took)
		l.nodes["mg2"].Faults().Set(standin.FaultSet{})
		l.settle()
		l.holds("mg2", 1)
	})
}

func TestFaultReplicationFreezeLeavesClientsAlone(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("ASYNC", "")
		l.nodes["mg2"].Faults().Set(standin.FaultSet{Replication: standin.ReplicationFaults{Freeze: true}})
		l.ok("mg1", create(1))
		require.Zero(t, l.ok("mg2", "RETURN 1").took)
		l.holds("mg2")
		l.nodes["mg2"].Faults().Set(standin.FaultSet{})
		l.settle()
		l.holds("mg2", 1)
	})
}

func TestFaultFreezeStopsTheWholeProcess(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		l.freeze("mg1", true)
		read := l.background("mg1", "SHOW REPLICATION ROLE")
		time.Sleep(time.Hour)
		require.Empty(t, read)
		l.freeze("mg1", false)
		require.NoError(t, (<-read).err)
	})
}

func TestFaultFsyncDelaysAndFreezesCommits(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.StorageWALFileFlushEveryNTx = 1 })
		set := func(f standin.FsyncFaults) { l.nodes["mg1"].Faults().Set(standin.FaultSet{Fsync: f}) }
		set(standin.FsyncFaults{Delay: standin.Duration(time.Second)})
		require.Equal(t, time.Second, l.ok("mg1", create(1)).took)
		set(standin.FsyncFaults{Freeze: true})
		write, read := l.background("mg1", create(2)), l.background("mg1", "RETURN 1")
		time.Sleep(time.Hour)
		require.Empty(t, write)
		require.Empty(t, read)
		set(standin.FsyncFaults{})
		require.NoError(t, (<-write).err)
		require.NoError(t, (<-read).err)
	})
}

func TestFaultFsyncErrorEndsTheProcess(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.StorageWALFileFlushEveryNTx = 1 })
		l.ok("mg1", create(1))
		l.nodes["mg1"].Faults().Set(standin.FaultSet{Fsync: standin.FsyncFaults{Error: true}})
		require.Error(t, l.run("mg1", create(2)).err)
		<-l.nodes["mg1"].Died()
		require.Contains(t, l.nodes["mg1"].Death().Reason, "write-ahead log")
		l.restart("mg1")
		require.Contains(t, [][]int64{{1}, {1, 2}}, l.ids("mg1"), "the outcome of the last one is open")
	})
}

// memgraph.md B #3400: a slow disk of the voter is a write outage.
func TestVoterWithAFrozenDiskStallsTheMain(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		l.startWith("mg2", func(c *standin.Config) { c.StorageWALFileFlushEveryNTx = 1 })
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", "SYNC"))
		l.nodes["mg2"].Faults().Set(standin.FaultSet{Fsync: standin.FsyncFaults{Freeze: true}})
		r := l.fails("mg1", create(1), transientError, syncFailed)
		require.Equal(t, 30*time.Second, r.took)
	})
}

func TestPeriodicSnapshotsAreTakenWhenSomethingChanged(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.StorageSnapshotInterval = time.Minute })
		time.Sleep(2*time.Minute + time.Second)
		require.Empty(t, l.ok("mg1", "SHOW SNAPSHOTS").rows)
		l.ok("mg1", create(1))
		time.Sleep(3 * time.Minute)
		require.Len(t, l.ok("mg1", "SHOW SNAPSHOTS").rows, 1)
	})
}

func TestSessionsOfAnInstanceThatEndedAreGone(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		s, tx := l.session("mg1"), l.begin("mg1")
		require.NoError(t, on(tx, create(1)).err)
		l.kill("mg1")
		require.ErrorIs(t, on(s, "RETURN 1").err, standin.ErrGone)
		require.ErrorIs(t, tx.Commit(l.t.Context()), standin.ErrGone)
		l.start("mg1")
		l.holds("mg1")
	})
}
