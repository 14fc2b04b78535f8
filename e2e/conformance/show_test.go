package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFreshInstanceIsAMainWithoutReplicas(t *testing.T) {
	fact(t, "2.1", "2.3", "01")
	needs(t, fresh)
	a := lone(t)
	role := a.run("SHOW REPLICATION ROLE")
	require.Equal(t, table{columns: []string{"replication role"}, rows: [][]any{{"main"}}}, role)
	a.showsNone()
	a.has()
}

func TestRoleIsOneColumn(t *testing.T) {
	fact(t, "2.3", "01", "02")
	a, b, _ := trio(t)
	const column = "replication role"
	require.Equal(t, table{columns: []string{column}, rows: [][]any{{"main"}}}, a.run("SHOW REPLICATION ROLE"))
	require.Equal(t, table{columns: []string{column}, rows: [][]any{{"replica"}}}, b.run("SHOW REPLICATION ROLE"))
}

// storageInfo is the statement that has the counts: since 3.11 the bare one is
// about the whole instance.
func (i *instance) storageInfo() map[string]any {
	i.t.Helper()
	shown, err := i.try("SHOW STORAGE INFO ON CURRENT DATABASE")
	if !i.changed(storageInfoSplit) {
		i.refused(err, final, "", "SHOW STORAGE INFO ON CURRENT DATABASE") // the old grammar
		shown = i.run("SHOW STORAGE INFO")
	}
	require.Equal(i.t, []string{"storage info", "value"}, shown.columns)
	info := map[string]any{}
	for _, row := range shown.rows {
		info[row[0].(string)] = row[1]
	}
	return info
}

func TestStorageInfo(t *testing.T) {
	fact(t, "01", "02")
	a := lone(t)
	a.run("CREATE (:P {id: 1})-[:R]->(:P {id: 2})")
	info := a.storageInfo()
	require.Equal(t, "memgraph", info["name"])
	require.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`), info["database_uuid"])
	require.Equal(t, int64(2), info["vertex_count"])
	require.Equal(t, int64(1), info["edge_count"])
	require.IsType(t, 0.0, info["average_degree"])
	require.Equal(t, "IN_MEMORY_TRANSACTIONAL", info["storage_mode"])
}

func TestReplicasTakeTheUUIDOfTheirMain(t *testing.T) {
	fact(t, "02")
	needs(t, fresh)
	a, b, _ := trio(t)
	require.NotEqual(t, a.storageInfo()["database_uuid"], b.storageInfo()["database_uuid"])
	a.register(b, "SYNC")
	require.Equal(t, a.storageInfo()["database_uuid"], b.storageInfo()["database_uuid"])
}

func TestShowReplicasOfEachMode(t *testing.T) {
	fact(t, "2.4", "2.5", "02")
	a, b, c := clusterOf(t, "SYNC", "ASYNC")
	ts := a.shows("b", "ready").ts
	require.Equal(t, map[string]row{
		"b": {address: b.address(), mode: "sync", status: "ready", ts: ts},
		"c": {address: c.address(), mode: "async", status: "ready", ts: ts},
	}, a.replicas())
	a.run("DROP REPLICA b")
	a.register(b, "STRICT_SYNC")
	require.Equal(t, "strict_sync", a.replicas()["b"].mode)
}

func TestTimestampsGrowWithCommitsAndBehindIsNegativeWhileAReplicaLags(t *testing.T) {
	fact(t, "2.4", "2.6", "02", "06")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	first := a.shows("b", "ready")
	require.Positive(t, first.ts)
	require.Zero(t, first.behind)
	a.create(2)
	second := a.shows("b", "ready")
	require.Greater(t, second.ts, first.ts)
	b.kill()
	a.createUnconfirmed(3, "SYNC")
	require.Negative(t, a.shows("b", "invalid").behind)
}

func TestReplicaRefusesShowReplicas(t *testing.T) {
	fact(t, "02")
	_, b, _ := trio(t)
	b.is("replica")
	b.refuse("SHOW REPLICAS", final, "Show replicas query should only be run on the main instance.")
}

func TestShowConfigNamesTheFlagsThatReplicationNeeds(t *testing.T) {
	fact(t, "S3")
	a := lone(t)
	shown := a.run("SHOW CONFIG")
	require.Equal(t, []string{"name", "default_value", "current_value", "description"}, shown.columns)
	values := map[any]any{}
	for _, row := range shown.rows {
		values[row[0]] = row[2]
	}
	require.Equal(t, "true", values["storage_wal_enabled"])
	require.Equal(t, "false", values["storage_snapshot_on_exit"])
	require.Equal(t, "true", values["replication_restore_state_on_startup"])
	require.Equal(t, "true", values["data_recovery_on_startup"])
}

// What backups rest on: the path is that of a whole snapshot, and nothing else is needed to
// have the data back, as the same database.
func TestASnapshotAloneBringsTheDataBack(t *testing.T) {
	fact(t, "S5")
	needs(t, control, fresh)
	a := lone(t)
	here, ours := a.place.(*process)
	if !ours {
		skip(t, "its files are out of reach")
	}
	a.run("CREATE (:Kept {id: 1})-[:OF]->(:Kept {id: 2})")
	made := a.run("CREATE SNAPSHOT")
	require.Equal(t, []string{"path"}, made.columns)
	require.Len(t, made.rows, 1)
	path := made.rows[0][0].(string)
	if !filepath.IsAbs(path) {
		path = filepath.Join(here.data, path)
	}
	snapshot, err := os.ReadFile(path)
	require.NoError(t, err)
	before := a.storageInfo()["database_uuid"]
	a.run("CREATE (:Kept {id: 3})")

	a.kill()
	require.NoError(t, here.wipe())
	folder := filepath.Join(here.data, "snapshots")
	require.NoError(t, os.MkdirAll(folder, 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(folder, filepath.Base(path)), snapshot, 0o640))
	a.start()
	require.Equal(t, int64(2), a.run("MATCH (n:Kept) RETURN count(n)").rows[0][0])
	require.Equal(t, before, a.storageInfo()["database_uuid"])
}

func TestSnapshotsAreMadeByScheduleAndOldOnesGo(t *testing.T) {
	fact(t, "S6")
	needs(t, control, fresh)
	a := lone(t, "--storage-snapshot-interval=1", "--storage-snapshot-retention-count=2")
	seen := map[any]bool{}
	id := 0
	require.Eventually(t, func() bool {
		id++
		a.run(fmt.Sprintf("CREATE (:Kept {id: %d})", id))
		paths := 0
		for _, row := range a.run("SHOW SNAPSHOTS").rows {
			if path, ok := row[0].(string); ok && path != "" {
				seen[path] = true
				paths++
			}
		}
		require.LessOrEqual(t, paths, 3, "two, and one that is being made")
		return len(seen) >= 4
	}, patience, pause*10, "snapshots come by themselves")
}
