package standin_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/replication"
)

// Schedule 381: a main sent a transaction, died, came back and caught the replica up;
// only then did the packet of its first life arrive. The replica's durable timestamp
// went back, no later transaction fitted, and it never followed again.
func TestATransactionThatComesLateSetsNothingBack(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg2")
		l.ok("mg2", toReplica(10002))
		main := replication.NewClient("127.0.0.1:10002", l.net.Dial, func(context.Context) bool { return true })
		defer main.Abort()
		ask := func(q replication.Request) replication.Response {
			t.Helper()
			q.Main, q.Storage, q.Epoch = "a main", "its storage", "its epoch"
			answer, err := main.Do(context.Background(), q)
			require.NoError(t, err)
			return answer
		}
		prepare := func(previous, ts uint64) bool {
			t.Helper()
			return ask(replication.Request{Kind: replication.PrepareCommit, Previous: previous, TS: ts}).OK
		}
		require.True(t, ask(replication.Request{Kind: replication.SwapMainUUID}).OK)
		require.True(t, ask(replication.Request{Kind: replication.SystemRecovery}).OK)
		require.True(t, prepare(0, 3))
		require.True(t, prepare(3, 5))

		require.False(t, prepare(0, 3), "it is late")
		require.False(t, prepare(7, 9), "7 is missing before it")
		require.Equal(t, uint64(5), ask(replication.Request{Kind: replication.Heartbeat}).TS)
		require.True(t, prepare(5, 7), "the next one fits")
	})
}
