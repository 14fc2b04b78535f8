package standin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
)

func TestRestartKeepsRolesAndRegistrations(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		for _, name := range []string{"mg1", "mg2", "mg3"} {
			l.restart(name)
		}
		require.Equal(t, "main", l.role("mg1"))
		require.Equal(t, "replica", l.role("mg2"))
		l.settle()
		l.showsReplicas("mg1", "b sync ready 0 2", "c async ready 0 2")
		l.ok("mg1", create(2))
		l.holds("mg2", 1, 2)
	})
}

func TestRestartedOldMainShowsTakenReplicasInvalid(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1), create(2), create(3))
		l.settle()
		l.kill("mg1")
		l.ok("mg2", toMain, register("c", "ASYNC"), create(4))
		l.start("mg1")
		require.Equal(t, "main", l.role("mg1"))
		l.showsReplicas("mg1", "b sync invalid -6 0", "c async invalid -6 0")
		l.settle()
		l.showsReplicas("mg1", "b sync invalid -6 0", "c async invalid -6 0")
		l.holds("mg3", 1, 2, 3, 4)

		l.ok("mg1", toReplica(10001))
		l.ok("mg2", register("a", "SYNC"))
		l.settle()
		l.ok("mg2", create(5))
		l.settle()
		l.holds("mg1", 1, 2, 3, 4, 5)

		// And back again (8a).
		l.kill("mg2")
		l.ok("mg1", toMain)
		l.showsReplicas("mg1")
		l.ok("mg1", register("c", "ASYNC"), create(6))
		l.settle()
		l.holds("mg3", 1, 2, 3, 4, 5, 6)
	})
}

func TestRestartedOldMainFeedsAReplicaThatNobodyTook(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.kill("mg1")
		l.ok("mg2", toMain)
		l.start("mg1")
		l.settle()
		l.fails("mg1", create(2), transientError, syncFailed)
		l.settle()
		l.holds("mg3", 1, 2)
		l.refuses("mg2", "c", "ASYNC")
	})
}

func TestRestartOfAMainWithAFrozenReplicaTakesFortySeconds(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		l.freeze("mg2", true)
		l.kill("mg1")
		begun := time.Now()
		l.start("mg1")
		require.Equal(t, 40*time.Second, time.Since(begun))
		l.showsReplicas("mg1", "b sync invalid -2 0")
		l.freeze("mg2", false)
		l.settle()
		l.showsReplicas("mg1", "b sync ready 0 2")
	})
}

func TestRestartOfAMainWithADeadOrUnknownReplicaIsQuick(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.run("mg1", `REGISTER REPLICA a ASYNC TO "no-such-host.invalid:10000"`)
		l.ok("mg1", create(1))
		l.kill("mg2", "mg1")
		begun := time.Now()
		l.start("mg1")
		require.Zero(t, time.Since(begun))
		l.showsReplicas("mg1", "a async invalid -2 0", "b sync invalid -2 0")
	})
}

func TestRestartOfAReplicaWithAnEmptyDiskMakesAMain(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		l.wipe("mg2")
		require.Equal(t, "main", l.role("mg2"))
		l.fails("mg1", create(2), transientError, syncFailed)
		l.ok("mg2", toReplica(10002))
		time.Sleep(15 * time.Second)
		l.showsReplicas("mg1", "b sync invalid -2 2")
		l.holds("mg2")
		l.ok("mg1", "DROP REPLICA b", register("b", "SYNC"))
		l.settle()
		l.holds("mg2", 1, 2)
	})
}

func TestRestartWithoutRestoringTheReplicationState(t *testing.T) {
	inLab(t, func(l *lab) {
		forget := func(c *standin.Config) { c.ReplicationRestoreStateOnStartup = false }
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.kill("mg1")
		l.startWith("mg1", forget)
		require.Equal(t, "main", l.role("mg1"))
		l.showsReplicas("mg1")
		l.holds("mg1", 1)
		l.ok("mg1", register("b", "SYNC"))
		l.showsReplicas("mg1", "b sync ready 0 2")

		l.kill("mg2")
		l.startWith("mg2", forget)
		require.Equal(t, "main", l.role("mg2"))
		l.ok("mg2", toReplica(10002))
		l.fails("mg1", create(2), transientError, syncFailed)
		l.settle()
		l.showsReplicas("mg1", "b sync invalid -4 2")
	})
}

func TestRestartWithoutDataRecovery(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.kill("mg2")
		l.startWith("mg2", func(c *standin.Config) { c.DataRecoveryOnStartup = false })
		require.Equal(t, "replica", l.role("mg2"))
		l.holds("mg2")
		l.settle()
		l.showsReplicas("mg1", "b sync ready 0 2", "c async ready 0 2")

		// It cures a diverged instance after DROP and REGISTER (8c).
		l.ok("mg1", "DROP REPLICA b", register("b", "SYNC"))
		l.settle()
		l.holds("mg2", 1)

		l.kill("mg1")
		l.startWith("mg1", func(c *standin.Config) { c.DataRecoveryOnStartup = false })
		require.Equal(t, "main", l.role("mg1"))
		l.holds("mg1")
		l.showsReplicas("mg1", "b sync invalid 0 0", "c async invalid 0 0")
	})
}

func TestWithoutALogNothingReplicatesAndEverythingLooksFine(t *testing.T) {
	inLab(t, func(l *lab) {
		noLog := func(c *standin.Config) { c.StorageWALEnabled = false }
		l.startWith("mg1", noLog)
		l.startWith("mg2", noLog)
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", "SYNC"), create(1))
		l.showsReplicas("mg1", "b sync ready -2 0")
		l.holds("mg2")
		l.kill("mg2")
		l.ok("mg1", create(2))
		l.kill("mg1")
		l.startWith("mg1", noLog)
		l.holds("mg1")
	})
}

func TestDivergedMainIsRefusedUntilItIsEmpty(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("ASYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.kill("mg2", "mg3")
		l.ok("mg1", create(100), create(101))
		l.kill("mg1")
		l.start("mg2", "mg3")
		l.ok("mg2", toMain, register("c", "ASYNC"), create(2))
		l.settle()
		l.showsReplicas("mg2", "c async ready 0 5")
		l.start("mg1")
		l.showsReplicas("mg1", "b async invalid -6 0", "c async invalid -6 0")
		l.ok("mg1", toReplica(10001))
		l.refuses("mg2", "a", "SYNC")

		l.restart("mg1") // does not help
		l.ok("mg2", "DROP REPLICA a")
		l.refuses("mg2", "a", "ASYNC")
		l.ok("mg2", "DROP REPLICA a")
		l.ok("mg1", toMain, "STORAGE MODE IN_MEMORY_ANALYTICAL", "DROP GRAPH", "STORAGE MODE IN_MEMORY_TRANSACTIONAL", toReplica(10001))
		l.refuses("mg2", "a", "ASYNC") // nor does that
		l.ok("mg2", "DROP REPLICA a")
		l.wipe("mg1")
		l.ok("mg1", toReplica(10001))
		l.ok("mg2", register("a", "SYNC"))
		l.settle()
		l.holds("mg1", 1, 2)
	})
}

func TestAbortedTransactionOfAMainIsGoneAfterItsRestart(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("STRICT_SYNC", "")
		l.ok("mg1", create(1))
		l.kill("mg2")
		l.fails("mg1", create(2), transientError, strictFailed)
		l.kill("mg1")
		l.start("mg2")
		l.ok("mg2", toMain, create(3))
		l.start("mg1")
		l.holds("mg1", 1)
		l.ok("mg1", toReplica(10001))
		l.ok("mg2", register("a", "STRICT_SYNC"))
		l.settle()
		l.holds("mg1", 1, 3)
	})
}

func TestMainKilledWithACommitInFlightKeepsItWhereItWasLogged(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.freeze("mg2", true)
		write := l.background("mg1", create(1))
		l.kill("mg1")
		require.Error(t, (<-write).err)
		l.freeze("mg2", false)
		l.start("mg1")
		l.holds("mg1", 1)
	})
}

func TestPowerLossRollsBackToTheLastSync(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.StorageWALFileFlushEveryNTx = 2 })
		l.ok("mg1", create(1), create(2), create(3))
		l.kill("mg1")
		l.nodes["mg1"].disk.PowerLoss()
		l.start("mg1")
		l.holds("mg1", 1, 2)
	})
}

// memgraph.md E 15: within one epoch nobody minds.
func TestMainThatLostPowerSeesAMoreAdvancedReplicaAsReady(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.StorageWALFileFlushEveryNTx = 1 })
		l.start("mg2")
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", "SYNC"), create(1))
		l.restart("mg1") // with the default cadence from here on
		l.settle()
		l.ok("mg1", create(2), create(3))
		l.kill("mg1")
		l.nodes["mg1"].disk.PowerLoss()
		l.start("mg1")
		l.holds("mg1", 1)
		l.showsReplicas("mg1", "b sync ready 5 7")
		l.holds("mg2", 1, 2, 3)
	})
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		l.ok("mg1", create(1), toReplica(10001))
		l.kill("mg1")
		data, err := l.nodes["mg1"].disk.Read("wal/0000000000.wal")
		require.NoError(t, err)

		require.NoError(t, l.nodes["mg1"].disk.Replace("replication/state.json", []byte("{")))
		require.ErrorContains(t, l.tryStart("mg1", func(*standin.Config) {}), "replication/state.json")
		require.NoError(t, l.nodes["mg1"].disk.Remove("replication/state.json"))

		require.NoError(t, l.nodes["mg1"].disk.Replace("wal/0000000001.wal", data))
		require.ErrorContains(t, l.tryStart("mg1", func(*standin.Config) {}), "write-ahead log: wal/0000000001.wal")
		require.NoError(t, l.nodes["mg1"].disk.Remove("wal/0000000001.wal"))

		require.ErrorContains(t, l.tryStart("mg1", func(c *standin.Config) { c.Version = "2.18" }), "2.18")
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		require.ErrorContains(t, l.tryStart("mg2", func(c *standin.Config) { c.BoltAddress = "127.0.0.1:10001" }), "bolt address 127.0.0.1:10001")
	})
}
