package workload

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
)

const (
	createOne = "CREATE (:W {id: $id})"
	findOne   = "MATCH (n:W {id: $id}) RETURN n.id"
	countUp   = "UNWIND range(1, $n) AS i RETURN i"
)

// A stream has so many records, pulled in fetches of so many, with a pause after
// each as of an application that works on what it gets: about 0.1 s in all, so
// that there is a stream to be cut when something breaks.
const (
	streamRecords = 2000
	streamFetch   = 100
	streamPause   = 5 * time.Millisecond
)

// write does the write that w describes, with the next id.
func (l *Load) write(ctx context.Context, driver neo4j.DriverWithContext, w Write) {
	ctx, cancel := detached(ctx)
	defer cancel()
	w.ID = l.ids.Add(1)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	transact := managed
	if w.Explicit {
		transact = explicit
	}
	outcome, err := transact(ctx, session, w.ID)
	w.End = time.Now()
	if err != nil {
		w.Outcome, w.Err = outcome, err.Error()
	} else {
		l.written.Store(w.ID)
		l.acknowledged.Add(1)
	}
	l.recorder.write(w)
}

// managed leaves it to the driver to try again. The outcome is that of an error.
func managed(ctx context.Context, session neo4j.SessionWithContext, id int64) (Outcome, error) {
	// For a commit, by the last try: the driver begins another one only when a commit was
	// answered, and not when its connection was lost.
	asked := false
	_, err := session.ExecuteWrite(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		asked = false
		result, err := tx.Run(ctx, createOne, map[string]any{"id": id})
		if err == nil {
			_, err = result.Consume(ctx)
		}
		asked = err == nil
		return nil, err
	})
	return outcomeOf(asked, err), err
}

// explicit tries once. The outcome is that of an error.
func explicit(ctx context.Context, session neo4j.SessionWithContext, id int64) (Outcome, error) {
	tx, err := session.BeginTransaction(ctx)
	if err != nil {
		return Failed, err
	}
	defer func() { _ = tx.Close(ctx) }() // which rolls back what was not committed
	result, err := tx.Run(ctx, createOne, map[string]any{"id": id})
	if err == nil {
		_, err = result.Consume(ctx)
	}
	if err != nil {
		return Failed, err
	}
	err = tx.Commit(ctx)
	return outcomeOf(true, err), err
}

// aborted is what a main answers whose voter did not vote for a commit. From Memgraph
// 3.10 on it says that the transaction was aborted, before that it will be.
const aborted = "aborted on all instances"

// outcomeOf tells what an error leaves open: nothing where no commit was asked for, or
// where the answer to that was that it was aborted.
func outcomeOf(asked bool, err error) Outcome {
	if err != nil && (!asked || strings.Contains(err.Error(), aborted)) {
		return Failed
	}
	return Unknown
}

// read does the read that r describes.
func (l *Load) read(ctx context.Context, driver neo4j.DriverWithContext, r Read) {
	ctx, cancel := detached(ctx)
	defer cancel()
	var err error
	if r.Stream {
		r.Records, err = stream(ctx, driver)
	} else {
		r.Records, _, err = lookUp(ctx, driver, l.written.Load())
	}
	r.End = time.Now()
	if err != nil {
		r.Err = err.Error()
	}
	l.recorder.read(r)
}

// lookUp reads one id in a managed transaction. answered tells whether the query
// was, whatever became of the transaction.
func lookUp(ctx context.Context, driver neo4j.DriverWithContext, id int64) (records int, answered bool, err error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(ctx)
	_, err = session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		result, err := tx.Run(ctx, findOne, map[string]any{"id": id})
		if err != nil {
			return nil, err
		}
		rows, err := result.Collect(ctx)
		records, answered = len(rows), err == nil
		return nil, err
	})
	return records, answered, err
}

// count counts the nodes that Seed made in a managed transaction.
func count(ctx context.Context, driver neo4j.DriverWithContext) (nodes int, err error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead})
	defer session.Close(ctx)
	_, err = session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		result, err := tx.Run(ctx, countAll, nil)
		if err != nil {
			return nil, err
		}
		record, err := result.Single(ctx)
		if err != nil {
			return nil, err
		}
		n, isInt := record.Values[0].(int64)
		if !isInt {
			return nil, fmt.Errorf("%v is no count", record.Values[0])
		}
		nodes = int(n)
		return nil, nil
	})
	return nodes, err
}

// stream reads many records in a managed transaction and checks that all of them
// come, in their order.
func stream(ctx context.Context, driver neo4j.DriverWithContext) (records int, err error) {
	session := driver.NewSession(ctx, neo4j.SessionConfig{AccessMode: neo4j.AccessModeRead, FetchSize: streamFetch})
	defer session.Close(ctx)
	_, err = session.ExecuteRead(ctx, func(tx neo4j.ManagedTransaction) (any, error) {
		records = 0
		result, err := tx.Run(ctx, countUp, map[string]any{"n": streamRecords})
		if err != nil {
			return nil, err
		}
		for result.Next(ctx) {
			records++
			if value := result.Record().Values[0]; value != int64(records) {
				return nil, fmt.Errorf("record %d of the stream is %v", records, value)
			}
			if records%streamFetch == 0 {
				time.Sleep(streamPause)
			}
		}
		if err := result.Err(); err != nil {
			return nil, err
		}
		if records != streamRecords {
			return nil, fmt.Errorf("the stream ended after %d of %d records", records, streamRecords)
		}
		return nil, nil
	})
	return records, err
}

// connect opens a client with a driver of its own and closes it again.
func (l *Load) connect(ctx context.Context, address string, start time.Time) {
	ctx, cancel := detached(ctx)
	defer cancel()
	c := Connection{Gateway: address, Start: start}
	driver, err := Driver(address)
	if err == nil {
		_, c.Answered, err = lookUp(ctx, driver, 0)
		_ = driver.Close(ctx)
	}
	c.End = time.Now()
	if err != nil {
		c.Err = err.Error()
	}
	l.recorder.connection(c)
}
