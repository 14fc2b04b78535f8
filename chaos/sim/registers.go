package sim

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/chaos/registers"
	"memgraph-controller/chaos/sim/boltclient"
	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/e2e/workload"
)

// Registers is applications that read and write registers, all of them through the
// write gateway.
type Registers struct {
	*registers.Registers
	stop    context.CancelFunc
	clients sync.WaitGroup
	number  int
}

// Registers creates registers on a cluster that is whole, and sets clients to work on
// them until Stop or the end of the cluster. Each pauses for every between two
// operations, give or take a half, and half of them use explicit transactions. A
// cluster can have it once.
func (c *Cluster) Registers(clients, keys int, every time.Duration) *Registers {
	ctx, stop := context.WithCancel(context.Background())
	r := &Registers{Registers: registers.New(keys), stop: stop, number: clients}
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
	for _, query := range registers.Create(keys) {
		_, err := first.ask(ctx, query, nil)
		require.NoError(c.t, err, query)
	}
}

// Stop ends the clients. What is under way ends as unknown.
func (r *Registers) Stop() *Registers {
	r.stop()
	r.clients.Wait()
	return r
}

// registerClient is one application of Registers.
type registerClient struct {
	application
	registers *Registers
	number    int
}

func (c *registerClient) run(ctx context.Context, pause func() time.Duration) {
	defer c.hangUp()
	for c.rest(ctx, pause()) == nil {
		if c.connected(ctx) {
			c.operate(ctx)
		}
	}
}

func (c *registerClient) operate(ctx context.Context) {
	o := c.registers.Next(c.number, c.cluster.chance.float(), c.cluster.chance.float())
	o.Start = time.Now()
	rows, err := c.ask(ctx, registers.Statement(o), nil)
	o.End, o.Outcome = time.Now(), outcomeOf(err)
	if o.Outcome == workload.Acknowledged && o.Kind != history.Write {
		o.Found = registers.Found(rows)
	}
	c.registers.Record(o)
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
func (c *Cluster) RequireLinearizable(r *Registers) {
	status := c.Synced(10 * time.Second)
	seen := slices.Concat(r.Seen(), c.atRest(r))
	err := history.CheckRegisters(seen, judgeWithin)
	var violation *history.Violation
	if errors.As(err, &violation) {
		path, drawn := violation.WriteHTML(c.t.ArtifactDir())
		require.NoError(c.t, drawn)
		c.t.Logf("go test -artifacts keeps a picture of it: %s", path)
	}
	require.NoError(c.t, err, Describe(status))
}

func (c *Cluster) atRest(r *Registers) (reads []history.Operation) {
	for n, name := range c.Names() {
		ask := func(query string) ([]map[string]any, error) { return c.Ask(name, query) }
		of, err := r.AtRest(r.number+n, ask)
		require.NoError(c.t, err, name)
		reads = append(reads, of...)
	}
	return reads
}
