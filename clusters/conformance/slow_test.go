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
	t.Cleanup(func() { b.cont() })
	commit = make(chan error, 1)
	go func() {
		_, err := a.try(creation(2))
		commit <- err
	}()
	require.Eventually(t, func() bool { return a.replicas()["b"].status == "replicating" }, patience, pause)
	return a, b, commit
}

func TestFrozenVoterStallsTheMain(t *testing.T) { // transcripts 07 and 14a, 14c
	slow(t)
	t.Parallel()
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

func TestCaughtUpAsyncReplicaTakesOverFromAStalledMain(t *testing.T) { // transcript 20 M
	slow(t)
	t.Parallel()
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

func TestMainThatStallsDoesNotEndOnSIGTERM(t *testing.T) { // transcript 14d
	slow(t)
	t.Parallel()
	a, _, commit := stalled(t, "SYNC")
	require.NoError(t, a.process.Process.Signal(syscall.SIGTERM))
	select {
	case <-a.exited:
		require.Fail(t, "it ended")
	case <-time.After(10 * time.Second):
	}
	a.kill()
	require.Error(t, <-commit)
}

func TestDropOfASilentReplicaKillsOrHangsTheMain(t *testing.T) { // transcripts 07, 13x and 20: 6 of 6
	slow(t)
	t.Parallel()
	a, _, commit := stalled(t, "STRICT_SYNC")
	a.unconfirmed(<-commit, "STRICT_SYNC", autocommit)
	a.createUnconfirmed(3, "STRICT_SYNC")
	began := time.Now()
	_, err := a.try("DROP REPLICA b")
	require.Error(t, err)
	require.Greater(t, time.Since(began), 10*time.Second)
	_, err = a.try("RETURN 1")
	require.Error(t, err, "it died, or it hangs for good")
}

func TestRegisterOfAFrozenReplicaHoldsTheMainUpAndLeavesAPhantom(t *testing.T) { // transcript 14g
	slow(t)
	t.Parallel()
	a, b, _ := trio(t)
	b.stop()
	defer b.cont()
	began := time.Now()
	a.refuseRegister(b, "SYNC", 5)
	require.Greater(t, time.Since(began), 5*time.Second)
	a.shows("b", phantom)
}

func TestShowReplicasNoticesASilentReplicaLate(t *testing.T) { // transcripts 13c (3 s when killed) and 14e (16 s when frozen)
	slow(t)
	t.Parallel()
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

func TestFrozenReplicaDelaysTheStartOfItsMain(t *testing.T) { // transcript 15b
	slow(t)
	t.Parallel()
	a, b, _ := trio(t)
	a.register(b, "SYNC")
	a.create(1)
	b.stop()
	defer b.cont()
	a.kill()
	began := time.Now()
	a.start()
	require.Greater(t, time.Since(began), 20*time.Second)
	a.is("main")
	a.shows("b", "invalid")
}

func TestFrozenAsyncReplicaDoesNotDisturbWrites(t *testing.T) { // transcript 07
	slow(t)
	t.Parallel()
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
