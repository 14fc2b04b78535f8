package replication_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/replication"
)

func TestRoundWaitsForSync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync).register()
		require.Empty(t, c.commit(2))
		require.Equal(t, []uint64{2}, c.b.has())
		c.requireState(replication.Ready, 2)
	})
}

func TestRoundWaitsThirtySecondsForASilentVoterThenAborts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.StrictSync).register()
		resume := c.silence()
		defer resume()
		begun := time.Now()
		failures := c.commit(2)
		require.Equal(t, 30*time.Second, time.Since(begun))
		require.Equal(t, []replication.Failure{{Replica: "b", Mode: replication.StrictSync, Reason: "RPC timeout while replicating"}}, failures)
		c.requireState(replication.Invalid, 0)
		require.NotEmpty(t, c.commit(4))
		require.Equal(t, 30*time.Second, time.Since(begun), "nobody waits for an invalid voter")
	})
}

func TestRoundDoesNotWaitForAsync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Async).register()
		resume := c.silence()
		begun := time.Now()
		require.Empty(t, c.commit(2))
		c.requireState(replication.Replicating, 0)
		require.Empty(t, c.commit(4))
		c.requireState(replication.Invalid, 0)
		require.Zero(t, time.Since(begun))

		resume()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		c.requireState(replication.Ready, 4)
		require.Equal(t, []uint64{2, 4}, c.b.has())
	})
}

func TestRoundKeepsQuietAboutALostSecondPhase(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.StrictSync).register()
		resume := c.silence()
		result := make(chan []replication.Failure)
		go func() { result <- c.commit(2) }()
		synctest.Wait()
		closed := make(chan struct{})
		go func() { c.b.server.Close(); close(closed) }() // as a promotion does
		synctest.Wait()
		resume()
		<-closed
		require.Empty(t, <-result, "the vote was heard, the decision was not: acknowledged all the same")
		require.Empty(t, c.b.has())
		c.requireState(replication.Ready, 2)
	})
}

func TestRoundShowsAVoterAheadAfterAnAbort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.StrictSync).register()
		other := newCluster(t, replication.StrictSync).register()
		other.b.server.Close()
		round := replication.Begin(t.Context(), []*replication.Peer{c.peer, other.peer}, c.main.Position(), tx(2))
		require.Len(t, round.Ship(t.Context()), 1)
		round.Finish(t.Context(), false)
		c.requireState(replication.Ready, 2)
		require.Empty(t, c.b.has())
	})
}

func TestRoundLeavesAsyncReplicatingWhenVotersAbort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		async := newCluster(t, replication.Async).register()
		voter := newCluster(t, replication.StrictSync).register()
		voter.b.server.Close()
		round := replication.Begin(t.Context(), []*replication.Peer{async.peer, voter.peer}, async.main.Position(), tx(2))
		require.True(t, round.TwoPhase())
		require.NotEmpty(t, round.Ship(t.Context()))
		round.Finish(t.Context(), false)
		async.requireState(replication.Replicating, 0)
		require.Empty(t, async.b.has())

		require.Empty(t, async.commit(4))
		async.requireState(replication.Invalid, 0)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		async.requireState(replication.Ready, 4)
	})
}

func TestRoundNeverFinishesSyncBesideAVoter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sync := newCluster(t, replication.Sync).register()
		voter := newCluster(t, replication.StrictSync).register()
		round := replication.Begin(t.Context(), []*replication.Peer{sync.peer, voter.peer}, sync.main.Position(), tx(2))
		require.Empty(t, round.Ship(t.Context()))
		round.Finish(t.Context(), true)
		require.Empty(t, sync.b.has())
		require.Equal(t, []uint64{2}, voter.b.has())
	})
}
