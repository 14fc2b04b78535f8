package standin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	standin "memgraph-controller/clusters/standin"
)

// The cases of transcripts 16, 17, 18 and 18b: after which histories a new main
// accepts the others, and after which it refuses them though all data are equal.

func refused(name string) string { return "Couldn't register replica " + name + ". Error: 3" }

// refuses checks a registration that ends in Error 3.
func (l *lab) refuses(main, name, mode string) {
	l.t.Helper()
	l.fails(main, register(name, mode), clientError, refused(name))
}

// promotes kills the main mg1, promotes another and brings mg1 back as a
// replica that is not registered yet.
func (l *lab) promotes(name string) {
	l.t.Helper()
	l.kill("mg1")
	l.ok(name, toMain)
	l.start("mg1")
	l.ok("mg1", toReplica(10001))
}

func TestHistory16aPromotionIsCleanWithoutARestart(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "SYNC")
		l.ok("mg1", create(1), create(2), create(3), create(4))
		l.showsReplicas("mg1", "b sync ready 0 8", "c sync ready 0 8")
		l.kill("mg1")
		l.ok("mg2", toMain)
		l.holds("mg2", 1, 2, 3, 4)
		l.ok("mg2", register("c", "SYNC"))
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		l.ok("mg2", register("a", "SYNC"))
		l.showsReplicas("mg2", "c sync ready 0 8", "a sync ready 0 8")
		l.holds("mg1", 1, 2, 3, 4)
	})
}

func TestHistory16aPromotionAfterARestartRefusesEverybody(t *testing.T) {
	restarts := map[string]func(l *lab){
		"kill": func(l *lab) { l.restart("mg2") },
		"terminate": func(l *lab) {
			require.NoError(l.t, l.nodes["mg2"].Shutdown(l.t.Context()))
			l.start("mg2")
		},
		"kill, drop and register again": func(l *lab) {
			l.restart("mg2")
			l.settle()
			l.ok("mg1", "DROP REPLICA b", register("b", "SYNC"))
		},
	}
	for name, restart := range restarts {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				l.cluster("SYNC", "SYNC")
				l.ok("mg1", create(1), create(2))
				restart(l)
				l.settle()
				l.ok("mg1", create(3), create(4))
				l.promotes("mg2")
				l.refuses("mg2", "c", "SYNC")
				l.refuses("mg2", "a", "SYNC")
				l.showsReplicas("mg2", "c sync {}", "a sync {}")
				for _, each := range []string{"mg1", "mg2", "mg3"} {
					l.holds(each, 1, 2, 3, 4)
				}
			})
		})
	}
}

func TestHistory16bARestartOfTheOldMainDoesNoHarm(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "SYNC")
		l.ok("mg1", create(1))
		l.restart("mg1")
		l.showsReplicas("mg1", "b sync ready 0 2", "c sync ready 0 2")
		l.ok("mg1", create(2))
		l.kill("mg1")
		l.ok("mg2", toMain, register("c", "SYNC"))
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		l.ok("mg2", register("a", "SYNC"))
		l.showsReplicas("mg2", "c sync ready 0 5", "a sync ready 0 5")
	})
}

func TestHistory16cASecondFailoverIsClean(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "ASYNC")
		l.ok("mg1", create(1))
		l.settle()
		l.kill("mg1")
		l.ok("mg2", toMain, register("c", "SYNC"), create(2))
		l.kill("mg2")
		l.ok("mg3", toMain, create(3))
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		l.ok("mg3", register("a", "SYNC"))
		l.start("mg2")
		l.ok("mg2", toReplica(10002))
		l.ok("mg3", register("b", "SYNC"))
		l.settle()
		l.showsReplicas("mg3", "a sync ready 0 6", "b sync ready 0 6")
		l.holds("mg1", 1, 2, 3)
		l.holds("mg2", 1, 2, 3)
	})
}

// poison leaves mg2 with a history that will refuse the others, mg1 dead.
func (l *lab) poison() {
	l.t.Helper()
	l.cluster("SYNC", "SYNC")
	l.ok("mg1", create(1))
	l.restart("mg2")
	l.settle()
	l.ok("mg1", create(2))
	l.kill("mg1")
}

// accepts registers mg3 and the returned mg1 at mg2.
func (l *lab) accepts() {
	l.t.Helper()
	l.ok("mg2", register("c", "SYNC"))
	l.start("mg1")
	l.ok("mg1", toReplica(10001))
	l.ok("mg2", register("a", "SYNC"))
	l.settle()
	l.ok("mg2", create(50))
	require.Equal(l.t, l.ids("mg2"), l.ids("mg1"))
	require.Equal(l.t, l.ids("mg2"), l.ids("mg3"))
}

func TestHistory17aRestartOfTheNewMainCures(t *testing.T) {
	inLab(t, func(l *lab) {
		l.poison()
		l.ok("mg2", toMain)
		l.restart("mg2")
		require.Equal(t, "main", l.role("mg2"))
		l.accepts()
		l.showsReplicas("mg2", "c sync ready 0 7", "a sync ready 0 7")
	})
}

func TestHistory17bRestartOfTheReplicaBeforeItsPromotionCures(t *testing.T) {
	inLab(t, func(l *lab) {
		l.poison()
		l.restart("mg2")
		l.ok("mg2", toMain)
		l.accepts()
		l.showsReplicas("mg2", "c sync ready 0 7", "a sync ready 0 7")
	})
}

func TestHistory17cRestartCuresAfterWritesToo(t *testing.T) {
	inLab(t, func(l *lab) {
		l.poison()
		l.ok("mg2", toMain, create(3))
		l.restart("mg2")
		l.accepts()
		l.showsReplicas("mg2", "c sync ready 0 10", "a sync ready 0 10")
	})
}

func TestHistory17dASnapshotOnExitKeepsTheBadHistory(t *testing.T) {
	inLab(t, func(l *lab) {
		l.poison()
		l.kill("mg2")
		l.startWith("mg2", func(c *standin.Config) { c.StorageSnapshotOnExit = true })
		l.poisonAgain()
		l.refuses("mg2", "c", "SYNC")
		l.ok("mg2", "DROP REPLICA c")
		require.NoError(t, l.nodes["mg2"].Shutdown(l.t.Context()))
		l.start("mg2")
		l.refuses("mg2", "c", "SYNC")
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		l.refuses("mg2", "a", "SYNC")
		l.showsReplicas("mg2", "c sync {}", "a sync {}")
	})
}

// poisonAgain: the restart that set a flag has cured mg2, so it takes another
// transaction of the old main before it is promoted.
func (l *lab) poisonAgain() {
	l.t.Helper()
	l.start("mg1")
	l.settle()
	l.ok("mg1", create(4))
	l.kill("mg1")
	l.ok("mg2", toMain)
}

func TestHistory17eAnEmptiedInstanceIsAccepted(t *testing.T) {
	inLab(t, func(l *lab) {
		l.poison()
		l.ok("mg2", toMain)
		l.refuses("mg2", "c", "SYNC")
		l.ok("mg2", "DROP REPLICA c")
		l.wipe("mg3")
		l.ok("mg3", toReplica(10003))
		l.ok("mg2", register("c", "SYNC"))
		l.settle()
		l.showsReplicas("mg2", "c sync ready 0 4")
		l.holds("mg3", 1, 2)
	})
}

func TestHistory17fAReplicaThatNeverRestartedIsClean(t *testing.T) {
	inLab(t, func(l *lab) {
		l.cluster("SYNC", "SYNC")
		l.ok("mg1", create(1))
		l.restart("mg2")
		l.settle()
		l.restart("mg1")
		l.settle()
		l.ok("mg1", create(2))
		l.kill("mg1")
		l.ok("mg3", toMain, register("b", "SYNC"))
		l.start("mg1")
		l.ok("mg1", toReplica(10001))
		l.ok("mg3", register("a", "SYNC"))
		l.showsReplicas("mg3", "b sync ready 0 5", "a sync ready 0 5")
	})
}

// strict is the cluster of transcript 18: mg2 votes, mg3 follows.
func (l *lab) strict() {
	l.t.Helper()
	l.cluster("STRICT_SYNC", "ASYNC")
	l.ok("mg1", create(1), create(2))
	l.settle()
}

// refresh makes the main begin another epoch.
func (l *lab) refresh() {
	l.t.Helper()
	l.ok("mg1", toReplica(10001), toMain, register("b", "STRICT_SYNC"), register("c", "ASYNC"))
}

func TestHistory18AControl(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		l.restart("mg2")
		l.settle()
		l.ok("mg1", create(3))
		l.settle()
		l.promotes("mg2")
		l.refuses("mg2", "c", "STRICT_SYNC")
		l.refuses("mg2", "a", "ASYNC")
	})
}

func TestHistory18BAnEpochRefreshAndOneTransactionPrevent(t *testing.T) {
	markers := map[string][]string{
		"a write":          {create(9)},
		"G: index markers": {"CREATE INDEX ON :__epoch", "DROP INDEX ON :__epoch"},
	}
	for name, marker := range markers {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				l.strict()
				l.restart("mg2")
				l.settle()
				l.ok("mg1", create(3))
				l.settle()
				l.refresh()
				l.ok("mg1", marker...)
				l.settle()
				l.promotes("mg2")
				l.ok("mg2", register("c", "STRICT_SYNC"), register("a", "ASYNC"))
				require.Equal(t, l.ids("mg2"), l.ids("mg1"))
				require.Equal(t, l.ids("mg2"), l.ids("mg3"))
			})
		})
	}
}

func TestHistory18CARefreshWithoutATransactionDoesNotHelp(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		l.restart("mg2")
		l.settle()
		l.ok("mg1", create(3))
		l.settle()
		l.refresh()
		l.promotes("mg2")
		l.refuses("mg2", "c", "STRICT_SYNC")
		l.refuses("mg2", "a", "ASYNC")
	})
}

func TestHistory18DARefreshAfterARestartAndWritesRefusesEverybody(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		l.restart("mg1")
		l.settle()
		l.ok("mg1", create(3))
		l.settle()
		l.ok("mg1", toReplica(10001), toMain)
		l.refuses("mg1", "b", "STRICT_SYNC")
		l.refuses("mg1", "c", "ASYNC")
		l.showsReplicas("mg1", "b strict_sync {}", "c async {}")
	})
}

func TestHistory18EARefreshRightAfterARestartIsFine(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		l.restart("mg1")
		l.refresh()
		l.ok("mg1", create(3), create(4))
		l.settle()
		l.promotes("mg2")
		l.ok("mg2", register("c", "STRICT_SYNC"), register("a", "ASYNC"))
		l.settle()
		l.showsReplicas("mg2", "c strict_sync ready 0 9", "a async ready 0 9")
		l.holds("mg1", 1, 2, 3, 4)
	})
}

func TestHistory18FARollingRestartWithARefresh(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		for n, name := range []string{"mg2", "mg3"} {
			l.restart(name)
			l.settle()
			l.ok("mg1", create(10+n))
			l.settle()
		}
		l.refresh()
		l.ok("mg1", create(20))
		l.settle()
		l.ok("mg1", toReplica(10001))
		l.ok("mg2", toMain, register("a", "STRICT_SYNC"), register("c", "ASYNC"), create(21))
		l.restart("mg1")
		l.settle()
		l.ok("mg2", create(22))
		l.settle()
		require.Equal(t, []string{"a strict_sync ready 0", "c async ready 0"}, trimTS(l.replicas("mg2")))
		require.Equal(t, l.ids("mg2"), l.ids("mg1"))
		require.Equal(t, l.ids("mg2"), l.ids("mg3"))
	})
}

func TestHistory18bHRestartCuresUnlessASnapshotWasTaken(t *testing.T) {
	for name, c := range map[string]struct {
		snapshot bool
		restart  func(l *lab)
	}{
		"H: terminated":                    {restart: func(l *lab) { require.NoError(l.t, l.nodes["mg2"].Shutdown(l.t.Context())); l.start("mg2") }},
		"H2: killed":                       {restart: func(l *lab) { l.restart("mg2") }},
		"H3: killed after CREATE SNAPSHOT": {snapshot: true, restart: func(l *lab) { l.restart("mg2") }},
	} {
		t.Run(name, func(t *testing.T) {
			inLab(t, func(l *lab) {
				l.poison()
				l.ok("mg2", toMain)
				if c.snapshot {
					l.ok("mg2", "CREATE SNAPSHOT")
				}
				c.restart(l)
				if c.snapshot {
					l.refuses("mg2", "c", "STRICT_SYNC")
				} else {
					l.ok("mg2", register("c", "STRICT_SYNC"))
				}
			})
		})
	}
}

func TestHistory18bJAReseededReplicaIsClean(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		l.wipe("mg2")
		l.ok("mg2", toReplica(10002))
		l.ok("mg1", "DROP REPLICA b", register("b", "STRICT_SYNC"))
		l.settle()
		l.ok("mg1", create(3))
		l.settle()
		l.kill("mg1")
		l.ok("mg2", toMain, register("c", "STRICT_SYNC"))
	})
}

func TestHistory18cOpenTransactionsLiveThroughARefresh(t *testing.T) {
	inLab(t, func(l *lab) {
		l.strict()
		wrote, read := l.begin("mg1"), l.begin("mg1")
		require.NoError(t, on(wrote, create(10)).err)
		require.NoError(t, on(read, "MATCH (n) RETURN count(n)").err)
		idle := l.session("mg1")
		l.refresh()
		require.NoError(t, on(wrote, create(11)).err)
		require.NoError(t, wrote.Commit(l.t.Context()))
		require.NoError(t, on(read, create(12)).err)
		require.NoError(t, read.Commit(l.t.Context()))
		require.NoError(t, on(idle, create(13)).err)
		l.settle()
		for _, name := range []string{"mg1", "mg2", "mg3"} {
			l.holds(name, 1, 2, 10, 11, 12, 13)
		}
	})
}

// trimTS drops the timestamp from lines of SHOW REPLICAS.
func trimTS(lines []string) []string {
	var short []string
	for _, line := range lines {
		for i := len(line) - 1; i >= 0; i-- {
			if line[i] == ' ' {
				short = append(short, line[:i])
				break
			}
		}
	}
	return short
}
