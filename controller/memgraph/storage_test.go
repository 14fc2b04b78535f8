package memgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
)

const (
	storage      = "SHOW STORAGE INFO ON CURRENT DATABASE"
	olderStorage = "SHOW STORAGE INFO"
	uuid         = "95ce2547-49da-4b56-a979-bf814a05e6be"
)

func storageRows(query string, nodes, edges int64, mode string) step {
	return on(query).returns([]string{"storage info", "value"},
		[]any{"name", "memgraph"}, []any{"database_uuid", uuid},
		[]any{"vertex_count", nodes}, []any{"edge_count", edges}, []any{"average_degree", 0.0},
		[]any{"storage_mode", mode})
}

func unknownON() step {
	return on(storage).refuses("Error on line 1 position 19. The underlying parsing error is extraneous input 'ON' expecting {<EOF>, ';'}")
}

func TestStorageOfAnEmptyDatabase(t *testing.T) {
	client, _ := play(t, storageRows(storage, 0, 0, "IN_MEMORY_TRANSACTIONAL"))
	got, err := client.Storage(t.Context())
	require.NoError(t, err)
	require.Equal(t, memgraph.Storage{UUID: uuid, Empty: true, Mode: "IN_MEMORY_TRANSACTIONAL"}, got)
	require.Empty(t, got.Unreplicated())
	require.Empty(t, got.Warning())
}

func TestStorageWithNodesOrEdgesIsNotEmpty(t *testing.T) {
	for _, counts := range [][2]int64{{1, 0}, {0, 1}, {7, 3}} {
		client, _ := play(t, storageRows(storage, counts[0], counts[1], "IN_MEMORY_TRANSACTIONAL"))
		got, err := client.Storage(t.Context())
		require.NoError(t, err)
		require.False(t, got.Empty)
	}
}

func TestStorageBefore311(t *testing.T) {
	client, _ := play(t, unknownON(), storageRows(olderStorage, 7, 0, "IN_MEMORY_TRANSACTIONAL"))
	got, err := client.Storage(t.Context())
	require.NoError(t, err)
	require.Equal(t, memgraph.Storage{UUID: uuid, Mode: "IN_MEMORY_TRANSACTIONAL"}, got)
}

func TestStorageWithoutCountsIsAnErrorAndNotEmpty(t *testing.T) {
	for name, rows := range map[string][][]any{
		"nothing":         nil,
		"instance-wide":   {{"vm_max_map_count", int64(65530)}, {"memory_res", "54.15MiB"}},
		"no edges":        {{"database_uuid", uuid}, {"vertex_count", int64(0)}},
		"count as text":   {{"database_uuid", uuid}, {"vertex_count", "0"}, {"edge_count", int64(0)}},
		"no uuid":         {{"vertex_count", int64(0)}, {"edge_count", int64(0)}},
		"keys not text":   {{int64(1), int64(2)}},
		"uuid is a float": {{"database_uuid", 1.5}, {"vertex_count", int64(0)}, {"edge_count", int64(0)}},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := play(t, on(storage).returns([]string{"storage info", "value"}, rows...))
			got, err := client.Storage(t.Context())
			require.ErrorContains(t, err, "read the storage of memgraph-1: ")
			require.ErrorContains(t, err, "answered in a form that is not known")
			require.Zero(t, got)
		})
	}
}

func TestStorageModeInWhichNothingIsReplicatedIsNamed(t *testing.T) {
	for _, mode := range []string{"IN_MEMORY_ANALYTICAL", "ON_DISK_TRANSACTIONAL"} {
		client, _ := play(t, storageRows(storage, 7, 0, mode))
		got, err := client.Storage(t.Context())
		require.NoError(t, err)
		require.Equal(t, "storage_mode="+mode, got.Unreplicated())
		require.Contains(t, got.Warning(), "run STORAGE MODE IN_MEMORY_TRANSACTIONAL")
	}
}

func TestServerThatDoesNotTellItsStorageModeIsNotBlamed(t *testing.T) {
	require.Empty(t, memgraph.Storage{UUID: uuid}.Unreplicated())
}
