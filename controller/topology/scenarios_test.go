package topology_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
)

// The failure scenarios of memgraph.md part E, and where each is tested. A number
// also stands at its tests. Files of this package are named without _test.go.
//
//	1  main restarts in place         rules, scenarios
//	2  main behind a partition        scenarios
//	3  main hangs                     scenarios
//	4  main stalls behind its voter   next, scenarios_voter
//	5  voter restarts                 rules, scenarios_voter
//	6  voter gone for long            next, rules, scenarios_voter
//	7  voter shown ready but stale    vote
//	8  main and voter gone            next, scenarios
//	9  main comes back empty          next, scenarios
//	10 old main returns as main       scenarios
//	11 old main feeds a replica       scenarios
//	12 old main has a write too many  next, rules, scenarios, scenarios_replica
//	13 REGISTER fails                 scenarios_replica; its error codes: package memgraph
//	14 invalid for ever               scenarios_replica
//	15 main lost its last writes      next, scenarios
//	16 plan interrupted               scenarios_leader
//	17 two controllers act            not here: lease and compare-and-swap, package controller
//	18 no record                      scenarios_leader
//	19 no main                        scenarios_leader
//	20 switchover                     next, rules, scenarios_voter
//	21 pod deleted by force           scenarios, as 1
//	22 promotion fails                scenarios
//	23 second phase failed silently   vote, scenarios_voter; while the voter's process lives
//	                                  and the main is lost at once nobody can tell (F.2.1)
//	24 replica in doubt               readpool, scenarios
//	25 read pool                      readpool
//	26 commit in flight at a cut      not here: the gateway cuts, and replays nothing; that no
//	                                  answer of an old main passes is an invariant of the world
//	27 address of somebody else       next, scenarios_replica; stable names: the chart
//	28 voter's disk full or slow      not here: an alert on aborted writes; for the core it is 4 or 5
//	29 starts fail again and again    crashloop
//	30 users are lost                 scenarios_replica
//	31 versions differ                scenarios_voter for the order of a rolling update; the core
//	                                  knows no versions
//	32 scale-down                     scenarios_voter
//	33 storage mode, WAL switched off unreplicated
//	34 no controller for hours        scenarios_leader; the gateways' part: package gateway

// never runs the world and requires that something does not happen meanwhile.
func never(t *testing.T, w *world, d time.Duration, what string, happens func() bool) {
	t.Helper()
	require.False(t, w.runUntil(d, happens), what)
	require.Empty(t, w.broken)
}

func (w *world) isMain(name string) func() bool {
	return func() bool { return w.record.Main == name && w.record.Gate == topology.GateOpen }
}

// E.1, E.10, E.21: a process that is gone is replaced at once, whether it comes
// back or not, and comes back as a replica.
func TestMainWhoseProcessIsGoneIsReplacedAndComesBackAsAReplica(t *testing.T) {
	w := begin(t, 3)
	w.databases["a"].kill()
	require.True(t, w.runUntil(time.Second, w.isMain("b")))
	w.run(5 * time.Second)
	w.databases["a"].start(w.startDelay)
	require.Equal(t, topology.RoleMain, w.databases["a"].role, "it says so, and nobody minds")
	never(t, w, 5*time.Second, "a takes writes", w.isMain("a"))
	require.Equal(t, topology.RoleReplica, w.databases["a"].role)
	healed(t, w)
}

// E.2: the leader waits until the gateway that is cut off together with the main
// has silenced itself (the world checks it at each promotion).
func TestMainBehindAPartitionIsReplacedWhenNoGatewayReachesItAnyMore(t *testing.T) {
	w := begin(t, 3)
	w.cutOff("a", true)
	w.gateways[0].away = true
	never(t, w, isolation, "b is promoted", func() bool { return w.databases["b"].role == topology.RoleMain })
	require.True(t, w.runUntil(5*time.Second, w.isMain("b")))
	require.True(t, w.gateways[0].silenced)
	healed(t, w)
}

// E.2: clients write on until the gate closes, and not a write of theirs is lost.
func TestMainThatOnlyTheLeaderCannotReachIsCutOffFirst(t *testing.T) {
	w := begin(t, 3)
	w.hide("a")
	require.True(t, w.runUntil(5*time.Second, w.isMain("b")))
	require.Equal(t, topology.RoleMain, w.databases["a"].role)
	w.run(3 * time.Second)
	healed(t, w)
}

// E.3
func TestMainThatHangsIsReplacedAndDemotedWhenItGoesOn(t *testing.T) {
	w := begin(t, 3)
	w.freeze("a", true)
	never(t, w, silenceAfter-tick, "silence takes its time", w.isMain("b"))
	require.True(t, w.runUntil(2*time.Second, w.isMain("b")))
	w.freeze("a", false)
	w.run(time.Second)
	require.Equal(t, topology.RoleReplica, w.databases["a"].role)
	healed(t, w)
}

// E.8
func TestNobodyWithoutEveryWriteFollowsALostMainAndVoter(t *testing.T) {
	for _, back := range []string{"a", "b"} {
		t.Run(back+" returns", func(t *testing.T) {
			w := begin(t, 3)
			w.databases["a"].kill()
			w.databases["b"].kill()
			never(t, w, time.Minute, "c takes writes", w.isMain("c"))
			require.Equal(t, topology.RoleReplica, w.databases["c"].role)
			require.Contains(t, w.reason(), "failover --force")
			w.databases[back].start(w.startDelay)
			w.run(5 * time.Second)
			healed(t, w)
		})
	}
}

// E.9
func TestMainThatComesBackWithoutItsDataIsReplaced(t *testing.T) {
	w := begin(t, 3)
	w.loseDisk("a")
	w.databases["a"].start(w.startDelay)
	require.True(t, w.runUntil(5*time.Second, w.isMain("b")))
	healed(t, w)
}

// E.9: once it was registered it has the UUID of the data, but not yet the data.
func TestOldMainThatLostItsDiskDoesNotStandInForTheNewOne(t *testing.T) {
	w := begin(t, 2)
	w.storageDelay = 600 * time.Millisecond
	w.loseDisk("a")
	w.databases["a"].start(w.startDelay)
	require.True(t, w.runUntil(10*time.Second, func() bool { return w.databases["b"].replica("a") != nil }))
	w.databases["b"].kill()
	never(t, w, 10*time.Second, "a is promoted", func() bool { return w.databases["a"].role == topology.RoleMain })
	healed(t, w)
}

// E.11: c cannot be registered at the new main before the old one is back, which
// still has it on its list.
func TestOldMainFeedsNobodyWhenItReturnsTogetherWithAReplica(t *testing.T) {
	w := begin(t, 3)
	w.databases["a"].kill()
	w.cutOff("c", true)
	w.run(10 * time.Second)
	w.databases["a"].start(w.startDelay)
	w.cutOff("c", false)
	w.run(5 * time.Second)
	healed(t, w)
}

// E.12
func TestOldMainWithAWriteOfItsOwnIsReseeded(t *testing.T) {
	w := begin(t, 3)
	a := w.databases["a"]
	a.kill()
	a.append(txn{ts: a.ldt() + 2, epoch: a.epoch, id: w.writeID()})
	require.True(t, w.runUntil(time.Second, w.isMain("b")))
	a.start(w.startDelay)
	quarantined := func() bool { return w.record.Members["a"].Quarantined != nil }
	require.True(t, w.runUntil(10*time.Second, quarantined))
	require.Contains(t, w.record.Members["a"].Quarantined.Reason, "diverged")
	healed(t, w)
}

// E.15: "ready" is what the main's list says of replicas that have more than it.
func TestMainWhoseNodeLostItsLastWritesHandsOverToAReplicaThatHasThem(t *testing.T) {
	for name, down := range map[string]time.Duration{"back at once": 0, "back later": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, 3)
			w.databases["a"].kill()
			w.databases["a"].loseTail(3)
			if down > 0 {
				w.run(down)
			}
			w.databases["a"].start(w.startDelay)
			require.True(t, w.runUntil(10*time.Second, w.isMain("b")))
			healed(t, w)
		})
	}
}

// E.22
func TestPromotionThatFindsALockTakenIsTriedAgain(t *testing.T) {
	w := begin(t, 3)
	w.databases["b"].busy = 5
	w.databases["a"].kill()
	require.True(t, w.runUntil(2*time.Second, w.isMain("b")))
	require.Zero(t, w.databases["b"].busy)
	healed(t, w)
}

// E.22: an heir that does not get through is never bypassed by one that may lack
// writes; the old main is the other one that has them all.
func TestHeirThatHangsIsReplacedByTheOldMainOnly(t *testing.T) {
	w := begin(t, 3)
	w.databases["a"].kill()
	require.True(t, w.runUntil(time.Second, func() bool { return w.record.Heir == "b" }))
	w.freeze("b", true)
	never(t, w, 10*time.Second, "c takes writes", w.isMain("c"))
	w.databases["a"].start(w.startDelay)
	require.True(t, w.runUntil(5*time.Second, w.isMain("a")))
	healed(t, w)
}

// E.24
func TestReplicaInDoubtDoesNotKeepTheVoterFromFollowing(t *testing.T) {
	for name, doubt := range map[string]func(*topology.Instance){
		"it has diverged":     func(i *topology.Instance) { i.Refused = 3 },
		"it is silent":        func(i *topology.Instance) { i.Health = topology.HealthSilent },
		"it says it is main":  func(i *topology.Instance) { i.Answer.Role = topology.RoleMain },
		"its data are others": func(i *topology.Instance) { i.Database = "foreign" },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene()
			s.change("c", doubt)
			s.lose("a", topology.HealthDead)
			step, reason := s.next()
			require.Equal(t, "b", step.Record.Heir, reason)
		})
	}
}
