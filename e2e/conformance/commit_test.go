package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The first facts of a commit whose replica has died: what the client hears,
// whether drivers retry it, and whether it is there all the same.

func TestSyncCommitWithoutItsReplicaIsAnErrorAndThereAllTheSame(t *testing.T) {
	fact(t, "1.5a", "1.5b", "3.1a", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.kill()
	a.shows("b", "ready") // it has not been noticed yet
	a.createUnconfirmed(2, "SYNC")
	a.shows("b", "invalid")
	a.unconfirmed(a.explicitly(creation(3)), "SYNC", explicit)
	tries, err := a.managed(creation(4))
	a.unconfirmed(err, "SYNC", explicit)
	require.Equal(t, 1, tries)
	a.has(1, 2, 3, 4)
}

func TestStrictSyncCommitWithoutItsReplicaIsAborted(t *testing.T) {
	fact(t, "1.5a", "1.5b", "3.1a", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "STRICT_SYNC")
	a.create(1)
	b.kill()
	a.shows("b", "ready") // it has not been noticed yet
	a.createUnconfirmed(2, "STRICT_SYNC")
	require.Zero(t, a.shows("b", "invalid").behind)
	a.unconfirmed(a.explicitly(creation(3)), "STRICT_SYNC", explicit)
	tries, err := a.managed(creation(4))
	a.unconfirmed(err, "STRICT_SYNC", explicit)
	require.Equal(t, 1, tries)
	a.has(1)
}

func TestAsyncCommitDoesNotNoticeThatItsReplicaDied(t *testing.T) {
	fact(t, "2.6", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "ASYNC")
	a.create(1)
	b.kill()
	a.create(2)
	a.create(3)
	a.has(1, 2, 3)
	require.Negative(t, a.shows("b", "invalid").behind)
}

func TestReplicaThatRestartsCatchesUpByItself(t *testing.T) {
	fact(t, "3.1b", "06")
	needs(t, control)
	for _, mode := range []string{"SYNC", "STRICT_SYNC", "ASYNC"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			a, b, _ := trio(t)
			a.register(b, mode)
			a.create(1)
			b.kill()
			_, _ = a.try(creation(2))
			b.start()
			b.is("replica")
			began := time.Now()
			a.showsSoon("b", "ready")
			require.Less(t, time.Since(began), patience/4, "it takes a second")
			require.Equal(t, a.ids(), b.ids())
			a.create(3)
			b.getsTo(a.ids()...)
		})
	}
}

func TestCommitRightAfterAVoterRestartedIsConfirmedOrAborted(t *testing.T) {
	fact(t, "3.1c", "23c")
	needs(t, control)
	a, b, _ := cluster(t)
	a.create(1)
	b.restart()
	t.Logf("b is shown as %s", a.replicas()["b"].status)
	if _, err := a.try(creation(2)); err != nil {
		a.unconfirmed(err, "STRICT_SYNC", autocommit)
		a.has(1)
	} else {
		b.has(1, 2)
	}
	a.createSoon(3)
	require.Equal(t, a.ids(), b.ids())
}

func TestOfTwoSyncReplicasTheOneThatLivesHasTheCommit(t *testing.T) {
	fact(t, "06")
	needs(t, control)
	a, b, c := clusterOf(t, "SYNC", "SYNC")
	b.kill()
	a.createUnconfirmed(1, "SYNC")
	a.has(1)
	c.has(1)
	b.start()
	a.showsSoon("b", "ready")
	b.has(1)
}

func TestSyncReplicaThatWasEndedCatchesUpAfterItsMainRestarted(t *testing.T) {
	fact(t, "2.18a", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.terminate()
	a.createUnconfirmed(2, "SYNC")
	a.terminate()
	a.start()
	a.is("main")
	require.Negative(t, a.shows("b", "invalid").behind)
	a.has(1, 2)
	b.start()
	a.showsSoon("b", "ready")
	b.has(1, 2)
}

func TestTransactionOfTwoVotersOfWhichOneDiedIsNowhere(t *testing.T) {
	fact(t, "2.6", "06")
	needs(t, control)
	a, b, c := clusterOf(t, "STRICT_SYNC", "STRICT_SYNC")
	b.kill()
	a.createUnconfirmed(1, "STRICT_SYNC")
	a.has()
	c.has()
	require.Positive(t, a.shows("c", "ready").behind, "it had prepared the transaction")
}

func TestDeadVoterCanBeDroppedAndWritesGoOn(t *testing.T) {
	fact(t, "1.2c", "06", "23c2")
	needs(t, control)
	a, b, c := cluster(t)
	a.create(1)
	b.kill()
	a.createUnconfirmed(2, "STRICT_SYNC")
	a.run("DROP REPLICA b")
	a.create(3)
	a.has(1, 3)
	c.getsTo(1, 3)
}

func TestVoterReplacedInPlace(t *testing.T) {
	fact(t, "3.2b", "23c3")
	needs(t, control)
	a, b, c := cluster(t)
	a.create(1)
	b.kill()
	a.run("DROP REPLICA c")
	a.register(c, "STRICT_SYNC")
	a.run("DROP REPLICA b")
	a.create(2)
	c.has(1, 2)
}
