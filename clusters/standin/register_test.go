package standin_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
)

func registered(code int, name string) string {
	return "Couldn't register replica " + name + ". Error: " + string(rune('0'+code))
}

func TestRegisterRefusesNamesAndEndpointsThatAreTaken(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.fails("mg1", register("b", "SYNC"), clientError, registered(1, "b"))
		l.fails("mg1", `REGISTER REPLICA b SYNC TO "127.0.0.1:10044"`, clientError, registered(1, "b"))
		l.fails("mg1", register("b", "ASYNC"), clientError, registered(1, "b"))
		l.fails("mg1", `REGISTER REPLICA b2 SYNC TO "127.0.0.1:10002"`, clientError, registered(2, "b2"))
		l.showsReplicas("mg1", "b sync ready 0 0", "c async ready 0 0")
	})
}

func TestRegisterOfAnUnreachableAddressLeavesAPhantom(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg3")
		l.fails("mg1", register("c", "SYNC"), clientError, registered(5, "c"))
		l.showsReplicas("mg1", "c sync {}")
		l.ok("mg1", create(1)) // it does not stop writes
		l.ok("mg3", toReplica(10003))
		l.settle()
		l.showsReplicas("mg1", "c sync {}")
		l.fails("mg1", register("c", "SYNC"), clientError, registered(1, "c"))

		l.restart("mg1") // makes it real, and it refuses
		l.settle()
		l.showsReplicas("mg1", "c sync invalid -2 0")
		l.fails("mg1", create(3), transientError, syncFailed)
		l.ok("mg1", "DROP REPLICA c", register("c", "SYNC"))
		l.settle()
		l.holds("mg3", 1, 3)
	})
}

func TestRegisterOfAMainIsError5(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg2", toReplica(10002), toMain)
		l.fails("mg1", register("b", "ASYNC"), clientError, registered(5, "b"))
		l.showsReplicas("mg1", "b async {}")
		l.ok("mg1", "DROP REPLICA b")
	})
}

func TestRegisterOfAFrozenReplicaTakesTenSecondsWithTheLockHeld(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg2", toReplica(10002))
		l.freeze("mg2", true)
		registering := l.background("mg1", register("b", "SYNC"))
		show := l.background("mg1", "SHOW REPLICATION ROLE")
		r := <-registering
		requireFailure(t, r.err, clientError, registered(5, "b"))
		require.Equal(t, 10*time.Second, r.took)
		require.Equal(t, 10*time.Second, (<-show).took, "even SHOW REPLICATION ROLE waits")
		l.showsReplicas("mg1", "b sync {}")
	})
}

func TestRegisterOfAReplicaWithDataOfItsOwnSucceedsAndStaysInvalid(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg2", "CREATE (:Own {id: 7})", toReplica(10002))
		l.ok("mg1", create(1), register("b", "SYNC"))
		l.showsReplicas("mg1", "b sync invalid -2 0")
		l.settle()
		l.showsReplicas("mg1", "b sync invalid -2 0")
		l.fails("mg1", create(2), transientError, syncFailed)
		l.ok("mg1", "DROP REPLICA b", register("b", "ASYNC"))
		l.showsReplicas("mg1", "b async invalid -4 0")
		l.ok("mg1", create(3))
		l.settle()
		l.showsReplicas("mg1", "b async invalid -6 0")
		l.holds("mg2", 7)
	})
}

func TestRegisterAtASecondMainTakesTheReplicaOverSilently(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", "DROP REPLICA c")
		l.ok("mg3", toMain, register("b", "SYNC"))
		l.showsReplicas("mg3", "b sync ready 0 0")
		l.fails("mg1", create(1), transientError, syncFailed)
		l.showsReplicas("mg1", "b sync invalid -2 0")
		l.ok("mg3", create(2))
		l.settle()
		l.showsReplicas("mg1", "b sync invalid -2 0")
		l.fails("mg1", create(3), transientError, syncFailed)
		l.holds("mg1", 1, 3)
		l.holds("mg2", 2)
		l.holds("mg3", 2)
	})
}

func TestRegisterOfADivergedReplicaLeavesAPhantomUntil313(t *testing.T) {
	for version, left := range map[string][]string{"3.6": {"a sync {}"}, "3.12": {"a sync {}"}, "3.13": nil} {
		t.Run(version, func(t *testing.T) {
			inVersion(t, version, func(l *lab) {
				l.cluster("ASYNC", "")
				l.ok("mg1", create(1))
				l.settle()
				l.kill("mg2")
				l.ok("mg1", create(100))
				l.kill("mg1")
				l.start("mg2")
				l.ok("mg2", toMain)
				l.start("mg1")
				l.ok("mg1", toReplica(10001))
				l.fails("mg2", register("a", "SYNC"), clientError, registered(3, "a"))
				require.Equal(t, left, l.replicas("mg2"))
				l.ok("mg2", create(2))
				l.holds("mg1", 1, 100)
			})
		})
	}
}

func TestRegisterNeedsAModeAndQuotesForADash(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1", "mg2")
		l.ok("mg2", toReplica(10002))
		require.ErrorContains(t, l.run("mg1", `REGISTER REPLICA b TO "127.0.0.1:10002"`).err, "mismatched input 'TO'")
		require.ErrorContains(t, l.run("mg1", `REGISTER REPLICA my-replica ASYNC TO "127.0.0.1:10002"`).err, "line 1 position 20")
		l.ok("mg1", "REGISTER REPLICA `my-replica` ASYNC TO \"127.0.0.1:10002\"")
		l.fails("mg1", "DROP REPLICA `My-Replica`", clientError, "Failed to unregister the replica My-Replica.")
		l.ok("mg1", "DROP REPLICA `my-replica`")
	})
}

func TestRegisterChecksAddresses(t *testing.T) {
	inLab(t, func(l *lab) {
		l.start("mg1")
		for _, address := range []string{"", "a:b", "a:1:2", "a:99999"} {
			r := l.run("mg1", `REGISTER REPLICA x ASYNC TO "`+address+`"`)
			require.ErrorContains(t, r.err, "Invalid socket address.", address)
		}
		l.fails("mg1", `REGISTER REPLICA x ASYNC TO "no-such-host.invalid"`, clientError, registered(5, "x"))
		require.Equal(t, "no-such-host.invalid:10000", l.ok("mg1", "SHOW REPLICAS").rows[0][1])
	})
}

func TestRegisterAndDropAreForMains(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.fails("mg2", register("c", "ASYNC"), clientError, "Replica can't register another replica!")
		l.fails("mg2", "DROP REPLICA c", clientError, "Replica can't unregister a replica! Please rerun the query on main in order to unregister a replica from the cluster.")
		r := l.fails("mg2", "SHOW REPLICAS", clientError, "Show replicas query should only be run on the main instance.")
		require.Len(t, r.fields, 5, "the columns come before the error")
		l.fails("mg1", "DROP REPLICA nosuch", clientError, "Failed to unregister the replica nosuch.")
	})
}

func TestDropOfADeadReplicaWorksAtOnce(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("STRICT_SYNC", "")
		l.kill("mg2")
		l.fails("mg1", create(1), transientError, strictFailed)
		r := l.ok("mg1", "DROP REPLICA b")
		require.Less(t, r.took, 10*time.Millisecond)
		l.ok("mg1", create(2))
		l.holds("mg1", 2)
	})
}

func TestDropOfASilentReplicaWithoutPendingWorkTakesASecond(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "")
		l.ok("mg1", create(1))
		l.freeze("mg2", true)
		time.Sleep(20 * time.Second)
		r := l.ok("mg1", "DROP REPLICA b")
		require.LessOrEqual(t, r.took, 1100*time.Millisecond)
		l.ok("mg1", create(2))
	})
}

func TestDropOfASilentReplicaWithPendingWorkKillsTheMain(t *testing.T) {
	for _, mode := range []string{"SYNC", "STRICT_SYNC", "ASYNC"} {
		t.Run(mode, func(t *testing.T) {
			inLab(t, func(l *lab) {
				l.cluster(mode, "")
				l.ok("mg1", create(1))
				l.settle()
				l.freeze("mg2", true)
				l.run("mg1", create(2)) // waits, and misses the replica
				l.run("mg1", create(3)) // has it checked
				begun := time.Now()
				dropping := l.background("mg1", "DROP REPLICA b")
				write := l.background("mg1", create(4))
				busy := l.run("mg1", "DROP REPLICA b")
				require.Error(t, busy.err)
				<-l.nodes["mg1"].Died()
				require.Error(t, (<-dropping).err)
				require.Error(t, (<-write).err, "writes hang along")
				require.Equal(t, &standin.Death{Code: 139, Reason: "segmentation fault"}, l.nodes["mg1"].Death())
				require.GreaterOrEqual(t, time.Since(begun), 33*time.Second)
				require.LessOrEqual(t, time.Since(begun), 68*time.Second)
				l.restart("mg1")
				l.showsReplicas("mg1")
			})
		})
	}
}

func TestDropAndRegisterAgainContinues(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("ASYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.ok("mg1", "DROP REPLICA b", create(2), register("b", "SYNC"))
		l.settle()
		l.showsReplicas("mg1", "c async ready 0 4", "b sync ready 0 4")

		// A dropped replica still believes in its main; promoted and demoted
		// without a write it is as good as before (13g, 13h).
		l.ok("mg1", "DROP REPLICA b")
		require.Equal(t, "replica", l.role("mg2"))
		l.ok("mg2", toMain)
		l.ok("mg1", create(3))
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", register("b", "SYNC"))
		l.settle()
		l.showsReplicas("mg1", "c async ready 0 6", "b sync ready 0 6")
		l.holds("mg2", 1, 2, 3)
	})
}

func TestRegisterBringsALargeReplicaUpFromASnapshot(t *testing.T) {
	inLab(t, func(l *lab) {
		l.startWith("mg1", func(c *standin.Config) {
			c.StorageWALFileSizeKiB, c.StorageSnapshotRetentionCount = 1, 1
		})
		l.start("mg2")
		l.ok("mg2", toReplica(10002))
		for n := range 5 {
			l.ok("mg1", "UNWIND range(1, 100) AS i CREATE (:P {id: i})")
			if n == 3 {
				l.ok("mg1", "CREATE SNAPSHOT")
			}
		}
		l.delay("mg1", 10*time.Millisecond)
		l.ok("mg1", register("b", "SYNC"))
		require.Equal(t, []string{"b sync recovery -10 0"}, l.replicas("mg1"))
		l.delay("mg1", 0)
		l.settle()
		require.Equal(t, []string{"b sync ready 0 10"}, l.replicas("mg1"))
		require.Equal(t, [][]any{{int64(500)}}, l.ok("mg2", "MATCH (n) RETURN count(n)").rows)

		l.restart("mg2") // what came as a snapshot and a log lasts
		l.settle()
		require.Equal(t, []string{"b sync ready 0 10"}, l.replicas("mg1"))
		require.Equal(t, [][]any{{int64(500)}}, l.ok("mg2", "MATCH (n) RETURN count(n)").rows)
		l.ok("mg1", create(1000))
	})
}
