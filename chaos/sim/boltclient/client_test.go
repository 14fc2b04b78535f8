package boltclient_test

import (
	"context"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/pipenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inBubble runs a test in virtual time on one stand-in and a client of it.
func inBubble(t *testing.T, test func(*testing.T, *standin.Instance, *boltclient.Client)) {
	synctest.Test(t, func(t *testing.T) {
		network := pipenet.Network{Latency: time.Millisecond}
		config := standin.Defaults()
		config.Name, config.Disk, config.BoltAddress = "a", &disk.Memory{}, "a:7687"
		config.Listen, config.Dial = network.Listen, network.Dial
		instance, err := standin.Start(t.Context(), config)
		require.NoError(t, err)
		defer instance.Kill()
		client, err := boltclient.Connect(t.Context(), network.Dial, "a:7687")
		require.NoError(t, err)
		defer client.Close()
		test(t, instance, client)
	})
}

func TestQueriesAndTransactionsReturnRowsByColumn(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *standin.Instance, client *boltclient.Client) {
		rows, err := client.Transact(t.Context(), "CREATE (n:W {id: 1}) RETURN n.id AS id", nil)
		require.NoError(t, err)
		require.Equal(t, []map[string]any{{"id": int64(1)}}, rows)
		_, err = client.Query(t.Context(), "CREATE (:W {id: 2})", nil)
		require.NoError(t, err)
		rows, err = client.Query(t.Context(), "MATCH (n:W) RETURN n.id AS id, 'x' AS x ORDER BY id", nil)
		require.NoError(t, err)
		require.Equal(t, []map[string]any{{"id": int64(1), "x": "x"}, {"id": int64(2), "x": "x"}}, rows)
	})
}

func TestRefusalLeavesTheConnectionUsable(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *standin.Instance, client *boltclient.Client) {
		var failure *bolt.Failure
		_, err := client.Transact(t.Context(), "SHOW REPLICATION ROLE", nil)
		require.ErrorAs(t, err, &failure)
		require.ErrorIs(t, err, boltclient.ErrUncommitted)
		require.Contains(t, failure.Message, "multicommand")
		_, err = client.Query(t.Context(), "nonsense", nil)
		require.ErrorAs(t, err, &failure)
		require.NoError(t, client.Reset(t.Context()))
		_, err = client.Transact(t.Context(), "CREATE (:W {id: 1})", nil)
		require.NoError(t, err)
	})
}

func TestFrozenServerEndsWithTheContext(t *testing.T) {
	inBubble(t, func(t *testing.T, instance *standin.Instance, client *boltclient.Client) {
		instance.Faults().Set(standin.FaultSet{Freeze: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		_, err := client.Query(ctx, "RETURN 1", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begun))
	})
}

func TestTransactionThatEndsBeforeItsCommitIsNotCommitted(t *testing.T) {
	inBubble(t, func(t *testing.T, instance *standin.Instance, client *boltclient.Client) {
		instance.Faults().Set(standin.FaultSet{Freeze: true})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Transact(ctx, "CREATE (:W {id: 1})", nil)
		require.ErrorIs(t, err, boltclient.ErrUncommitted)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestDeadServerIsLostAndRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, instance *standin.Instance, client *boltclient.Client) {
		instance.Kill()
		require.ErrorIs(t, client.Reset(t.Context()), io.EOF)
		_, err := boltclient.Connect(t.Context(), refusing, "a:7687")
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}

func refusing(context.Context, string, string) (net.Conn, error) { return nil, syscall.ECONNREFUSED }
