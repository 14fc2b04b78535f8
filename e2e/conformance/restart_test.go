package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMainKeepsItsRoleItsDataAndItsReplicasOverARestart(t *testing.T) {
	fact(t, "2.18a", "11", "15c")
	needs(t, control)
	a, b, c := cluster(t)
	a.create(1)
	for range 3 {
		a.restart()
	}
	a.is("main")
	a.showsSoon("b", "ready")
	a.showsSoon("c", "ready")
	a.create(2)
	a.has(1, 2)
	b.has(1, 2)
	c.getsTo(1, 2)
}

func TestReplicaKeepsItsRoleOverARestart(t *testing.T) {
	fact(t, "11")
	needs(t, control)
	a, b, _ := cluster(t)
	a.create(1)
	b.terminate()
	b.start()
	b.is("replica")
	b.has(1)
	a.showsSoon("b", "ready")
}

func TestOldMainComesBackAsAMainWhoseReplicasAreInvalid(t *testing.T) {
	fact(t, "2.18d", "08a")
	needs(t, control)
	a, b, c := clusterOf(t, "SYNC", "ASYNC")
	a.create(1)
	a.showsSoon("c", "ready")
	a.kill()
	b.promote()
	b.register(c, "ASYNC")
	b.create(2)
	a.start()
	a.is("main")
	a.shows("b", "invalid")
	a.shows("c", "invalid")
	c.getsTo(1, 2)
	a.demote()
	b.register(a, "SYNC")
	a.has(1, 2)
}

func TestOldMainWithOneTransactionMoreIsRefusedUntilItIsEmptied(t *testing.T) {
	fact(t, "1.1k", "1.1m", "2.9c", "3.10a", "08b")
	needs(t, control)
	a, b, c := clusterOf(t, "ASYNC", "ASYNC")
	a.create(1)
	a.showsSoon("b", "ready")
	a.showsSoon("c", "ready")
	b.kill()
	c.kill()
	a.create(100)
	a.kill()
	b.start()
	c.start()
	b.promote()
	b.register(c, "ASYNC")
	b.create(2)
	a.start()
	a.demote()
	b.refuseRegister(a, "SYNC", 3)
	b.dropDiverged("a")
	a.restart()
	b.refuseRegister(a, "ASYNC", 3)
	b.dropDiverged("a")
	a.promote()
	for _, query := range []string{"STORAGE MODE IN_MEMORY_ANALYTICAL", "DROP GRAPH", "STORAGE MODE IN_MEMORY_TRANSACTIONAL"} {
		a.run(query)
	}
	a.demote()
	a.has()
	b.refuseRegister(a, "ASYNC", 3)
	b.dropDiverged("a")
	a.wipe()
	a.demote()
	b.register(a, "SYNC")
	a.has(1, 2)
}

func TestOldMainWithAnUnconfirmedCommitIsAcceptedWithoutRecoveryOfItsData(t *testing.T) {
	fact(t, "2.9c", "3.10a", "3.10b", "08c")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.kill()
	a.createUnconfirmed(2, "SYNC")
	a.kill()
	b.start()
	b.promote()
	b.create(3)
	a.start()
	a.demote()
	b.refuseRegister(a, "SYNC", 3)
	a.has(1, 2)
	a.terminate()
	a.start("--data-recovery-on-startup=false")
	a.is("replica")
	a.has()
	b.dropDiverged("a")
	b.register(a, "SYNC")
	a.has(1, 3)
}

func TestOldMainWithOneTransactionMoreIsRefusedByAMainWithoutWrites(t *testing.T) {
	fact(t, "2.9c", "3.10a", "08d")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "ASYNC")
	a.create(1)
	a.showsSoon("b", "ready")
	b.kill()
	a.create(2)
	a.kill()
	b.start()
	b.promote()
	a.start()
	a.demote()
	b.refuseRegister(a, "ASYNC", 3)
	b.create(3)
	a.has(1, 2)
	b.has(1, 3)
}

func TestRefusedStrictSyncCommitLeavesNoDivergence(t *testing.T) {
	fact(t, "08e")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "STRICT_SYNC")
	a.create(1)
	b.kill()
	a.createUnconfirmed(2, "STRICT_SYNC")
	a.kill()
	b.start()
	b.promote()
	b.create(3)
	a.start()
	a.has(1)
	a.demote()
	b.register(a, "STRICT_SYNC")
	a.has(1, 3)
	b.has(1, 3)
}

func TestReplicaWithoutItsMainAnswersReadsAlsoAfterARestart(t *testing.T) {
	fact(t, "13j")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	a.kill()
	for range 2 {
		b.is("replica")
		b.has(1)
		b.refuse(creation(5), final, "forbidden on the replica")
		b.restart()
	}
}

func TestReplicaWithAnEmptyDiskIsAMainAndNeedsDropAndRegister(t *testing.T) {
	fact(t, "2.15", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.wipe()
	b.is("main")
	a.createUnconfirmed(2, "SYNC")
	b.demote()
	a.shows("b", "invalid")
	a.createUnconfirmed(3, "SYNC")
	b.has()
	a.run("DROP REPLICA b")
	a.register(b, "SYNC")
	b.has(1, 2, 3)
}

func TestInstanceThatDoesNotRestoreItsStateIsAMainWithoutReplicas(t *testing.T) {
	fact(t, "2.16", "11")
	needs(t, control)
	a, b, _ := cluster(t)
	a.create(1)
	a.restart("--replication-restore-state-on-startup=false")
	a.is("main")
	a.showsNone()
	a.has(1)
	b.restart("--replication-restore-state-on-startup=false")
	b.is("main")
	b.has(1)
}

func TestReplicaThatDoesNotRestoreItsStateIsFoundAgainWhenItIsDemoted(t *testing.T) {
	fact(t, "2.16", "11")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.restart("--replication-restore-state-on-startup=false")
	b.is("main")
	b.demote()
	a.run("DROP REPLICA b")
	a.register(b, "SYNC")
	a.create(2)
	b.has(1, 2)
}

func TestInstanceThatDoesNotRecoverItsDataIsEmpty(t *testing.T) {
	fact(t, "11")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	a.restart("--data-recovery-on-startup=false")
	a.is("main")
	a.has()
	a.shows("b", "invalid")
	b.restart("--data-recovery-on-startup=false")
	b.is("replica")
	b.has()
}

func TestNameOfTheServerCanBeSet(t *testing.T) {
	fact(t, "11")
	needs(t, control)
	a := lone(t, "--bolt-server-name-for-init=Memgraph/probe")
	info, err := a.driver.GetServerInfo(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Memgraph/probe", info.Agent())
}

func TestWithoutAWALNothingIsReplicatedAndEverythingLooksFine(t *testing.T) {
	fact(t, "2.17", "11")
	needs(t, control)
	a, b, _ := trio(t, "--storage-wal-enabled=false")
	a.register(b, "SYNC")
	a.create(1)
	require.Negative(t, a.shows("b", "ready").behind)
	b.has()
	b.kill()
	a.create(2)
	a.has(1, 2)
}
