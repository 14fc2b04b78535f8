package conformance

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

// load is clients that write to one instance as fast as they can.
type load struct {
	on    *instance
	done  atomic.Bool
	all   sync.WaitGroup
	next  atomic.Int64
	mu    sync.Mutex
	acked []int
}

// underLoad starts clients on i. It returns when the load is steady.
func underLoad(i *instance, clients int) *load {
	i.t.Helper()
	l := &load{on: i}
	for range clients {
		l.all.Go(l.client)
	}
	i.t.Cleanup(func() { l.end() })
	require.Eventually(i.t, func() bool { return l.count() >= 100 }, patience, pause, "the load is below its floor")
	return l
}

func (l *load) client() {
	for !l.done.Load() {
		id := int(l.next.Add(1))
		if _, err := l.on.try(creation(id)); err == nil {
			l.mu.Lock()
			l.acked = append(l.acked, id)
			l.mu.Unlock()
		}
	}
}

func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// end stops the clients and returns what was acknowledged.
func (l *load) end() []int {
	l.done.Store(true)
	l.all.Wait()
	return l.acked
}

// missing are those of acked that i does not hold.
func missing(i *instance, acked []int) []int {
	held := map[int]bool{}
	for _, id := range i.ids() {
		held[id] = true
	}
	var lost []int
	for _, id := range acked {
		if !held[id] {
			lost = append(lost, id)
		}
	}
	return lost
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

func TestDemotionUnderLoadProvesThatNoCommitIsInFlight(t *testing.T) { // transcript 22: 8 runs of 8
	for range 3 {
		a, b, _ := cluster(t)
		l := underLoad(a, 8)
		tries := a.untilDone(a.toReplica(), alreadyOrBusyReplica)
		b.promote()
		acked := l.end()
		require.Empty(t, missing(b, acked), "acknowledged and lost")
		t.Logf("demoted after %d tries, %d writes acknowledged", tries, len(acked))
		a.kill()
		b.kill()
	}
}

func TestPromotionOverALivingMainLosesAWrite(t *testing.T) { // transcript 22: 14 runs of 15
	const runs = 10
	for run := range runs {
		a, b, _ := cluster(t)
		l := underLoad(a, 8)
		b.untilDone(toMain, alreadyOrBusyMain)
		lost := missing(b, l.end())
		require.LessOrEqual(t, len(lost), 1, "commits are serialised, so one at most is in flight")
		if len(lost) == 1 {
			t.Logf("lost in run %d", run+1)
			return
		}
		a.kill()
		b.kill()
	}
	t.Errorf("none lost in %d runs", runs)
}

func TestDropAndRegisterUnderLoadWorkOrFailAtOnce(t *testing.T) { // transcript 19
	a, _, c := cluster(t)
	l := underLoad(a, 4)
	for range 10 {
		a.untilDone("DROP REPLICA c", "Failed to unregister")
		a.untilDone(registration(c, "ASYNC"), "Couldn't register replica c. Error: 6")
	}
	acked := l.end()
	require.Empty(t, missing(a, acked))
	c.getsTo(a.ids()...)
}

func TestReplicasShowTheSameUnderLoadAndAfter(t *testing.T) { // transcripts 22 and 23
	a, b, c := cluster(t)
	l := underLoad(a, 4)
	acked := l.end()
	require.Empty(t, missing(b, acked), "the voter has what was acknowledged")
	a.showsSoon("c", "ready")
	require.Equal(t, a.ids(), c.ids())
}

func TestConflictingWritesAreRetryable(t *testing.T) { // from the source; drivers rely on it
	t.Parallel()
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
	err := set(second, 2)
	var refusal *neo4j.Neo4jError
	require.True(t, errors.As(err, &refusal), "%v", err)
	require.Equal(t, retryable, refusal.Code)
	require.NoError(t, first.Commit(t.Context()))
}
