package conformance

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

// load is clients that write to one instance, as fast as they can or at a rate.
type load struct {
	on     *instance
	rest   time.Duration // of a client after each write
	done   atomic.Bool
	all    sync.WaitGroup
	next   atomic.Int64
	mu     sync.Mutex
	acked  []int
	failed int
	last   time.Time     // of an acknowledgement
	gap    time.Duration // the longest between two
}

// firstLoaded is the first node that a load creates.
const firstLoaded = 1_000_000

// underLoad starts clients on i that write as fast as they can. It returns when
// the load is steady.
func underLoad(i *instance, clients int) *load {
	i.t.Helper()
	return underLoadOf(i, clients, 0)
}

// underLoadOf starts clients that rest after each write.
func underLoadOf(i *instance, clients int, rest time.Duration) *load {
	i.t.Helper()
	l := &load{on: i, rest: rest}
	l.next.Store(firstLoaded)
	for range clients {
		l.all.Go(l.client)
	}
	i.t.Cleanup(func() { l.end() })
	l.goesOn(50)
	return l
}

func (l *load) client() {
	for !l.done.Load() {
		id := int(l.next.Add(1))
		_, err := l.on.try(creation(id))
		l.ended(id, err)
		time.Sleep(l.rest)
	}
}

func (l *load) ended(id int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed++
		return
	}
	now := time.Now()
	if !l.last.IsZero() {
		l.gap = max(l.gap, now.Sub(l.last))
	}
	l.last, l.acked = now, append(l.acked, id)
}

func (l *load) count() (acked, failed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked), l.failed
}

// goesOn waits until so many more writes were acknowledged.
func (l *load) goesOn(more int) {
	l.on.t.Helper()
	before, _ := l.count()
	require.Eventually(l.on.t, func() bool {
		now, _ := l.count()
		return now >= before+more
	}, patience, pause, "the load is below its floor")
}

// end stops the clients and returns what was acknowledged.
func (l *load) end() []int {
	l.done.Store(true)
	l.all.Wait()
	return l.acked
}

// String is for the log.
func (l *load) String() string {
	acked, failed := l.count()
	return fmt.Sprintf("%d writes acknowledged, %d failed, longest gap %s", acked, failed, l.gap)
}

// missing are those of acked that i does not hold.
func missing(i *instance, acked []int) []int {
	held := map[int]bool{}
	for _, id := range i.ids() {
		held[id] = true
	}
	return slices.DeleteFunc(slices.Clone(acked), func(id int) bool { return held[id] })
}

// untilDone repeats a statement that may find a lock busy.
func (i *instance) untilDone(query, busy string) (tries int) {
	i.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		tries++
		_, err := i.try(query)
		if err == nil {
			return tries
		}
		i.refused(err, final, busy, query)
		require.True(i.t, time.Now().Before(deadline), "%s: %s was busy %d times", i.name, query, tries)
		time.Sleep(pause)
	}
}

// rounds runs one round after another, each with instances of its own, until one
// says that it was the last.
func rounds(t *testing.T, most int, round func(t *testing.T) (last bool)) (ended bool) {
	t.Helper()
	for n := 1; n <= most && !ended && !t.Failed(); n++ {
		left := true
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			defer func() { left = t.Skipped() }()
			ended = round(t)
		})
		if left {
			t.SkipNow() // it has said why
		}
	}
	return ended
}

func TestDemotionUnderLoadProvesThatNoCommitIsInFlight(t *testing.T) { // 8 runs of 8
	alone(t, "1.6c", "3.9a", "22")
	rounds(t, 3, func(t *testing.T) bool {
		a, b, _ := cluster(t)
		l := underLoad(a, 8)
		tries := a.untilDone(a.toReplica(), alreadyOrBusyReplica)
		b.promote()
		acked := l.end()
		require.Empty(t, missing(b, acked), "acknowledged and lost")
		t.Logf("demoted after %d tries, %s", tries, l)
		return false
	})
}

func TestPromotionOverALivingMainLosesAWrite(t *testing.T) { // 14 runs of 15
	alone(t, "1.6a", "22")
	const most = 10
	lostOne := rounds(t, most, func(t *testing.T) bool {
		a, b, _ := cluster(t)
		l := underLoad(a, 8)
		b.untilDone(toMain, alreadyOrBusyMain)
		lost := missing(b, l.end())
		require.LessOrEqual(t, len(lost), 1, "commits are serialised, so one at most is in flight")
		return len(lost) == 1
	})
	require.True(t, lostOne, "none lost in %d runs", most)
}

func TestPromotionOfASyncReplicaOverALivingMainLosesNoAcknowledgedWrite(t *testing.T) { // 5 runs of 5
	alone(t, "1.6b", "22")
	rounds(t, 3, func(t *testing.T) bool {
		a, b, _ := clusterOf(t, "SYNC", "ASYNC")
		l := underLoad(a, 8)
		b.untilDone(toMain, alreadyOrBusyMain)
		if a.changed(syncFailureWarns) {
			l.goesOn(10)
			require.NotEmpty(t, missing(b, l.end()), "the old main acknowledges what it alone has")
			return true
		}
		require.Empty(t, missing(b, l.end()))
		return false
	})
}

func TestDropAndRegisterUnderLoadWorkOrFailAtOnce(t *testing.T) {
	for _, about := range []struct {
		shows []string
		name  string
		mode  string
	}{{ids("1.2d", "19K1"), "c", "ASYNC"}, {ids("1.2d", "19K2"), "b", "STRICT_SYNC"}} {
		t.Run(about.name, func(t *testing.T) {
			alone(t, about.shows...)
			a, b, c := cluster(t)
			replica := map[string]*instance{"b": b, "c": c}[about.name]
			l := underLoad(a, 4)
			for range 5 {
				a.untilDone("DROP REPLICA "+replica.name, "Failed to unregister")
				a.untilDone(registration(replica, about.mode), fmt.Sprintf("Couldn't register replica %s. Error: 6", replica.name))
			}
			require.Empty(t, missing(a, l.end()))
			replica.getsTo(a.ids()...)
		})
	}
}

func TestReplicasShowTheSameUnderLoadAndAfter(t *testing.T) {
	alone(t, "22")
	a, b, c := cluster(t)
	acked := underLoad(a, 4).end()
	require.Empty(t, missing(b, acked), "the voter has what was acknowledged")
	a.showsSoon("c", "ready")
	require.Equal(t, a.ids(), c.ids())
}

func TestWhatASyncReplicaConfirmedIsThereWhenItsMainIsKilled(t *testing.T) {
	alone(t, "3.7", "15e")
	needs(t, control)
	a, b, _ := clusterOf(t, "SYNC", "ASYNC")
	l := underLoad(a, 4)
	a.kill()
	acked := l.end()
	b.promote()
	require.Empty(t, missing(b, acked))
	b.create(1)
}

func TestSyncReplicaKilledUnderLoadGetsAllThatWasWritten(t *testing.T) {
	alone(t, "15d")
	needs(t, control)
	a, b, _ := clusterOf(t, "SYNC", "ASYNC")
	l := underLoad(a, 4)
	b.kill()
	_, before := l.count()
	if !a.changed(syncFailureWarns) {
		require.Eventually(t, func() bool { _, now := l.count(); return now > before }, patience, pause)
	}
	b.start()
	a.showsSoonUnderLoad("b", "ready")
	l.end()
	a.showsSoon("b", "ready")
	require.Equal(t, a.ids(), b.ids())
	require.Empty(t, missing(b, l.acked))
}

// showsSoonUnderLoad waits for the status, whatever is missing: under load there is
// always something under way.
func (i *instance) showsSoonUnderLoad(name string, statuses ...string) {
	i.t.Helper()
	require.Eventually(i.t, func() bool {
		return slices.Contains(append(statuses, "replicating"), i.replicas()[name].status)
	}, patience, pause, "%s never shows %s as %v", i.name, name, statuses)
}

func TestVoterKilledAndRestartedUnderLoadCostsAGapAndErrors(t *testing.T) {
	alone(t, "3.1a", "3.2a", "23c")
	needs(t, control)
	a, b, _ := cluster(t)
	l := underLoadOf(a, 4, 20*time.Millisecond)
	b.restart()
	l.goesOn(20)
	acked := l.end()
	t.Log(l)
	_, failed := l.count()
	require.Positive(t, failed, "while the voter is down commits abort")
	require.Empty(t, missing(b, acked))
}

func TestVoterDroppedOrReplacedUnderLoad(t *testing.T) {
	for _, about := range []struct {
		shows   []string
		name    string
		replace func(a, c *instance)
	}{
		{ids("1.2c", "23c2"), "dropped", func(a, _ *instance) {
			a.untilDone("DROP REPLICA b", "Failed to unregister")
		}},
		{ids("3.2b", "23c3"), "replaced", func(a, c *instance) {
			a.untilDone("DROP REPLICA c", "Failed to unregister")
			a.untilDone(registration(c, "STRICT_SYNC"), "Couldn't register replica c. Error: 6")
			a.untilDone("DROP REPLICA b", "Failed to unregister")
		}},
	} {
		t.Run(about.name, func(t *testing.T) {
			alone(t, about.shows...)
			needs(t, control)
			a, b, c := cluster(t)
			l := underLoadOf(a, 4, 20*time.Millisecond)
			b.kill()
			began := time.Now()
			about.replace(a, c)
			took := time.Since(began)
			l.goesOn(20)
			acked := l.end()
			t.Logf("%s in %s: %s", about.name, took, l)
			require.Less(t, took, patience/4, "none of it waits for the dead replica")
			require.Empty(t, missing(a, acked))
			c.getsTo(a.ids()...)
		})
	}
}

func TestConflictingWritesAreRetryable(t *testing.T) {
	fact(t, "S2")
	a := lone(t)
	a.create(1)
	first, second := a.begin(), a.begin()
	set := func(tx neo4j.ExplicitTransaction, to int) error {
		result, err := tx.Run(t.Context(), fmt.Sprintf("MATCH (n:P {id: 1}) SET n.x = %d", to), nil)
		if err != nil {
			return err
		}
		_, err = result.Consume(t.Context())
		return err
	}
	require.NoError(t, set(first, 1))
	a.refused(set(second, 2), retryable, "", "the second write")
	require.NoError(t, first.Commit(t.Context()))
}
