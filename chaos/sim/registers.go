package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/e2e/workload"
)

// Registers is applications that read and write registers, all of them through the
// write gateway.
//
// What is promised of them is that their history is linearizable, although Memgraph
// promises snapshot isolation only. For transactions of one statement on one node that
// is as good:
//
//   - A read takes effect when it takes its snapshot. That is while it lasts, with its
//     first statement, and after every commit that was acknowledged before: commits
//     and snapshots take the same lock, which a commit holds until its voter has heard
//     the decision.
//   - A write, and a compare-and-set that finds its value, take effect when they
//     commit. The first one who writes a node wins and any other one whose snapshot is
//     older is refused, so nothing came between a compare-and-set's snapshot and its
//     commit.
//   - A compare-and-set that finds another value writes nothing: it is a read.
//
// It is not promised of several statements or several nodes (write skew), of MERGE (of
// two at a time each creates a node: therefore all registers are there before the
// clients are), nor of reads through the read gateway: a replica is behind by design.
type Registers struct {
	stop    context.CancelFunc
	clients sync.WaitGroup

	mu     sync.Mutex
	value  int64   // the last one that was given
	latest []int64 // of each register, what somebody found or wrote last
	seen   []history.Operation
}

// Registers creates registers on a cluster that is whole, and sets clients to work on
// them until Stop or the end of the cluster. Each pauses for every between two
// operations, give or take a half, and half of them use explicit transactions. A
// cluster can have it once.
func (c *Cluster) Registers(clients, keys int, every time.Duration) *Registers {
	ctx, stop := context.WithCancel(context.Background())
	r := &Registers{stop: stop, latest: make([]int64, keys)}
	c.loads = append(c.loads, func() { r.Stop() })
	c.createRegisters(ctx, keys)
	for n := range clients {
		client := &registerClient{application{cluster: c, explicit: n%2 == 1}, r, n}
		r.clients.Go(func() { client.run(ctx, c.about(every)) })
	}
	return r
}

func (c *Cluster) createRegisters(ctx context.Context, keys int) {
	first := application{cluster: c}
	defer first.hangUp()
	require.True(c.t, first.connected(ctx), "the registers cannot be created")
	_, err := first.ask(ctx, fmt.Sprintf("UNWIND range(0, %d) AS key CREATE (:R {key: key, value: 0})", keys-1))
	require.NoError(c.t, err, "create the registers")
}

// Stop ends the clients and returns what they saw. What is under way ends as unknown.
func (r *Registers) Stop() []history.Operation {
	r.stop()
	r.clients.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.seen)
}

// registerClient is one application of Registers.
type registerClient struct {
	application
	registers *Registers
	number    int
}

func (c *registerClient) run(ctx context.Context, pause func() time.Duration) {
	defer c.hangUp()
	for sleep(ctx, pause()) == nil {
		if c.connected(ctx) {
			c.operate(ctx)
		}
	}
}

// operate does one operation: every second one is a read.
func (c *registerClient) operate(ctx context.Context) {
	o := c.registers.next(c.number, c.cluster.chance.float(), c.cluster.chance.float())
	o.Start = time.Now()
	rows, err := c.ask(ctx, statement(o))
	o.End, o.Outcome = time.Now(), outcomeOf(err)
	if o.Outcome == workload.Acknowledged && o.Kind != history.Write {
		o.Found = foundIn(rows)
	}
	c.registers.record(o)
}

// next draws an operation from two numbers below 1. A compare-and-set expects what
// somebody found last, so that it often finds it.
func (r *Registers) next(client int, which, kind float64) history.Operation {
	r.mu.Lock()
	defer r.mu.Unlock()
	o := history.Operation{Client: client, Key: int(which * float64(len(r.latest)))}
	if kind < 0.5 {
		return o
	}
	r.value++
	o.Kind, o.Value = history.Write, r.value
	if kind < 0.75 {
		o.Kind, o.Old = history.CompareAndSet, r.latest[o.Key]
	}
	return o
}

func (r *Registers) record(o history.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, o)
	switch {
	case o.Wrote():
		r.latest[o.Key] = o.Value
	case o.Outcome == workload.Acknowledged:
		r.latest[o.Key] = o.Found
	}
}

// statement is an operation in Cypher. SET of null does nothing, so a compare-and-set
// writes only where its second MATCH finds the register with the old value; both look
// at the same snapshot.
func statement(o history.Operation) string {
	switch o.Kind {
	case history.Write:
		return fmt.Sprintf("MATCH (r:R {key: %d}) SET r.value = %d", o.Key, o.Value)
	case history.CompareAndSet:
		return fmt.Sprintf("MATCH (r:R {key: %d}) WITH r.value AS found OPTIONAL MATCH (s:R {key: %d, value: %d}) SET s.value = %d RETURN found",
			o.Key, o.Key, o.Old, o.Value)
	}
	return fmt.Sprintf("MATCH (r:R {key: %d}) RETURN r.value AS found", o.Key)
}

// nothing is found where there is no register, or more than one: no operation writes it.
const nothing = -1

func foundIn(rows []map[string]any) int64 {
	if len(rows) == 1 {
		if found, ok := rows[0]["found"].(int64); ok {
			return found
		}
	}
	return nothing
}

// outcomeOf: a refusal is definite, whether it is a conflict or a voter that did not
// confirm, since STRICT_SYNC aborts a transaction everywhere then. (With SYNC it would
// be committed all the same.)
func outcomeOf(err error) workload.Outcome {
	var refusal *bolt.Failure
	switch {
	case err == nil:
		return workload.Acknowledged
	case errors.As(err, &refusal), errors.Is(err, boltclient.ErrUncommitted):
		return workload.Failed
	}
	return workload.Unknown
}

// judgeWithin bounds the check of a history; in virtual time it has no limit.
const judgeWithin = time.Minute

// RequireLinearizable checks what the clients of registers saw, and that every
// instance holds what it has to after that. All loads have to be stopped.
func (c *Cluster) RequireLinearizable(seen []history.Operation) {
	status := c.Synced(10 * time.Second)
	seen = append(slices.Clone(seen), c.atRest(seen)...)
	err := history.CheckRegisters(seen, judgeWithin)
	var violation *history.Violation
	if errors.As(err, &violation) {
		path, drawn := violation.WriteHTML(c.t.ArtifactDir())
		require.NoError(c.t, drawn)
		c.t.Logf("go test -artifacts keeps a picture of it: %s", path)
	}
	require.NoError(c.t, err, Describe(status))
}

// atRest is what instances hold while nobody writes, as reads of one more client each.
func (c *Cluster) atRest(seen []history.Operation) (reads []history.Operation) {
	keys, clients := map[int]bool{}, 0
	for _, o := range seen {
		keys[o.Key] = true
		clients = max(clients, o.Client+1)
	}
	for n, name := range c.Names() {
		for key := range keys {
			read := history.Operation{Client: clients + n, Key: key, Start: time.Now()}
			rows, err := c.Ask(name, statement(read))
			require.NoError(c.t, err, "register %d of %s", key, name)
			read.End, read.Found = time.Now(), foundIn(rows)
			reads = append(reads, read)
		}
	}
	return reads
}
