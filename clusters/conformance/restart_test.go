package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMainKeepsItsRoleItsDataAndItsReplicasOverARestart(t *testing.T) { // transcripts 11 and 15c
	t.Parallel()
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

func TestReplicaKeepsItsRoleOverARestart(t *testing.T) { // transcript 11
	t.Parallel()
	a, b, _ := cluster(t)
	a.create(1)
	b.terminate()
	b.start()
	b.is("replica")
	b.has(1)
	a.showsSoon("b", "ready")
}

func TestOldMainComesBackAsAMainWhoseReplicasAreInvalid(t *testing.T) { // transcript 08a
	t.Parallel()
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

func TestOldMainWithOneTransactionMoreIsRefusedUntilItIsEmptied(t *testing.T) { // transcript 08b
	t.Parallel()
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
	a.wipe()
	a.demote()
	b.register(a, "SYNC")
	a.has(1, 2)
}

func TestReplicaWithAnEmptyDiskIsAMainAndNeedsDropAndRegister(t *testing.T) { // transcript 06
	t.Parallel()
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

func TestInstanceThatDoesNotRestoreItsStateIsAMainWithoutReplicas(t *testing.T) { // transcript 11
	t.Parallel()
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

func TestInstanceThatDoesNotRecoverItsDataIsEmpty(t *testing.T) { // transcript 11
	t.Parallel()
	a := lone(t)
	a.create(1)
	a.restart("--data-recovery-on-startup=false")
	a.has()
}

func TestWithoutAWALNothingIsReplicatedAndEverythingLooksFine(t *testing.T) { // transcript 11
	t.Parallel()
	a, b, _ := trio(t, "--storage-wal-enabled=false")
	a.register(b, "SYNC")
	a.create(1)
	require.Negative(t, a.shows("b", "ready").behind)
	b.has()
	b.kill()
	a.create(2)
	a.has(1, 2)
}
