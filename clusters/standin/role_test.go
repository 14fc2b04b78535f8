package standin_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/bolt"
)

func TestRoleChangesAreNotIdempotent(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		l.fails("mg1", toMain, clientError, "Couldn't set replication role to main!")
		r := l.ok("mg1", toReplica(10001))
		require.Equal(t, []any{map[string]any{"code": "SetReplica", "severity": "INFO", "title": "Replica role set to REPLICA.", "description": ""}}, r.meta["notifications"])
		l.fails("mg1", toReplica(10001), clientError, "Couldn't set role to replica!")
		l.fails("mg1", toReplica(10099), clientError, "Couldn't set role to replica!")
	})
}

func TestRoleStatementsAreCheckedBeforeTheRole(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		l.fails("mg1", "SET REPLICATION ROLE TO MAIN WITH PORT 10001", clientError, "Main can't set a port!")
		l.fails("mg1", "SET REPLICATION ROLE TO REPLICA", clientError, "Replica must set a port!")
		l.fails("mg1", "SET REPLICATION ROLE TO REPLICA WITH PORT 99999", clientError, "Port number invalid!")
		require.Equal(t, "main", l.role("mg1"))
	})
}

// Transcript 13a.
func TestDemotionToATakenPortChangesTheRoleAllTheSame(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg1", toReplica(10001))
		l.fails("mg2", toReplica(10001), clientError, "Couldn't set role to replica!")
		require.Equal(t, "replica", l.role("mg2"))
		l.fails("mg2", create(1), clientError, replicaWrite)
		l.fails("mg2", toReplica(10002), clientError, "Couldn't set role to replica!")
		r := l.ok("mg2", toMain)
		require.Zero(t, r.took, "there is no server to close")
		l.ok("mg2", toReplica(10002))
	})
}

const replicaWrite = "Write queries are forbidden on the replica instance. Replica instances accept only read queries, while the main instance accepts read and write queries. Please retry your query on the main instance."

func TestPromotionTakesItsTime(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		require.Equal(t, 100*time.Millisecond, l.ok("mg2", toMain).took, "a main is attached")
		l.ok("mg2", toReplica(10002))
		require.Equal(t, 200*time.Millisecond, l.ok("mg2", toMain).took)
	})
}

// Transcript 09, controlled switchover.
func TestSwitchoverByDemotingFirst(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.ok("mg1", toReplica(10001))
		l.fails("mg1", "SHOW REPLICAS", clientError, "Show replicas query should only be run on the main instance.")
		l.ok("mg2", toMain, register("a", "SYNC"), register("c", "ASYNC"), create(2))
		l.settle()
		l.showsReplicas("mg2", "a sync ready 0 4", "c async ready 0 4")
		l.holds("mg1", 1, 2)
		l.holds("mg3", 1, 2)
	})
}

// Transcript 09, split brain.
func TestSplitBrainFeedsTheAsyncReplicaUntilItIsTaken(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.ok("mg2", toMain)
		l.showsReplicas("mg1", "b sync ready 0 2", "c async ready 0 2")
		l.fails("mg1", create(100), transientError, syncFailed)
		synctest.Wait()
		l.showsReplicas("mg1", "b sync invalid -2 2", "c async ready 0 4")
		l.ok("mg2", create(200))
		l.holds("mg3", 1, 100)
		l.refuses("mg2", "c", "ASYNC")
		l.fails("mg1", create(101), transientError, syncFailed)
		synctest.Wait()
		l.showsReplicas("mg1", "b sync invalid -4 2", "c async invalid -2 4")
		l.holds("mg3", 1, 100)
		l.ok("mg1", toReplica(10001))
		l.refuses("mg2", "a", "SYNC")
	})
}

func TestReplicaRefusesWrites(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", "CREATE (:P {id: 1})-[:R]->(:P {id: 2})")
		for _, query := range []string{
			create(9), "MATCH (n) SET n.x = 1", "MATCH (n) DETACH DELETE n", "MERGE (n:P {id: 1})",
			"CREATE INDEX ON :P(id)", "DROP INDEX ON :P(id)",
		} {
			l.fails("mg2", query, clientError, replicaWrite)
		}
		l.fails("mg2", "CREATE CONSTRAINT ON (n:P) ASSERT n.id IS UNIQUE", clientError, "Queries on replica shouldn't write.")
		r := l.fails("mg2", "CREATE SNAPSHOT", transientError, "Failed to create a snapshot. Replica instances are not allowed to create them.")
		require.Equal(t, []string{"path"}, r.fields)
		l.fails("mg2", "CREATE USER u IDENTIFIED BY 'p'", clientError, "Query forbidden on the replica! Update on MAIN, as it is the only source of truth for authentication data. MAIN will then replicate the update to connected REPLICAs")
		l.ok("mg2", "FREE MEMORY")
		l.holds("mg2", 1, 2)

		tx := l.begin("mg2")
		requireFailure(t, on(tx, create(9)).err, clientError, replicaWrite)
	})
}

// Transcript 03-04.
func TestReplicaCanBeEmptiedBehindItsMainsBack(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		l.fails("mg2", "DROP GRAPH", clientError, "Drop graph can not be used without IN_MEMORY_ANALYTICAL storage mode!")
		l.ok("mg2", "STORAGE MODE IN_MEMORY_ANALYTICAL", "DROP GRAPH", "STORAGE MODE IN_MEMORY_TRANSACTIONAL")
		l.holds("mg2")
		l.showsReplicas("mg1", "b sync ready 0 2")
		l.ok("mg1", create(3))
		l.showsReplicas("mg1", "b sync ready 0 4")
		l.holds("mg2", 3)
	})
}

func TestReplicaReadsAtSnapshotIsolation(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		reader := l.begin("mg2")
		const count = "MATCH (n) RETURN count(n)"
		require.Equal(t, [][]any{{int64(1)}}, on(reader, count).rows)
		l.ok("mg1", create(2))
		require.Equal(t, [][]any{{int64(1)}}, on(reader, count).rows)
		l.holds("mg2", 1, 2)
	})
}

func TestStatementsAreRefusedInTransactions(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		for query, what := range map[string]string{
			"SHOW REPLICATION ROLE":           "Managing replication",
			"SHOW REPLICAS":                   "Managing replication",
			toReplica(10001):                  "Managing replication",
			"CREATE USER u IDENTIFIED BY 'p'": "Managing users",
			"CREATE INDEX ON :P(id)":          "Index manipulation",
		} {
			tx := l.begin("mg1")
			err := on(tx, query).err
			requireFailure(t, err, clientError, what+" is not allowed in multicommand transactions. A multicommand transaction, also known as an explicit transaction, groups multiple commands into a single atomic operation. Instead, please use an implicit transaction, also knwon as an auto committing transaction, in order to execute this particular query. For more details, visit https://memgraph.com/docs")
			tx.Reset(l.t.Context())
		}
	})
}

func TestUnknownDatabaseIsRefused(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		s := l.session("mg1")
		_, err := s.Run(l.t.Context(), "RETURN 1", nil, bolt.TxOptions{Database: "neo4j"})
		requireFailure(t, err, transientError, `Tried to retrieve an unknown database "neo4j".`)
		_, err = s.Run(l.t.Context(), "RETURN 1", nil, bolt.TxOptions{Database: "memgraph"})
		require.NoError(t, err)
	})
}

func TestHeartbeatsCanBeSwitchedOffOrSlowed(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) { c.ReplicationReplicaCheckFrequency = 5 * time.Second })
		l.start("mg2")
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", "ASYNC"))
		l.kill("mg2")
		time.Sleep(12 * time.Second)
		l.showsReplicas("mg1", "b async ready 0 0")
		time.Sleep(4 * time.Second)
		l.showsReplicas("mg1", "b async invalid 0 0")
	})
}
