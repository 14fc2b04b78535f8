package conformance

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReplicaRefusesWrites(t *testing.T) { // transcript 03
	t.Parallel()
	a, b, _ := cluster(t)
	a.create(1)
	for _, query := range []string{
		"CREATE (:P {id: 9})", "MATCH (n) SET n.x = 1", "MATCH (n) DETACH DELETE n", "MERGE (n:P {id: 1})",
		"MERGE (n:P {id: 12})", "CREATE INDEX ON :P(id)", "DROP INDEX ON :P(id)",
	} {
		b.refuse(query, final, "forbidden on the replica")
		b.refused(b.explicitly(query), final, "", query)
	}
	b.has(1)
}

func TestReplicaRefusesUsersAndSnapshots(t *testing.T) { // transcripts 03 and 18b
	t.Parallel()
	_, b, _ := cluster(t)
	b.refuse("CREATE USER u IDENTIFIED BY 'p'", final, "forbidden on the replica")
	if !b.since(8) { // 3.7.2 and later take snapshots on replicas
		b.refuse("CREATE SNAPSHOT", retryable, "Replica instances are not allowed to create them")
	}
}

func TestReplicaAnswersReads(t *testing.T) { // transcript 04
	t.Parallel()
	a, b, _ := cluster(t)
	a.run("CREATE (:P {id: 1})-[:R]->(:P {id: 2})")
	b.has(1, 2)
	b.expect("MATCH (n)-[r]->(m) RETURN count(r)", []any{int64(1)})
	b.expect("RETURN 1", []any{int64(1)})
	require.Equal(t, int64(2), b.storageInfo()["vertex_count"])
}

func TestReplicaCanBeEmptiedWhileItsMainShowsItReady(t *testing.T) { // transcript 04
	t.Parallel()
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
