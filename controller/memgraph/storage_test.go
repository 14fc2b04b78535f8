package memgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
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
	got, empty, err := client.Storage(t.Context())
	require.NoError(t, err)
	require.Equal(t, uuid, got)
	require.True(t, empty)
}

func TestStorageWithNodesOrEdgesIsNotEmpty(t *testing.T) {
	for _, counts := range [][2]int64{{1, 0}, {0, 1}, {7, 3}} {
		client, _ := play(t, storageRows(storage, counts[0], counts[1], "IN_MEMORY_TRANSACTIONAL"))
		_, empty, err := client.Storage(t.Context())
		require.NoError(t, err)
		require.False(t, empty)
	}
}

func TestStorageBefore311(t *testing.T) {
	client, _ := play(t, unknownON(), storageRows(olderStorage, 7, 0, "IN_MEMORY_TRANSACTIONAL"))
	got, empty, err := client.Storage(t.Context())
	require.NoError(t, err)
	require.Equal(t, uuid, got)
	require.False(t, empty)
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
			_, empty, err := client.Storage(t.Context())
			require.ErrorContains(t, err, "read the storage of memgraph-1: ")
			require.ErrorContains(t, err, "answered in a form that is not known")
			require.False(t, empty)
		})
	}
}

func flags(rows ...[]any) step {
	return on("SHOW CONFIG").returns([]string{"name", "default_value", "current_value", "description"}, rows...)
}

func flag(name, value string) []any { return []any{name, "", value, "what it does"} }

func TestCheckOfASoundInstanceFindsNothing(t *testing.T) {
	client, _ := play(t,
		flags(flag("storage_wal_enabled", "true"), flag("storage_snapshot_on_exit", "false"),
			flag("replication_restore_state_on_startup", "true"), flag("data_recovery_on_startup", "true")),
		unknownON(), storageRows(olderStorage, 7, 0, "IN_MEMORY_TRANSACTIONAL"))
	warnings, err := client.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, warnings)
}

func TestCheckNamesEachFaultAndTheRemedy(t *testing.T) {
	client, _ := play(t,
		flags(flag("storage_wal_enabled", "false"), flag("storage_snapshot_on_exit", "true"),
			flag("replication_restore_state_on_startup", "false"), flag("data_recovery_on_startup", "false")),
		storageRows(storage, 7, 0, "IN_MEMORY_ANALYTICAL"))
	warnings, err := client.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, warnings, 5)
	for i, remedy := range []string{
		"--storage-wal-enabled=true", "--storage-snapshot-on-exit=false", "--replication-restore-state-on-startup=true",
		"--data-recovery-on-startup=true", "STORAGE MODE IN_MEMORY_TRANSACTIONAL",
	} {
		require.Contains(t, warnings[i], "memgraph-1: ")
		require.Contains(t, warnings[i], remedy)
	}
}
