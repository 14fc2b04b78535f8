package memgraph_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func flags(rows ...[]any) step {
	return on("SHOW CONFIG").returns([]string{"name", "default_value", "current_value", "description"}, rows...)
}

func flag(name, value string) []any { return []any{name, "", value, "what it does"} }

func TestSettingsOfASoundInstanceAreNoReasonToWarn(t *testing.T) {
	client, _ := play(t,
		flags(flag("storage_wal_enabled", "true"), flag("storage_snapshot_on_exit", "false"),
			flag("replication_restore_state_on_startup", "true"), flag("data_recovery_on_startup", "true")))
	settings, err := client.Settings(t.Context())
	require.NoError(t, err)
	require.Zero(t, settings)
}

func TestSettingsNameEachFaultAndTheRemedy(t *testing.T) {
	client, _ := play(t,
		flags(flag("storage_wal_enabled", "false"), flag("storage_snapshot_on_exit", "true"),
			flag("replication_restore_state_on_startup", "false"), flag("data_recovery_on_startup", "false")))
	settings, err := client.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, "storage_wal_enabled=false", settings.Unreplicated)
	require.Len(t, settings.Warnings, 4)
	for i, remedy := range []string{
		"--storage-wal-enabled=true", "--storage-snapshot-on-exit=false", "--replication-restore-state-on-startup=true",
		"--data-recovery-on-startup=true",
	} {
		require.Contains(t, settings.Warnings[i], remedy)
	}
}

// Snapshots on exit and the like cost time or a role, which the rules cope with.
func TestOnlyTheMissingLogKeepsWritesFromBeingReplicated(t *testing.T) {
	client, _ := play(t, flags(flag("storage_wal_enabled", "true"), flag("storage_snapshot_on_exit", "true")))
	settings, err := client.Settings(t.Context())
	require.NoError(t, err)
	require.Empty(t, settings.Unreplicated)
	require.Len(t, settings.Warnings, 1)
}
