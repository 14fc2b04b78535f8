package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The first facts of a commit whose replica has died: what the client hears,
// whether drivers retry it, and whether it is there all the same.

func TestSyncCommitWithoutItsReplicaIsAnErrorAndThereAllTheSame(t *testing.T) { // transcript 06
	t.Parallel()
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.kill()
	a.shows("b", "ready") // it has not been noticed yet
	a.createUnconfirmed(2, "SYNC")
	a.shows("b", "invalid")
	a.unconfirmed(a.explicitly(creation(3)), "SYNC", explicit)
	a.has(1, 2, 3)
}

func TestStrictSyncCommitWithoutItsReplicaIsAborted(t *testing.T) { // transcript 06
	t.Parallel()
	a, b, _ := trio(t)
	a.register(b, "STRICT_SYNC")
	a.create(1)
	b.kill()
	a.shows("b", "ready") // it has not been noticed yet
	a.createUnconfirmed(2, "STRICT_SYNC")
	require.Zero(t, a.shows("b", "invalid").behind)
	a.unconfirmed(a.explicitly(creation(3)), "STRICT_SYNC", explicit)
	a.has(1)
}

func TestAsyncCommitDoesNotNoticeThatItsReplicaDied(t *testing.T) { // transcript 06
	t.Parallel()
	a, b, _ := trio(t)
	a.register(b, "ASYNC")
	a.create(1)
	b.kill()
	a.create(2)
	a.create(3)
	a.has(1, 2, 3)
	require.Negative(t, a.shows("b", "invalid").behind)
}

func TestReplicaThatRestartsCatchesUpByItself(t *testing.T) { // transcript 06
	t.Parallel()
	for _, mode := range []string{"SYNC", "STRICT_SYNC", "ASYNC"} {
		t.Run(mode, func(t *testing.T) {
			a, b, _ := trio(t)
			a.register(b, mode)
			a.create(1)
			b.kill()
			_, _ = a.try(creation(2))
			b.start()
			b.is("replica")
			a.showsSoon("b", "ready")
			require.Equal(t, a.ids(), b.ids())
			a.create(3)
			b.getsTo(a.ids()...)
		})
	}
}

func TestTransactionOfTwoVotersOfWhichOneDiedIsNowhere(t *testing.T) { // transcript 06
	t.Parallel()
	a, b, c := clusterOf(t, "STRICT_SYNC", "STRICT_SYNC")
	b.kill()
	a.createUnconfirmed(1, "STRICT_SYNC")
	a.has()
	c.has()
	require.Positive(t, a.shows("c", "ready").behind, "it had prepared the transaction")
}

func TestDeadVoterCanBeDroppedAndWritesGoOn(t *testing.T) { // transcripts 06 and 23
	t.Parallel()
	a, b, c := cluster(t)
	a.create(1)
	b.kill()
	a.createUnconfirmed(2, "STRICT_SYNC")
	a.run("DROP REPLICA b")
	a.create(3)
	a.has(1, 3)
	c.getsTo(1, 3)
}

func TestVoterReplacedInPlace(t *testing.T) { // transcript 23 (c3)
	t.Parallel()
	a, b, c := cluster(t)
	a.create(1)
	b.kill()
	a.run("DROP REPLICA c")
	a.register(c, "STRICT_SYNC")
	a.run("DROP REPLICA b")
	a.create(2)
	c.has(1, 2)
}

func TestReplicaHasWhatItsMainAcknowledged(t *testing.T) { // transcripts 15e and 22
	t.Parallel()
	a, b, _ := cluster(t)
	for id := 1; id <= 50; id++ {
		a.create(id)
	}
	a.kill()
	b.promote()
	require.Len(t, b.ids(), 50)
}
