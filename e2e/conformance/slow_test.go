package conformance

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The facts in which a replica is silent: frozen, so that its connections live
// and say nothing. Everything here takes from 3 to 90 s.

// stalled is a main whose commit waits for its frozen replica b, and how that
// commit ends.
func stalled(t *testing.T, mode string) (a, b *instance, commit chan error) {
	t.Helper()
	a, b, _ = trio(t)
	a.register(b, mode)
	a.create(1)
	b.stop()
	commit = make(chan error, 1)
	go func() {
		_, err := a.try(creation(2))
		commit <- err
	}()
	require.Eventually(t, func() bool { return a.replicas()["b"].status == "replicating" }, patience, pause)
	return a, b, commit
}

func TestFrozenVoterStallsTheMain(t *testing.T) {
	fact(t, "1.3a", "1.3b", "1.3c", "07", "14a", "14b", "14c")
	needs(t, control)
	slow(t)
	for mode, kept := range map[string][]int{"SYNC": {1, 2}, "STRICT_SYNC": {1}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			a, b, commit := stalled(t, mode)
			began := time.Now()
			a.is("main")
			a.shows("b", "replicating")
			a.refuse(a.toReplica(), final, alreadyOrBusyReplica)
			require.Less(t, time.Since(began), 5*time.Second, "these do not wait")
			a.run("RETURN 1")
			require.Greater(t, time.Since(began), 10*time.Second, "every transaction waits, a read too")
			a.unconfirmed(<-commit, mode, autocommit)
			a.shows("b", "invalid")
			a.has(kept...)

			b.cont()
			a.showsSoon("b", "ready")
			a.create(3)
			b.has(append(kept, 3)...)
		})
	}
}

func TestCaughtUpAsyncReplicaTakesOverFromAStalledMain(t *testing.T) {
	fact(t, "1.3f", "20M")
	needs(t, control)
	slow(t)
	a, b, c := cluster(t)
	a.create(1)
	a.showsSoon("c", "ready")
	b.stop()
	blocked := make(chan error, 1)
	go func() {
		_, err := a.try(creation(2))
		blocked <- err
	}()
	require.Eventually(t, func() bool { return a.replicas()["b"].status == "replicating" }, patience, pause)
	c.promote()
	c.create(3)
	a.kill()
	require.Error(t, <-blocked, "the blocked commit is never acknowledged")
	a.start()
	a.is("main")
	a.demote()
	b.cont()
	c.register(b, "STRICT_SYNC")
	c.register(a, "ASYNC")
	c.has(1, 3)
	b.has(1, 3)
	a.getsTo(1, 3)
}

func TestMainThatStallsDoesNotEndOnSIGTERM(t *testing.T) {
	fact(t, "1.3d", "14d")
	needs(t, control)
	slow(t)
	a, _, commit := stalled(t, "SYNC")
	time.Sleep(2 * time.Second) // by now a heartbeat waits behind the commit too
	a.send(syscall.SIGTERM)
	if a.changed(shutdownAborts) {
		a.ends(patience)
		t.Logf("the commit ended with %v", <-commit)
		return
	}
	select {
	case <-a.life.ended:
		require.Fail(t, "it ended")
	case <-time.After(10 * time.Second):
	}
	a.kill()
	require.Error(t, <-commit)
}

// silent is a main whose replica b is frozen, with work pending to it: a commit that
// was given up, and one that was refused.
func silent(t *testing.T, mode string) (a, b *instance) {
	t.Helper()
	a, b, commit := stalled(t, mode)
	a.unconfirmed(<-commit, mode, autocommit)
	a.createUnconfirmed(3, mode)
	return a, b
}

func TestDropOfASilentReplicaKillsOrHangsTheMain(t *testing.T) { // 6 of 6
	fact(t, "1.2a", "07", "20")
	needs(t, control)
	slow(t)
	a, _ := silent(t, "STRICT_SYNC")
	if a.changed(dropIsSafe) {
		a.run("DROP REPLICA b")
		a.create(4)
		return
	}
	if a.changed(dropAborts) {
		skip(t, "from 3.10 to 3.12 chance decides whether DROP REPLICA kills the main")
	}
	began := time.Now()
	_, err := a.try("DROP REPLICA b")
	require.Error(t, err)
	require.Greater(t, time.Since(began), 10*time.Second)
	_, err = a.try("RETURN 1")
	require.Error(t, err, "it died, or it hangs for good")
}

func TestDropOfAReplicaThatFellSilentWhileNothingWasWrittenWorks(t *testing.T) {
	fact(t, "1.2b", "14f")
	needs(t, control)
	slow(t)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.stop()
	a.showsSoon("b", "invalid")
	began := time.Now()
	a.run("DROP REPLICA b")
	require.Less(t, time.Since(began), patience)
	a.showsNone()
	a.create(2)
}

func TestDemotionAndPromotionAreRidOfASilentReplica(t *testing.T) {
	fact(t, "1.2e", "20N")
	needs(t, control)
	slow(t)
	a, _ := silent(t, "STRICT_SYNC")
	began := time.Now()
	a.untilDone(a.toReplica(), alreadyOrBusyReplica)
	a.promote()
	require.Less(t, time.Since(began), patience)
	a.showsNone()
	a.create(4)
	a.has(1, 4)
}

func TestReplicaIsPromotedWhileItsMainIsFrozen(t *testing.T) {
	fact(t, "14h")
	needs(t, control)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	a.stop()
	b.promote()
	b.create(9)
	a.cont()
	a.createUnconfirmed(10, "SYNC")
	a.has(1, 10)
	b.has(1, 9)
}

func TestRegisterOfAFrozenReplicaHoldsTheMainUpAndLeavesAPhantom(t *testing.T) {
	fact(t, "2.11", "2.9d", "2.10a", "14g")
	needs(t, control)
	slow(t)
	a, b, _ := trio(t)
	b.stop()
	began := time.Now()
	a.refuseRegister(b, "SYNC", 5)
	require.Greater(t, time.Since(began), 5*time.Second)
	a.shows("b", phantom)
}

func TestShowReplicasNoticesASilentReplicaLate(t *testing.T) {
	fact(t, "3.5a", "3.5b", "13c", "14e")
	needs(t, control)
	slow(t)
	for name, silence := range map[string]func(*instance){"killed": (*instance).kill, "frozen": (*instance).stop} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b, _ := trio(t)
			a.register(b, "SYNC")
			a.create(1)
			silence(b)
			a.shows("b", "ready")
			time.Sleep(time.Second)
			a.shows("b", "ready")
			a.showsSoon("b", "invalid")
		})
	}
}

func TestFrozenReplicaDelaysTheStartOfItsMain(t *testing.T) {
	fact(t, "2.18b", "15b")
	needs(t, control)
	slow(t)
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.stop()
	a.kill()
	began := time.Now()
	a.start()
	require.Greater(t, time.Since(began), 20*time.Second)
	a.is("main")
	a.shows("b", "invalid")
}

func TestFrozenAsyncReplicaDoesNotDisturbWrites(t *testing.T) {
	fact(t, "3.6", "07")
	needs(t, control)
	slow(t)
	a, b, _ := trio(t)
	a.register(b, "ASYNC")
	b.stop()
	began := time.Now()
	for id := 1; id <= 20; id++ {
		a.create(id)
	}
	require.Less(t, time.Since(began), 5*time.Second)
	b.cont()
	a.showsSoon("b", "ready")
	require.Len(t, b.ids(), 20)
}
