package workload

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

// Load is clients at work.
type Load struct {
	config       Config
	recorder     recorder
	stop         context.CancelFunc
	clients      sync.WaitGroup
	ids          atomic.Int64 // the last one that was given
	written      atomic.Int64 // newest acknowledged id, for readers
	acknowledged atomic.Int64
	drivers      []neo4j.DriverWithContext
}

// Start creates the index that the clients use and sets them to work. They end
// with Stop.
func Start(ctx context.Context, config Config) (*Load, error) {
	l := &Load{config: config.withDefaults()}
	l.recorder.client, l.recorder.lines = clientName(), config.Lines
	l.ids.Store(l.config.FirstID - 1)
	ctx, l.stop = context.WithCancel(ctx)
	if err := l.prepare(ctx); err != nil {
		l.Stop()
		return nil, err
	}
	if l.config.Lines != nil {
		l.config.Lines.Begin(clientName(), l.config.Write, l.config.Read, time.Now())
	}
	l.wait(ctx)
	l.atRates(ctx)
	l.scan(ctx, l.drivers[2:])
	return l, nil
}

// prepare opens the drivers, those of the scanners last, and makes the index.
func (l *Load) prepare(ctx context.Context) error {
	addresses := []string{l.config.Write, l.config.Read}
	for _, address := range append(addresses, slices.Repeat([]string{l.config.Read}, l.config.Rates.Scanners)...) {
		driver, err := Driver(address)
		if err != nil {
			return fmt.Errorf("open a driver for %s: %w", address, err)
		}
		l.drivers = append(l.drivers, driver)
	}
	if err := createIndex(ctx, l.drivers[0]); err != nil {
		return fmt.Errorf("create the workload's index: %w", err)
	}
	return nil
}

// indexTime is how long the index is tried for, and indexPause the time between
// two tries. The database refuses it while others write.
const (
	indexTime  = 30 * time.Second
	indexPause = 200 * time.Millisecond
)

// createIndex creates the index that the reads use. One that is there is no
// error.
func createIndex(ctx context.Context, driver neo4j.DriverWithContext) error {
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	for deadline := time.Now().Add(indexTime); ; {
		result, err := session.Run(ctx, "CREATE INDEX ON :W(id)", nil)
		if err == nil {
			_, err = result.Consume(ctx)
		}
		if err == nil || !neo4j.IsRetryable(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(indexPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// wait starts the clients that wait for their own answers.
func (l *Load) wait(ctx context.Context) {
	writer, reader := l.drivers[0], l.drivers[1]
	for range l.config.Writers {
		l.clients.Go(func() { l.every(ctx, l.config.WriteEvery, func() { l.write(ctx, writer, Write{Start: time.Now()}) }) })
	}
	for n := range l.config.Readers {
		l.clients.Go(func() {
			l.every(ctx, l.config.ReadEvery, func() { l.read(ctx, reader, Read{Reader: n, Start: time.Now()}) })
		})
	}
	if l.config.ConnectEvery > 0 {
		turn := 0
		l.clients.Go(func() {
			l.every(ctx, l.config.ConnectEvery, func() {
				address, start := l.gateway(turn), time.Now()
				turn++
				l.clients.Go(func() { l.connect(ctx, address, start) })
			})
		})
	}
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

// Acknowledged counts the acknowledged writes so far, without a copy of the
// history.
func (l *Load) Acknowledged() int { return int(l.acknowledged.Load()) }

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
