package conformance

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplicaRefusesWrites(t *testing.T) {
	fact(t, "3.11a", "03")
	a, b, _ := cluster(t)
	a.create(1)
	for _, query := range []string{
		"CREATE (:P {id: 9})", "MATCH (n) SET n.x = 1", "MATCH (n) DETACH DELETE n", "MERGE (n:P {id: 1})",
		"MERGE (n:P {id: 12})", "CREATE INDEX ON :P(id)", "DROP INDEX ON :P(id)",
	} {
		b.refuse(query, final, "forbidden on the replica")
		b.refused(b.explicitly(query), final, "", query)
	}
	tries, err := b.managed("CREATE (:P {id: 9})")
	b.refused(err, final, "forbidden on the replica", "managed transaction")
	require.Equal(t, 1, tries)
	b.has(1)
}

func TestReplicaRefusesUsersAndSnapshots(t *testing.T) {
	fact(t, "4.4c", "03", "18I")
	_, b, _ := cluster(t)
	b.refuse("CREATE USER u IDENTIFIED BY 'p'", final, "forbidden on the replica")
	if b.changed(snapshotsOnReplicas) {
		b.run("CREATE SNAPSHOT")
	} else {
		b.refuse("CREATE SNAPSHOT", retryable, "Replica instances are not allowed to create them")
	}
}

func TestReplicaAnswersReads(t *testing.T) {
	fact(t, "04")
	a, b, _ := cluster(t)
	a.run("CREATE (:P {id: 1})-[:R]->(:P {id: 2})")
	b.has(1, 2)
	b.expect("MATCH (n)-[r]->(m) RETURN count(r)", []any{int64(1)})
	b.expect("RETURN 1", []any{int64(1)})
	require.Equal(t, int64(2), b.storageInfo()["vertex_count"])
}

// From 3.13 on a main with replicas refuses the mode (memgraph.md A.9), which is as well.
func TestWhatAMainWritesInAnalyticalModeReachesNoReplica(t *testing.T) {
	fact(t, "S7")
	needs(t, fresh)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	require.Equal(t, "IN_MEMORY_TRANSACTIONAL", a.storageInfo()["storage_mode"])
	if _, err := a.try("STORAGE MODE IN_MEMORY_ANALYTICAL"); err != nil {
		require.Contains(t, strings.ToLower(err.Error()), "analytical")
		return
	}
	require.Equal(t, "IN_MEMORY_ANALYTICAL", a.storageInfo()["storage_mode"])
	a.create(2)
	a.shows("b", "ready")
	b.has(1)
	a.run("STORAGE MODE IN_MEMORY_TRANSACTIONAL")
	require.Equal(t, "IN_MEMORY_TRANSACTIONAL", a.storageInfo()["storage_mode"])
	a.shows("b", "ready")
	b.has(1)
}

func TestReplicaCanBeEmptiedWhileItsMainShowsItReady(t *testing.T) {
	fact(t, "3.11b", "04")
	needs(t, fresh)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.run("STORAGE MODE IN_MEMORY_ANALYTICAL")
	b.run("DROP GRAPH")
	b.run("STORAGE MODE IN_MEMORY_TRANSACTIONAL")
	b.has()
	a.shows("b", "ready")
	a.create(3)
	a.shows("b", "ready")
	b.has(3)
}
