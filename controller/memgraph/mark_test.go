package memgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
)

const (
	createMark = "CREATE INDEX ON :__memgraph_controller"
	dropMark   = "DROP INDEX ON :__memgraph_controller"
)

func TestMarkLeavesNoIndex(t *testing.T) {
	client, _ := play(t, on(createMark), on(dropMark))
	require.NoError(t, client.Mark(t.Context()))
}

func TestMarkDropsAnIndexLeftByACrash(t *testing.T) {
	client, _ := play(t, on(createMark).refuses("Index on label __memgraph_controller already exists."), on(dropMark))
	require.NoError(t, client.Mark(t.Context()))
}

func TestMarkWhoseIndexIsGoneAlreadySucceeds(t *testing.T) {
	client, _ := play(t, on(createMark), on(dropMark).refuses("Index on label __memgraph_controller doesn't exist."))
	require.NoError(t, client.Mark(t.Context()))
}

func TestMarkTriesAgainWhileTheVoterIsNotReady(t *testing.T) {
	for name, text := range map[string]string{
		"3.5":  "At least one STRICT_SYNC replica has not confirmed committing last transaction. Transaction will be aborted on all instances.",
		"3.10": "Replication Exception: Failed to replicate to STRICT_SYNC replica 'memgraph_0': replica is not reachable or not in sync with the main. Replica will be recovered automatically. Transaction was aborted on all instances.",
		"lock": "Cannot get unique access to the storage. Try stopping other parallel queries.",
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := play(t,
				on(createMark).fails(transientError, text), on(createMark),
				on(dropMark).fails(transientError, text), on(dropMark))
			require.NoError(t, client.Mark(t.Context()))
		})
	}
}

func TestMarkOnAReplicaFailsAtOnce(t *testing.T) {
	client, _ := play(t, on(createMark).refuses("Write queries are forbidden on the replica instance. Replica instances accept only read queries."))
	err := client.Mark(t.Context())
	require.ErrorContains(t, err, "mark the epoch on memgraph-1: Write queries are forbidden")
	require.NotErrorIs(t, err, memgraph.ErrBusy)
}
