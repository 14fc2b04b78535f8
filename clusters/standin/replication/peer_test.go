package replication_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

func TestPeerIsReadyAtOnceWhenNothingIsMissing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		newCluster(t, replication.Sync).register().requireState(replication.Ready, 0)
	})
}

func TestPeerRecoversAReplicaThatLags(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync, 2, 4, 6)
		require.NoError(t, c.peer.Claim())
		c.peer.Check(t.Context())
		c.requireState(replication.Recovery, 0)
		c.peer.Start()
		synctest.Wait()
		c.requireState(replication.Ready, 6)
		require.Equal(t, []uint64{2, 4, 6}, c.b.has())
	})
}

func TestPeerThatObeysAnotherMainIsInvalid(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync).register()
		c.b.mu.Lock()
		c.b.main = "another"
		c.b.mu.Unlock()
		require.NotEmpty(t, c.commit(2))
		c.requireState(replication.Invalid, 0)
		time.Sleep(time.Minute)
		c.requireState(replication.Invalid, 0)
	})
}

func TestPeerOfAnUnknownEpochIsDiverged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		for name, history := range map[string]wal.History{
			"never heard of":          nil,
			"further than we came":    {{Epoch: "old", TS: 2}},
			"first mark is too early": {{Epoch: "old", TS: 2}, {Epoch: "old", TS: 4}},
		} {
			c := newCluster(t, replication.Sync, 2, 4)
			c.main.history = history
			c.b.applied, c.b.epoch = []uint64{2, 4}, "old"
			require.NoError(t, c.peer.Claim())
			c.peer.Check(t.Context())
			status, _ := c.peer.State()
			require.Equal(t, replication.Diverged, status, name)
		}
	})
}

func TestPeerNoticesADeadReplicaAfterThreeHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync).register()
		c.b.server.Close()
		time.Sleep(2500 * time.Millisecond)
		c.requireState(replication.Ready, 0)
		time.Sleep(time.Second)
		c.requireState(replication.Invalid, 0)

		c.b.serve(t, &c.net, "b")
		time.Sleep(time.Second)
		synctest.Wait()
		c.requireState(replication.Ready, 0)
	})
}

func TestPeerNoticesASilentReplicaAfterSixteenSeconds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync).register()
		c.net.Silence("b", true)
		c.b.lose.Store(true)
		time.Sleep(15 * time.Second)
		c.requireState(replication.Ready, 0)
		time.Sleep(2 * time.Second)
		c.requireState(replication.Invalid, 0)
	})
}

func TestPeerFailsOnceAfterItsReplicaRestarted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.StrictSync).register()
		require.Empty(t, c.commit(2))
		c.b.server.Close()
		c.b.serve(t, &c.net, "b")
		c.requireState(replication.Ready, 2)
		require.NotEmpty(t, c.commit(4), "ready from before, but the connection is stale")
		time.Sleep(time.Second)
		synctest.Wait()
		require.Empty(t, c.commit(6))
	})
}

func TestPeerCloseWaitsForAHeartbeatButNotForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Sync).register()
		c.net.Silence("b", true)
		c.b.server.Close()
		time.Sleep(3 * time.Second)
		begun := time.Now()
		c.peer.Close(5 * time.Second)
		require.LessOrEqual(t, time.Since(begun), 5*time.Second)
		require.Positive(t, time.Since(begun))
	})
}

func TestPeerIsNotIdleWhileACallWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newCluster(t, replication.Async).register()
		require.True(t, c.peer.Idle(time.Second))
		resume := c.silence()
		require.Empty(t, c.commit(2))
		require.False(t, c.peer.Idle(time.Second))
		resume()
		require.True(t, c.peer.Idle(time.Second))
		c.requireState(replication.Ready, 2)
	})
}

func tx(ts uint64) wal.Transaction { return wal.Transaction{TS: ts} }
