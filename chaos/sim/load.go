package sim

import (
	"context"
	"slices"
	"sync"
	"time"

	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/e2e/workload"
)

// Load is applications that write through the write gateway.
type Load struct {
	stop    context.CancelFunc
	writers sync.WaitGroup

	mu     sync.Mutex
	lastID int64
	writes []workload.Write
}

// Load sets writers to work, until Stop or the end of the cluster. Each writes
// one node after another and pauses between two for every, give or take a half:
// with fixed times two writers could meet at each of their commits. Half of them
// use explicit transactions.
func (c *Cluster) Load(writers int, every time.Duration) *Load {
	ctx, stop := context.WithCancel(context.Background())
	l := &Load{stop: stop}
	for n := range writers {
		w := &writer{application{cluster: c, explicit: n%2 == 1}, l}
		l.writers.Go(func() { w.run(ctx, c.about(every)) })
	}
	c.loads = append(c.loads, func() { l.Stop() })
	return l
}

// Stop ends the writers and returns what they saw. What is under way ends as
// unknown.
func (l *Load) Stop() workload.History {
	l.stop()
	l.writers.Wait()
	return l.History()
}

// History is what the writers have seen so far.
func (l *Load) History() workload.History {
	l.mu.Lock()
	defer l.mu.Unlock()
	return workload.History{Writes: slices.Clone(l.writes)}
}

func (l *Load) nextID() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastID++
	return l.lastID
}

func (l *Load) record(w workload.Write) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, w)
}

// writer is one application of a Load.
type writer struct {
	application
	load *Load
}

func (w *writer) run(ctx context.Context, pause func() time.Duration) {
	defer w.hangUp()
	for w.rest(ctx, pause()) == nil {
		w.write(ctx)
	}
}

// write writes one node. Without a connection nothing is tried.
func (w *writer) write(ctx context.Context) {
	if !w.connected(ctx) {
		return
	}
	write := workload.Write{ID: w.load.nextID(), Start: time.Now()}
	rows, err := w.ask(ctx, "CREATE (n:W {id: $id}) RETURN id(n) AS vertex", boltclient.Parameters{"id": write.ID})
	write.End = time.Now()
	if err != nil {
		write.Outcome, write.Err = workload.Unknown, err.Error()
	} else {
		w.cluster.acknowledged(entry{write.ID, rows[0]["vertex"].(int64)})
	}
	w.load.record(write)
}
