package standin_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// shape describes values by column: "name string", "vertex_count int64".
func shape(rows [][]any) []string {
	var lines []string
	for _, row := range rows {
		lines = append(lines, fmt.Sprintf("%v %T", row[0], row[1]))
	}
	return lines
}

func TestShowOfAFreshInstance(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		r := l.ok("mg1", "SHOW REPLICATION ROLE")
		require.Equal(t, []string{"replication role"}, r.fields)
		require.Equal(t, [][]any{{"main"}}, r.rows)
		r = l.ok("mg1", "show replicas;")
		require.Equal(t, []string{"name", "socket_address", "sync_mode", "system_info", "data_info"}, r.fields)
		require.Empty(t, r.rows)
		r = l.ok("mg1", "SHOW VERSION")
		require.Equal(t, []string{"version"}, r.fields)
		require.Equal(t, [][]any{{"3.6.2"}}, r.rows)
		r = l.ok("mg1", "SHOW LICENSE INFO")
		require.Equal(t, []string{"license info", "value"}, r.fields)
		require.Len(t, r.rows, 7)
		l.fails("mg1", "SHOW DATABASES", clientError, "Your license has an invalid type. To use multi-tenancy you need to have an enterprise license. \n")
		l.fails("mg1", "SHOW INSTANCES", clientError, "Coordinator was not initialized as coordinator port, coordinator id or management port were not set.")
		l.fails("mg1", "SHOW INSTANCE", clientError, "Coordinator was not initialized as coordinator port, coordinator id or management port were not set.")
	})
}

func TestShowReplicasHasTheTypesOfMemgraph(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		require.Equal(t, [][]any{{"b", "127.0.0.1:10002", "sync", nil, map[string]any{
			"memgraph": map[string]any{"behind": int64(0), "status": "ready", "ts": int64(2)},
		}}}, l.ok("mg1", "SHOW REPLICAS").rows)
	})
}

func TestShowStorageInfoUntil310(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", "CREATE (:P)-[:R]->(:P)")
		r := l.ok("mg1", "SHOW STORAGE INFO")
		require.Equal(t, []string{"storage info", "value"}, r.fields)
		require.Equal(t, []string{
			"name string", "database_uuid string", "vertex_count int64", "edge_count int64", "average_degree float64",
			"vm_max_map_count int64", "memory_res string", "peak_memory_res string", "unreleased_delta_objects int64",
			"disk_usage string", "memory_tracked string", "allocation_limit string", "global_isolation_level string",
			"session_isolation_level string", "next_session_isolation_level string", "storage_mode string",
		}, shape(r.rows))
		require.Equal(t, []any{"vertex_count", int64(2)}, r.rows[2])
		require.Equal(t, []any{"average_degree", 1.0}, r.rows[4])
		require.Equal(t, r.rows[1], l.ok("mg2", "SHOW STORAGE INFO").rows[1], "the replica has its main's uuid")
		require.ErrorContains(t, l.run("mg1", "SHOW STORAGE INFO ON CURRENT DATABASE").err, "mismatched input 'ON'")
	})
}

func TestShowStorageInfoFrom311IsSplit(t *testing.T) {
	inVersion(t, "3.12", func(l *lab) {
		l.start("mg1")
		l.ok("mg1", create(1))
		r := l.ok("mg1", "SHOW STORAGE INFO")
		require.NotContains(t, shape(r.rows), "database_uuid string")
		require.Contains(t, shape(r.rows), "global_storage_mode string")
		r = l.ok("mg1", "SHOW STORAGE INFO ON CURRENT DATABASE")
		require.Equal(t, []any{"vertex_count", int64(1)}, r.rows[4])
		require.Contains(t, shape(r.rows), "database_uuid string")
		require.Contains(t, shape(r.rows), "health string")
	})
}

func TestShowConfigTellsWhetherThereIsALog(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		r := l.ok("mg1", "SHOW CONFIG")
		require.Equal(t, []string{"name", "default_value", "current_value", "description"}, r.fields)
		for _, row := range r.rows {
			if row[0] == "storage_wal_enabled" {
				require.Equal(t, []any{"storage_wal_enabled", "false", "true"}, row[:3])
				return
			}
		}
		require.Fail(t, "storage_wal_enabled is missing")
	})
}

func TestShowAndTerminateTransactions(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		tx := l.begin("mg1")
		require.NoError(t, on(tx, create(1)).err)
		r := l.ok("mg1", "SHOW TRANSACTIONS")
		require.Equal(t, []string{"username", "transaction_id", "query", "metadata"}, r.fields)
		require.Len(t, r.rows, 2)
		require.Equal(t, []any{create(1)}, r.rows[0][2])
		require.Equal(t, []any{"SHOW TRANSACTIONS"}, r.rows[1][2])

		id := r.rows[0][1].(string)
		r = l.ok("mg1", "TERMINATE TRANSACTIONS '"+id+"', '5'")
		require.Equal(t, [][]any{{id, true}, {"5", false}}, r.rows)
		require.Error(t, tx.Commit(l.t.Context()))
		l.holds("mg1")
		require.Len(t, l.ok("mg1", "SHOW TRANSACTIONS").rows, 1)
	})
}

func TestSnapshotsAreListedAndLimited(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		for id := range 5 {
			l.ok("mg1", create(id))
			r := l.ok("mg1", "CREATE SNAPSHOT")
			require.Equal(t, []string{"path"}, r.fields)
			require.Contains(t, r.rows[0][0], fmt.Sprintf("_timestamp_%d", 2*id+2))
		}
		r := l.ok("mg1", "SHOW SNAPSHOTS")
		require.Equal(t, []string{"path", "timestamp", "creation_time", "size"}, r.fields)
		require.Len(t, r.rows, 3)
		require.Equal(t, int64(10), r.rows[2][1])
		require.Equal(t, "2000-01-01 00:00:00", r.rows[2][2])
		l.restart("mg1")
		l.holds("mg1", 0, 1, 2, 3, 4)
	})
}

func TestStatementsThatAreMisspeltSayWhere(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		for query, want := range map[string]string{
			"SET REPLICATION ROLE TO KING":       "Error on line 1 position 25. The underlying parsing error is mismatched input 'KING' expecting REPLICA",
			"SHOW VERSION please":                "Error on line 1 position 14. The underlying parsing error is mismatched input 'please' expecting <EOF>",
			"REGISTER REPLICA\n b SYNC TO 10000": "Error on line 2 position 12. The underlying parsing error is mismatched input '10000' expecting an address",
		} {
			r := l.run("mg1", query)
			require.EqualError(t, r.err, want)
		}
		require.Error(t, l.run("mg1", "SYNTAX ERR").err)
	})
}
