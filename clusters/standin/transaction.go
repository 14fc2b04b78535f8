package standin

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"

	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/replication"
)

// transaction is one unit of work of a session.
type transaction struct {
	id       uint64
	user     string
	explicit bool
	killed   context.Context // ends with TERMINATE TRANSACTIONS
	kill     context.CancelCauseFunc
	graph    *graph.Tx // nil until the first query

	mu      sync.Mutex
	queries []string
}

// begin takes a timestamp and a snapshot, once. It waits for a commit that
// holds the engine.
func (tx *transaction) begin(ctx context.Context, e *engine) error {
	if tx.graph != nil {
		return nil
	}
	begun, err := e.begin(ctx)
	tx.graph = begun
	return err
}

// within returns a context that ends with the transaction too.
func (tx *transaction) within(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(tx.killed, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

func (tx *transaction) ran(query string) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.queries = append(tx.queries, query)
}

func (tx *transaction) abort() {
	if tx.graph != nil {
		tx.graph.Abort()
	}
}

// finishTransaction commits and puts what came of it into the words of the
// instance's version.
func (i *Instance) finishTransaction(tx *transaction) ([]*notification, error) {
	if tx == nil || tx.graph == nil {
		return nil, nil
	}
	if tx.killed.Err() != nil {
		tx.abort()
		return nil, errTerminated
	}
	failures, err := i.commit(tx.graph)
	if strict, ok := errors.AsType[*strictSyncError](err); ok {
		return nil, i.version.replicationFailure(strict.failures, tx.explicit)
	}
	if err != nil || len(failures) == 0 {
		return nil, err
	}
	if !i.version.atLeast(3, 13) {
		return nil, i.version.replicationFailure(failures, tx.explicit)
	}
	return syncWarnings(failures), nil
}

// syncWarnings is how 3.13 tells of a commit that SYNC replicas missed (#4601).
func syncWarnings(failures []replication.Failure) []*notification {
	var notes []*notification
	for _, f := range failures {
		notes = append(notes, &notification{
			code: "SyncReplicationFailure", severity: "WARNING", title: failedReplica(f),
			description: "Check the status of the replicas using 'SHOW REPLICAS' query.",
		})
	}
	return notes
}

// openTransactions is what SHOW TRANSACTIONS lists. The zero value is ready.
type openTransactions struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*transaction
}

// firstTransaction is where Memgraph's transaction ids begin.
const firstTransaction = 1 << 63

func (o *openTransactions) add(user string, explicit bool) *transaction {
	killed, kill := context.WithCancelCause(context.Background())
	tx := &transaction{user: user, explicit: explicit, killed: killed, kill: kill}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = map[uint64]*transaction{}
	}
	o.last++
	tx.id = firstTransaction + o.last
	o.open[tx.id] = tx
	return tx
}

func (o *openTransactions) remove(tx *transaction) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.open, tx.id)
	tx.kill(nil)
}

func (o *openTransactions) list() []*transaction {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []*transaction
	for _, tx := range o.open {
		all = append(all, tx)
	}
	slices.SortFunc(all, func(a, b *transaction) int { return int(int64(a.id - b.id)) })
	return all
}

// terminate makes transactions fail at their next step.
func (o *openTransactions) terminate(ids []string) [][]any {
	var rows [][]any
	for _, text := range ids {
		id, err := strconv.ParseUint(text, 10, 64)
		o.mu.Lock()
		tx := o.open[id]
		o.mu.Unlock()
		if err == nil && tx != nil {
			tx.kill(errTerminated)
		}
		rows = append(rows, []any{text, err == nil && tx != nil})
	}
	return rows
}

func (s *session) showTransactions() ([][]any, error) {
	var rows [][]any
	for _, tx := range s.i.open.list() {
		tx.mu.Lock()
		queries := make([]any, len(tx.queries))
		for n, q := range tx.queries {
			queries[n] = q
		}
		tx.mu.Unlock()
		rows = append(rows, []any{tx.user, strconv.FormatUint(tx.id, 10), queries, map[string]any{}})
	}
	return rows, nil
}
