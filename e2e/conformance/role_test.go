package conformance

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	alreadyOrBusyMain    = "Couldn't set replication role to main!"
	alreadyOrBusyReplica = "Couldn't set role to replica!"
)

func TestRoleChangesAreNotIdempotent(t *testing.T) {
	fact(t, "2.7", "02")
	a, b, _ := trio(t)
	a.refuse(toMain, final, alreadyOrBusyMain)
	a.is("main")
	b.refuse(b.toReplica(), final, alreadyOrBusyReplica)
	b.refuse(toReplicaAt(10777), final, alreadyOrBusyReplica)
	b.is("replica")
}

func TestRoleChangeSyntax(t *testing.T) {
	fact(t, "02")
	a := lone(t)
	a.refuse("SET REPLICATION ROLE TO REPLICA", final, "Replica must set a port!")
	a.refuse("SET REPLICATION ROLE TO MAIN WITH PORT 10003", final, "Main can't set a port!")
	a.is("main")
}

func TestReplicationStatementsMustBeAutocommit(t *testing.T) {
	fact(t, "2.2", "01")
	a := lone(t)
	for _, query := range []string{"SHOW REPLICATION ROLE", "SHOW REPLICAS", a.toReplica()} {
		a.refused(a.explicitly(query), final, "Managing replication is not allowed in multicommand transactions", query)
	}
	a.is("main")
}

func TestDemotionOntoATakenPortLeavesAReplicaWithoutAServer(t *testing.T) {
	fact(t, "2.8", "13a")
	needs(t, fresh)
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	b.refuse(toReplicaAt(b.boltPort()), final, alreadyOrBusyReplica)
	b.is("replica")
	b.refuse("CREATE (:X)", final, "forbidden on the replica")
	b.refuse(b.toReplica(), final, alreadyOrBusyReplica)
	a.refuseRegister(b, "ASYNC", 5)
	b.promote()
	b.demote()
	a.run("DROP REPLICA b")
	a.register(b, "ASYNC")
}

func TestRoleChangesForgetTheReplicas(t *testing.T) {
	fact(t, "08a", "09")
	a, b, _ := cluster(t)
	a.demote()
	a.promote()
	a.showsNone()
	b.is("replica")
	a.demote()
	b.promote()
	b.showsNone()
}

func TestSwitchoverLosesNothing(t *testing.T) {
	fact(t, "3.9a", "09")
	a, b, c := cluster(t)
	a.create(1)
	a.demote()
	b.promote()
	b.register(a, "STRICT_SYNC")
	b.register(c, "ASYNC")
	b.create(2)
	a.has(1, 2)
	b.has(1, 2)
	c.getsTo(1, 2)
}

// A drill finds its node by it before and after a failover.
func TestANodeKeepsItsIDOnTheNextMain(t *testing.T) {
	fact(t, "S4")
	a, b, c := cluster(t)
	a.create(1)
	id := a.run("CREATE (n:D {count: 0}) RETURN id(n) AS id").rows[0][0]
	find := fmt.Sprintf("MATCH (n:D) WHERE id(n) = %d ", id)
	a.expect(find+"SET n.count = 1 RETURN n.count AS count", []any{int64(1)})
	b.expect(find+"RETURN n.count AS count", []any{int64(1)})
	a.demote()
	b.promote()
	b.register(a, "STRICT_SYNC")
	b.register(c, "ASYNC")
	b.expect(find+"SET n.count = 2 RETURN n.count AS count", []any{int64(2)})
	a.expect(find+"RETURN n.count AS count", []any{int64(2)})
	b.run(find + "DELETE n")
	require.Empty(t, b.run(find+"RETURN n.count AS count").rows)
}

func TestTransactionOpenOnADemotedMainCannotCommit(t *testing.T) {
	fact(t, "3.9b", "09", "13d")
	a, _, _ := cluster(t)
	a.create(1)
	tx := a.begin()
	_, err := tx.Run(t.Context(), creation(2), nil)
	require.NoError(t, err)
	a.demote()
	a.refused(tx.Commit(t.Context()), final, "Cannot commit because instance is not main anymore.", "COMMIT")
	a.has(1)
}
