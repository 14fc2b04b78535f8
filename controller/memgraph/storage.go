package memgraph

import (
	"context"
	"fmt"
	"strings"
)

const (
	showStorage = "SHOW STORAGE INFO ON CURRENT DATABASE"
	// Before 3.11 there was no ON; since then the bare query is about the
	// whole instance and has neither the UUID nor the counts.
	showStorageBefore311 = "SHOW STORAGE INFO"
	showConfig           = "SHOW CONFIG"
	transactional        = "IN_MEMORY_TRANSACTIONAL"
)

// Storage tells the UUID of the data and whether there are none: no nodes, no
// relationships.
func (c *Client) Storage(ctx context.Context) (uuid string, empty bool, err error) {
	err = c.call(ctx, "read the storage of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		info, err := c.storageInfo(ctx)
		if err != nil {
			return err
		}
		uuid, empty, err = decodeStorage(info)
		return err
	})
	return uuid, empty, err
}

func decodeStorage(info map[string]any) (uuid string, empty bool, err error) {
	uuid, _ = info["database_uuid"].(string)
	nodes, okNodes := info["vertex_count"].(int64)
	edges, okEdges := info["edge_count"].(int64)
	if uuid == "" || !okNodes || !okEdges {
		return "", false, malformed(showStorage, "database_uuid %v, vertex_count %v, edge_count %v",
			info["database_uuid"], info["vertex_count"], info["edge_count"])
	}
	return uuid, nodes == 0 && edges == 0, nil
}

func (c *Client) storageInfo(ctx context.Context) (map[string]any, error) {
	rows, err := c.statement(ctx, showStorage)
	if failure := refused(err); failure != nil && failure.syntax() {
		rows, err = c.statement(ctx, showStorageBefore311)
	}
	if err != nil {
		return nil, err
	}
	return pairs(rows, "storage info", "value"), nil
}

// pairs reads rows that are name and value.
func pairs(rows []row, name, value string) map[string]any {
	info := make(map[string]any, len(rows))
	for _, row := range rows {
		if key, ok := row[name].(string); ok {
			info[key] = row[value]
		}
	}
	return info
}

// fault is a flag whose value makes replication unsafe.
type fault struct{ flag, bad, why string }

var faults = []fault{
	{"storage_wal_enabled", "false", "nothing is replicated while everything looks fine: start it with --storage-wal-enabled=true"},
	{"storage_snapshot_on_exit", "true", "stopping takes as long as a snapshot, which also keeps a history that cannot be promoted: start it with --storage-snapshot-on-exit=false"},
	{"replication_restore_state_on_startup", "false", "it forgets its role and its replicas when it restarts: start it with --replication-restore-state-on-startup=true"},
	{"data_recovery_on_startup", "false", "it comes back empty when it restarts: start it with --data-recovery-on-startup=true"},
}

// Check looks for settings with which replication stops without any error, or
// does not survive a restart. Each warning names the setting and what to do.
func (c *Client) Check(ctx context.Context) (warnings []string, err error) {
	err = c.call(ctx, "check the settings of "+c.config.Name, c.config.Timeout, func(ctx context.Context) error {
		rows, err := c.statement(ctx, showConfig)
		if err != nil {
			return err
		}
		info, err := c.storageInfo(ctx)
		if err != nil {
			return err
		}
		warnings = c.warnings(pairs(rows, "name", "current_value"), info)
		return nil
	})
	return warnings, err
}

// warnings says nothing of a flag that is not there: versions differ.
func (c *Client) warnings(flags, info map[string]any) []string {
	var warnings []string
	for _, fault := range faults {
		if value, ok := flags[fault.flag]; ok && strings.EqualFold(fmt.Sprint(value), fault.bad) {
			warnings = append(warnings, fmt.Sprintf("%s: %s is %s: %s", c.config.Name, fault.flag, fault.bad, fault.why))
		}
	}
	if mode, ok := info["storage_mode"]; ok && mode != transactional {
		warnings = append(warnings, fmt.Sprintf("%s: storage_mode is %v: nothing is replicated: run STORAGE MODE %s", c.config.Name, mode, transactional))
	}
	return warnings
}
