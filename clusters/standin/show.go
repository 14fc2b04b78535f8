package standin

import (
	"fmt"
	"path"
	"strconv"
	"time"

	"memgraph-controller/clusters/standin/replication"
)

func (s *session) parseShow(r *reader) *statement {
	refused := func(err error) *statement {
		return reading(managingReplication, nil, func() ([][]any, error) { return nil, err })
	}
	switch {
	case r.is("SHOW", "REPLICATION", "ROLE"):
		return reading(managingReplication, []string{"replication role"}, s.showRole)
	case r.is("SHOW", "REPLICAS"):
		return reading(managingReplication, []string{"name", "socket_address", "sync_mode", "system_info", "data_info"}, s.showReplicas)
	case r.is("SHOW", "STORAGE", "INFO"):
		return s.parseStorageInfo(r)
	case r.is("SHOW", "VERSION"):
		return reading("Version information query", []string{"version"}, func() ([][]any, error) {
			return [][]any{{s.i.version.String()}}, nil
		})
	case r.is("SHOW", "USERS"):
		return reading(managingUsers, []string{"user"}, s.showUsers)
	case r.is("SHOW", "CONFIG"):
		return reading("Configuration information query", []string{"name", "default_value", "current_value", "description"}, s.showConfig)
	case r.is("SHOW", "LICENSE", "INFO"):
		return reading("Storage information query", []string{"license info", "value"}, showLicense)
	case r.is("SHOW", "DATABASES"), r.is("SHOW", "DATABASE"):
		return refused(refuse("Your license has an invalid type. To use multi-tenancy you need to have an enterprise license. \n"))
	case r.is("SHOW", "INSTANCES"), r.is("SHOW", "INSTANCE"):
		return refused(refuse("Coordinator was not initialized as coordinator port, coordinator id or management port were not set."))
	}
	return nil
}

func (s *session) showRole() ([][]any, error) {
	if s.i.isMain() {
		return [][]any{{"main"}}, nil
	}
	return [][]any{{"replica"}}, nil
}

// showReplicas reports what the main believes; no replica is asked. A negative
// behind is a lag.
func (s *session) showReplicas() ([][]any, error) {
	if !s.i.isMain() {
		return nil, refuse("Show replicas query should only be run on the main instance.")
	}
	durable := s.i.engine.position("").TS
	s.i.mu.Lock()
	defer s.i.mu.Unlock()
	var rows [][]any
	for _, r := range s.i.role.Replicas {
		rows = append(rows, []any{r.Name, r.Address, string(r.Mode), nil, dataInfo(r.peer, durable)})
	}
	return rows, nil
}

func dataInfo(peer *replication.Peer, durable uint64) map[string]any {
	if peer == nil {
		return map[string]any{}
	}
	status, ts := peer.State()
	return map[string]any{"memgraph": map[string]any{
		"status": string(status), "ts": int64(ts), "behind": int64(ts) - int64(durable),
	}}
}

func (s *session) showUsers() ([][]any, error) {
	var rows [][]any
	for _, name := range s.i.users.names() {
		rows = append(rows, []any{name})
	}
	return rows, nil
}

// parseStorageInfo: from 3.11 on the bare statement is about the instance, and
// ON CURRENT DATABASE about the data; before, the grammar does not know ON.
func (s *session) parseStorageInfo(r *reader) *statement {
	columns := []string{"storage info", "value"}
	split := s.i.version.atLeast(3, 11)
	if split && r.is("ON", "CURRENT", "DATABASE") {
		return reading("Storage information query", columns, s.showDatabaseInfo)
	}
	if split {
		return reading("Storage information query", columns, s.showInstanceInfo)
	}
	return reading("Storage information query", columns, s.showStorageInfo)
}

// Sizes are made up: there is nothing to be learnt from those of a stand-in.
const madeUpSize = "64.00MiB"

func (s *session) showStorageInfo() ([][]any, error) {
	return append(s.contentInfo(), []any{"vm_max_map_count", int64(65530)},
		[]any{"memory_res", madeUpSize}, []any{"peak_memory_res", madeUpSize},
		[]any{"unreleased_delta_objects", int64(0)}, []any{"disk_usage", madeUpSize},
		[]any{"memory_tracked", "0B"}, []any{"allocation_limit", "UNLIMITED"},
		[]any{"global_isolation_level", "SNAPSHOT_ISOLATION"}, []any{"session_isolation_level", ""},
		[]any{"next_session_isolation_level", ""}, []any{"storage_mode", string(s.i.storageMode())}), nil
}

func (s *session) contentInfo() [][]any {
	vertices, edges := s.i.engine.graph.Counts()
	degree := 0.0
	if vertices > 0 {
		degree = 2 * float64(edges) / float64(vertices)
	}
	return [][]any{
		{"name", "memgraph"}, {"database_uuid", s.i.engine.identity().Storage},
		{"vertex_count", vertices}, {"edge_count", edges}, {"average_degree", degree},
	}
}

func (s *session) showInstanceInfo() ([][]any, error) {
	return [][]any{
		{"vm_max_map_count", int64(65530)}, {"memory_res", madeUpSize}, {"peak_memory_res", madeUpSize},
		{"disk_usage", madeUpSize}, {"memory_tracked", "0B"}, {"memory_limit", "UNLIMITED"},
		{"license_memory_limit", "UNLIMITED"}, {"query+graph_memory_tracked", "0B"}, {"vector_index_memory_tracked", "0B"},
		{"global_isolation_level", "SNAPSHOT_ISOLATION"}, {"session_isolation_level", ""},
		{"next_session_isolation_level", ""}, {"global_storage_mode", string(s.i.storageMode())},
	}, nil
}

func (s *session) showDatabaseInfo() ([][]any, error) {
	content := s.contentInfo()
	rows := append([][]any{content[0], content[1], {"state", "HOT"}, {"storage_mode", string(s.i.storageMode())}}, content[2:]...)
	rows = append(rows, []any{"unreleased_delta_objects", int64(0)}, []any{"disk_usage", madeUpSize},
		[]any{"graph_memory_tracked", "0B"}, []any{"query_memory_tracked", "0B"},
		[]any{"storage_isolation_level", "SNAPSHOT_ISOLATION"})
	if s.i.version.atLeast(3, 12) {
		rows = append(rows, []any{"health", "ready"})
	}
	return rows, nil
}

func showLicense() ([][]any, error) {
	return [][]any{
		{"organization_name", ""}, {"license_key", ""}, {"is_valid", false}, {"license_type", ""},
		{"valid_until", ""}, {"memory_limit", "UNLIMITED"}, {"status", "You have not provided any license!"},
	}, nil
}

// showConfig lists the settings that a controller may want to check. The
// defaults are the binary's, not the packages'.
func (s *session) showConfig() ([][]any, error) {
	f := s.i.config.Flags
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	return [][]any{
		{"data_recovery_on_startup", "true", strconv.FormatBool(f.DataRecoveryOnStartup), "Controls whether the database recovers persisted data on startup."},
		{"replication_replica_check_frequency_sec", "1", seconds(f.ReplicationReplicaCheckFrequency), "The time duration between two replica checks/pings."},
		{"replication_restore_state_on_startup", "true", strconv.FormatBool(f.ReplicationRestoreStateOnStartup), "Restore replication state on startup."},
		{"storage_access_timeout_sec", "1", seconds(f.StorageAccessTimeout), "Storage's access timeout in seconds."},
		{"storage_snapshot_interval_sec", "300", seconds(f.StorageSnapshotInterval), "Storage snapshot creation interval in seconds."},
		{"storage_snapshot_on_exit", "false", strconv.FormatBool(f.StorageSnapshotOnExit), "Controls whether the storage creates another snapshot on exit."},
		{"storage_snapshot_retention_count", "3", strconv.Itoa(f.StorageSnapshotRetentionCount), "The number of snapshots that should always be kept."},
		{"storage_wal_enabled", "false", strconv.FormatBool(f.StorageWALEnabled), "Controls whether the storage uses write-ahead-logging."},
		{"storage_wal_file_flush_every_n_tx", "100000", strconv.Itoa(f.StorageWALFileFlushEveryNTx), "Issue a 'fsync' call after this amount of transactions are written to the WAL file."},
		{"storage_wal_file_size_kib", "20480", strconv.Itoa(f.StorageWALFileSizeKiB), "Minimum file size of each WAL file."},
	}, nil
}

func readableSize(bytes int) string { return fmt.Sprintf("%.2fKiB", float64(bytes)/1024) }

// snapshotTime is the time in a snapshot's name.
func snapshotTime(file string) string {
	name := path.Base(file)
	if len(name) < 14 {
		return ""
	}
	t, err := time.Parse("20060102150405", name[:14])
	if err != nil {
		return ""
	}
	return t.Format("2006-01-02 15:04:05")
}
