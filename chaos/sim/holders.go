package sim

import (
	"slices"
	"sync"

	"github.com/stretchr/testify/assert"

	"memgraph-controller/controller/topology"
)

// ledger is every write that a client was told is done.
type ledger struct {
	mu     sync.Mutex
	writes []entry
}

// entry is one node that a Load wrote. Its number among the vertices is the same
// wherever the write is.
type entry struct{ id, vertex int64 }

func (l *ledger) add(e entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes = append(l.writes, e)
}

func (l *ledger) all() []entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.writes)
}

// acknowledged: a client was just told that its write is done, so whoever may have to
// take writes next has it.
func (c *Cluster) acknowledged(e entry) {
	c.acked.add(e)
	c.judgeHolders(c.Record(), "the acknowledgement of a write", []entry{e})
}

// judgeHolders: main, voter and heir have every acknowledged write, whenever the record
// names another one. A voter may still wait for the decision on one that it voted for;
// one that restarted counts when it has voted again.
func (c *Cluster) judgeHolders(r topology.Record, when string, writes []entry) {
	for _, i := range c.instances {
		if i.name != r.Main && i.name != r.Voter && i.name != r.Heir && i.name != r.From {
			continue
		}
		voted := r.Members[i.name].Voted
		counts := voted == "" || voted == i.seen.Load().ID
		if counts && i.losses.Load() == 0 { // the record learns later that its copy is gone
			c.judgeHolder(i, when, writes, true)
		}
	}
}

// judgeHolder checks an instance that runs.
func (c *Cluster) judgeHolder(i *instance, when string, writes []entry, votes bool) {
	s := i.serving.Load()
	if s == nil || c.store.forced.Load() {
		return
	}
	held := s.Contents()
	defer held.Close()
	for _, w := range writes {
		has := held.Has(w.vertex, "id", w.id) || votes && held.Voted(w.vertex, "id", w.id)
		assert.True(c.t, has, "at %s %s lacks the acknowledged write %d", when, i.name, w.id)
	}
}
