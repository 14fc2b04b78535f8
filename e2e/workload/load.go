package workload

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// Load is clients at work.
type Load struct {
	config   Config
	recorder recorder
	stop     context.CancelFunc
	clients  sync.WaitGroup
	ids      atomic.Int64
	written  atomic.Int64 // newest acknowledged id, for readers
	drivers  []neo4j.DriverWithContext
}

// Start creates the index that the clients use and sets them to work. They end
// with Stop.
func Start(ctx context.Context, config Config) (*Load, error) {
	l := &Load{config: config.withDefaults()}
	ctx, l.stop = context.WithCancel(ctx)
	if err := l.prepare(ctx); err != nil {
		l.Stop()
		return nil, err
	}
	writer, reader := l.drivers[0], l.drivers[1]
	for range config.Writers {
		l.clients.Go(func() { l.every(ctx, l.config.WriteEvery, func() { l.write(ctx, writer) }) })
	}
	for n := range config.Readers {
		l.clients.Go(func() { l.every(ctx, l.config.ReadEvery, func() { l.read(ctx, reader, n) }) })
	}
	if config.ConnectEvery > 0 {
		l.clients.Go(func() { l.connectAnew(ctx) })
	}
	return l, nil
}

// prepare opens the drivers and makes the index.
func (l *Load) prepare(ctx context.Context) error {
	for _, address := range []string{l.config.Write, l.config.Read} {
		driver, err := Driver(address)
		if err != nil {
			return fmt.Errorf("open a driver for %s: %w", address, err)
		}
		l.drivers = append(l.drivers, driver)
	}
	session := l.drivers[0].NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	if _, err := session.Run(ctx, "CREATE INDEX ON :W(id)", nil); err != nil {
		return fmt.Errorf("create the workload's index: %w", err)
	}
	return nil
}

// Stop ends the clients and returns what they saw. An operation that is under
// way is awaited for a moment, then it ends with an error.
func (l *Load) Stop() History {
	l.stop()
	l.clients.Wait()
	for _, driver := range l.drivers {
		_ = driver.Close(context.Background())
	}
	return l.recorder.snapshot()
}

// History returns what the clients have seen so far.
func (l *Load) History() History { return l.recorder.snapshot() }

// every runs do at fixed times until ctx ends. Times that pass while do runs are
// skipped.
func (l *Load) every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do()
		}
	}
}

// lastWord is how long an operation may go on after the load was stopped: long
// enough that its outcome is known, unless the cluster is down.
const lastWord = 15 * time.Second

// detached lets an operation end with its own result after ctx has ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(lastWord, cancel) })
	return own, func() { stop(); cancel() }
}

func (l *Load) write(ctx context.Context, driver neo4j.DriverWithContext) {
	ctx, cancel := detached(ctx)
	defer cancel()
	w := Write{ID: l.ids.Add(1), Start: time.Now()}
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	_, err := session.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		result, err := tx.Run(ctx, "CREATE (:W {id: $id})", map[string]any{"id": w.ID})
		if err != nil {
			return nil, err
		}
		return result.Consume(ctx)
	})
	w.End = time.Now()
	if err != nil {
		w.Outcome, w.Err = Unknown, err.Error()
	} else {
		l.written.Store(w.ID)
	}
	l.recorder.write(w)
}

func (l *Load) read(ctx context.Context, driver neo4j.DriverWithContext, reader int) {
	ctx, cancel := detached(ctx)
	defer cancel()
	r := Read{Reader: reader, Start: time.Now()}
	_, err := lookUp(ctx, driver, l.written.Load())
	r.End = time.Now()
	if err != nil {
		r.Err = err.Error()
	}
	l.recorder.read(r)
}

// lookUp reads one id in a managed transaction. answered tells whether the query
// was, whatever became of the transaction.
func lookUp(ctx context.Context, driver neo4j.DriverWithContext, id int64) (answered bool, err error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(ctx)
	_, err = session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		result, err := tx.Run(ctx, "MATCH (n:W {id: $id}) RETURN n.id", map[string]any{"id": id})
		if err != nil {
			return nil, err
		}
		rows, err := result.Collect(ctx)
		answered = err == nil
		return rows, err
	})
	return answered, err
}

// connectAnew opens one client after the other, each with a driver of its own,
// without waiting for the one before.
func (l *Load) connectAnew(ctx context.Context) {
	addresses := []string{l.config.Write, l.config.Read}
	turn := 0
	l.every(ctx, l.config.ConnectEvery, func() {
		address := addresses[turn%len(addresses)]
		turn++
		l.clients.Go(func() {
			ctx, cancel := detached(ctx)
			defer cancel()
			c := Connection{Gateway: address, Start: time.Now()}
			driver, err := Driver(address)
			if err == nil {
				c.Answered, err = lookUp(ctx, driver, 0)
				_ = driver.Close(ctx)
			}
			c.End = time.Now()
			if err != nil {
				c.Err = err.Error()
			}
			l.recorder.connection(c)
		})
	})
}
