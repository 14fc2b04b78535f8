package kube

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"

	"memgraph-controller/chaos/history"
	"memgraph-controller/chaos/registers"
	"memgraph-controller/controller/kube"
	cluster "memgraph-controller/e2e/kube"
	"memgraph-controller/e2e/workload"
)

const (
	// players are the clients of the registers, each of which does one operation after
	// another, about five in a second. There are fewer registers than players, so that
	// these meet.
	players    = 4
	keys       = 3
	playEvery  = 200 * time.Millisecond
	playWithin = 30 * time.Second
	// preparedWithin is how long registers may take to be made: the database refuses an
	// index while others write.
	preparedWithin = 30 * time.Second
	// judgedWithin bounds the search for an order that explains what was seen of one
	// register.
	judgedWithin = time.Minute
)

// game is clients that read and write registers through the write gateway.
type game struct {
	*registers.Registers
	driver  neo4j.DriverWithContext
	stop    context.CancelFunc
	clients sync.WaitGroup
}

// play makes the registers anew and sets clients to work on them.
func play(ctx context.Context, address string) (*game, error) {
	driver, err := workload.Driver(address)
	if err != nil {
		return nil, fmt.Errorf("open a driver for %s: %w", address, err)
	}
	g := &game{Registers: registers.New(keys), driver: driver}
	ctx, g.stop = context.WithCancel(ctx)
	for _, query := range append([]string{registers.Remove}, registers.Create(keys)...) {
		err := cluster.Await(ctx, query, preparedWithin, func(ctx context.Context) error {
			_, err := autocommit(ctx, driver, query)
			return err
		})
		if err != nil {
			g.end()
			return nil, fmt.Errorf("make the registers: %w", err)
		}
	}
	for n := range players {
		g.clients.Go(func() {
			for cluster.Pass(ctx, playEvery/2+rand.N(playEvery)) == nil {
				g.operate(ctx, n)
			}
		})
	}
	return g, nil
}

// end ends the clients. What is under way ends as unknown. It may be called again.
func (g *game) end() {
	g.stop()
	g.clients.Wait()
	_ = g.driver.Close(context.Background())
}

// operate does one operation. Half of the clients use explicit transactions; the
// driver repeats none of them.
func (g *game) operate(ctx context.Context, client int) {
	ctx, cancel := context.WithTimeout(ctx, playWithin)
	defer cancel()
	transact := autocommit
	if client%2 == 1 {
		transact = begun
	}
	o := g.Next(client, rand.Float64(), rand.Float64())
	o.Start = time.Now()
	rows, err := transact(ctx, g.driver, registers.Statement(o))
	o.End, o.Outcome = time.Now(), outcome(err)
	if err == nil && o.Kind != history.Write {
		o.Found = registers.Found(rows)
	}
	g.Record(o)
}

// errUncommitted is of a transaction that ended before its commit was asked for.
var errUncommitted = errors.New("not committed")

// outcome: a refusal is definite, whether it is a conflict or a voter that did not
// confirm, since STRICT_SYNC aborts a transaction everywhere then.
func outcome(err error) workload.Outcome {
	var refusal *neo4j.Neo4jError
	switch {
	case err == nil:
		return workload.Acknowledged
	case errors.As(err, &refusal), errors.Is(err, errUncommitted):
		return workload.Failed
	}
	return workload.Unknown
}

// autocommit runs a query in a transaction of its own.
func autocommit(ctx context.Context, driver neo4j.DriverWithContext, query string) ([]map[string]any, error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	return collect(ctx, session.Run, query)
}

// begun runs a query in an explicit transaction.
func begun(ctx context.Context, driver neo4j.DriverWithContext, query string) ([]map[string]any, error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	tx, err := session.BeginTransaction(ctx)
	if err != nil {
		return nil, errors.Join(errUncommitted, err)
	}
	defer func() { _ = tx.Close(ctx) }() // which rolls back what was not committed
	run := func(ctx context.Context, query string, params map[string]any, _ ...func(*neo4j.TransactionConfig)) (neo4j.ResultWithContext, error) {
		return tx.Run(ctx, query, params)
	}
	rows, err := collect(ctx, run, query)
	if err != nil {
		return nil, errors.Join(errUncommitted, err)
	}
	return rows, tx.Commit(ctx)
}

type runner func(context.Context, string, map[string]any, ...func(*neo4j.TransactionConfig)) (neo4j.ResultWithContext, error)

func collect(ctx context.Context, run runner, query string) (rows []map[string]any, err error) {
	result, err := run(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	records, err := result.Collect(ctx)
	for _, r := range records {
		rows = append(rows, r.AsMap())
	}
	return rows, err
}

// linearizable checks what the clients of registers saw, and what every instance holds
// of them after that. A picture of a history that no order explains is left in folder.
func (g *game) linearizable(ctx context.Context, r *cluster.Release, instances []string, folder string) (operations int, err error) {
	seen := g.Seen()
	operations = len(seen)
	for n, instance := range instances {
		reads, err := g.atRest(ctx, r, instance, players+n)
		if err != nil {
			return operations, fmt.Errorf("registers of %s: %w", instance, err)
		}
		seen = slices.Concat(seen, reads)
	}
	err = history.CheckRegisters(seen, judgedWithin)
	var violation *history.Violation
	if errors.As(err, &violation) && folder != "" {
		if made := os.MkdirAll(folder, 0o755); made != nil {
			return operations, errors.Join(err, made)
		}
		path, drawn := violation.WriteHTML(folder)
		return operations, errors.Join(fmt.Errorf("%w (see %s)", err, filepath.Base(path)), drawn)
	}
	return operations, err
}

// atRest is what an instance holds, past the gateways.
func (g *game) atRest(ctx context.Context, r *cluster.Release, instance string, client int) ([]history.Operation, error) {
	tunnel, err := r.Tunnel(ctx, instance, kube.BoltPort)
	if err != nil {
		return nil, err
	}
	defer tunnel.Close()
	driver, err := workload.Driver(tunnel.Address)
	if err != nil {
		return nil, err
	}
	defer driver.Close(ctx)
	return g.AtRest(client, func(query string) ([]map[string]any, error) { return autocommit(ctx, driver, query) })
}
