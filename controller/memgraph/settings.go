package memgraph

import (
	"context"
	"fmt"
	"strings"
)

// Settings are what the flags of a process mean for replication. They stay as they are
// for as long as it runs.
type Settings struct {
	// Unreplicated is the flag with which nothing is replicated while everything looks
	// fine; empty where there is none.
	Unreplicated string
	// Warnings are flags with which replication stops without any error, or does not
	// survive a restart. Each names the flag and what to do.
	Warnings []string
}

// fault is a flag whose value makes replication unsafe.
type fault struct{ flag, bad, why string }

// walEnabled is the one with which nothing is replicated (memgraph-observed 11;
// memgraph.md A.9).
const walEnabled = "storage_wal_enabled"

var faults = []fault{
	{walEnabled, "false", "nothing is replicated while everything looks fine: start it with --storage-wal-enabled=true"},
	{"storage_snapshot_on_exit", "true", "stopping takes as long as a snapshot, which also keeps a history that cannot be promoted: start it with --storage-snapshot-on-exit=false"},
	{"replication_restore_state_on_startup", "false", "it forgets its role and its replicas when it restarts: start it with --replication-restore-state-on-startup=true"},
	{"data_recovery_on_startup", "false", "it comes back empty when it restarts: start it with --data-recovery-on-startup=true"},
}

// Settings reads the flags of the process. It says nothing of a flag that is not
// there: versions differ.
func (c *Client) Settings(ctx context.Context) (settings Settings, err error) {
	err = c.call(ctx, "read the settings of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		rows, err := c.statement(ctx, showConfig)
		if err != nil {
			return err
		}
		settings = judge(pairs(rows, "name", "current_value"))
		return nil
	})
	return settings, err
}

func judge(flags map[string]any) (settings Settings) {
	for _, fault := range faults {
		value, ok := flags[fault.flag]
		if !ok || !strings.EqualFold(fmt.Sprint(value), fault.bad) {
			continue
		}
		settings.Warnings = append(settings.Warnings, fmt.Sprintf("%s is %s: %s", fault.flag, fault.bad, fault.why))
		if fault.flag == walEnabled {
			settings.Unreplicated = fault.flag + "=" + fault.bad
		}
	}
	return settings
}
