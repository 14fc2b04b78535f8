package standin

import (
	"context"

	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

// obedient is the instance as a main sees it. A replica obeys the main that
// claimed it last, and refuses all others.
type obedient struct{ *Instance }

func (i obedient) Handle(ctx context.Context, q replication.Request) replication.Response {
	if q.Kind == replication.SwapMainUUID {
		return replication.Response{OK: i.obey(q.Main)}
	}
	if main := i.mainUUID(); q.Main != main {
		i.log.Error("received a call of another main", "call", q.Kind.String(), "main", q.Main, "current", main)
		return replication.Response{}
	}
	if q.Kind == replication.SystemRecovery {
		return replication.Response{OK: i.align(q.Storage)}
	}
	if q.Storage != i.engine.identity().Storage {
		i.log.Warn("received a call for another storage", "call", q.Kind.String(), "storage", q.Storage)
		return replication.Response{}
	}
	switch q.Kind {
	case replication.Heartbeat:
		return i.engine.report()
	case replication.PrepareCommit:
		return i.prepare(ctx, q)
	case replication.FinalizeCommit:
		return replication.Response{OK: i.finalize(q.TS, q.Flag)}
	case replication.WalFiles:
		return i.applyLog(ctx, q)
	case replication.Snapshot:
		return i.applySnapshot(ctx, q.Body)
	}
	return replication.Response{}
}

// align prepares an instance for its main: the storage uuid is taken over where
// nothing was ever written, and refused otherwise; all users go, for a main
// without a licence sends none (memgraph.md A.12).
func (i *Instance) align(storage string) bool {
	if !i.engine.adopt(storage) {
		i.log.Debug("the storage is not clean, its uuid stays")
		return false
	}
	return i.written(i.users.clear()) == nil
}

func (e *engine) adopt(storage string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.storage != storage && e.durable != 0 {
		return false
	}
	e.storage = storage
	return true
}

func (e *engine) report() replication.Response {
	e.mu.Lock()
	defer e.mu.Unlock()
	return replication.Response{OK: true, Epoch: e.history.LastWithCommit(e.epoch, e.durable), TS: e.durable}
}

// prepare applies a transaction, or logs it and votes.
func (i *Instance) prepare(ctx context.Context, q replication.Request) replication.Response {
	if err := i.engine.lock.lock(ctx); err != nil {
		return replication.Response{}
	}
	defer i.engine.lock.unlock()
	if err := i.follow(q.Epoch); err != nil {
		return replication.Response{}
	}
	if q.Previous != i.engine.position("").TS {
		// Something is missing before it; or it was late, and its main has restarted
		// and sent the log since.
		return replication.Response{}
	}
	tx := wal.Transaction{TS: q.TS, Payload: q.Body}
	if !q.Flag {
		return replication.Response{OK: i.apply(tx)}
	}
	deltas, err := decodeDeltas(tx.Payload)
	if err != nil {
		i.log.Error("cannot prepare", "timestamp", q.TS, "error", err)
		return replication.Response{}
	}
	applied, err := i.engine.graph.Prepare(q.TS, deltas)
	if err != nil {
		i.log.Error("cannot prepare", "timestamp", q.TS, "error", err)
		return replication.Response{}
	}
	if i.config.StorageWALEnabled && i.written(i.engine.log.Prepare(i.engine.identity(), tx)) != nil {
		applied.Abort()
		return replication.Response{}
	}
	i.engine.hold(&prepared{ts: q.TS, deltas: deltas, tx: applied})
	return replication.Response{OK: true}
}

// hold keeps a prepared transaction for its decision; nil discards it.
func (e *engine) hold(p *prepared) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pending != nil && !e.pending.deciding {
		e.pending.tx.Abort()
	}
	e.pending = p
}

// decide returns the prepared transaction for its decision; nil if it is not there.
func (e *engine) decide(ts uint64) *prepared {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pending == nil || e.pending.ts != ts {
		return nil
	}
	e.pending.deciding = true
	return e.pending
}

// decided ends a transaction that is not committed, and forgets it.
func (e *engine) decided(p *prepared) {
	e.mu.Lock()
	defer e.mu.Unlock()
	p.tx.Abort()
	if e.pending == p {
		e.pending = nil
	}
}

// finalize carries out a main's decision. A transaction that is no longer
// there is reported as done, as Memgraph does.
func (i *Instance) finalize(ts uint64, commit bool) bool {
	pending := i.engine.decide(ts)
	if pending == nil {
		i.log.Warn("asked to finalise a transaction that is not prepared", "timestamp", ts)
		return true
	}
	defer i.engine.decided(pending)
	if !commit {
		return true
	}
	if i.config.StorageWALEnabled && i.written(i.engine.log.Decide(ts)) != nil {
		return false
	}
	pending.tx.Commit(ts)
	i.engine.applied(ts)
	return true
}

// applied notes a transaction of the main. It takes two timestamps of the
// replica's own clock, which so runs apart from the main's.
func (e *engine) applied(ts uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.durable = ts
	e.clock += 2
}

// follow changes to the main's epoch. A transaction that was prepared under
// another main, or before an interruption, is gone then.
func (i *Instance) follow(epoch string) error {
	i.engine.hold(nil)
	if epoch == i.engine.identity().Epoch {
		return nil
	}
	if err := i.written(i.engine.log.Rotate()); err != nil {
		return err
	}
	i.engine.leaveEpoch(epoch)
	return nil
}

// apply logs a transaction and makes it visible.
func (i *Instance) apply(tx wal.Transaction) bool {
	if err := i.engine.load(tx.TS, tx.Payload); err != nil {
		i.log.Error("cannot apply a transaction", "error", err)
		return false
	}
	if i.config.StorageWALEnabled && i.written(i.engine.log.Append(i.engine.identity(), tx)) != nil {
		return false
	}
	i.engine.applied(tx.TS)
	return true
}

// applyLog catches up with transactions that were missed.
func (i *Instance) applyLog(ctx context.Context, q replication.Request) replication.Response {
	if err := i.engine.lock.lock(ctx); err != nil {
		return replication.Response{}
	}
	defer i.engine.lock.unlock()
	txs, err := q.Transactions()
	if err != nil {
		i.log.Error("cannot read a write-ahead log of the main", "error", err)
		return replication.Response{}
	}
	i.engine.hold(nil)
	for _, tx := range txs {
		if tx.TS <= i.engine.position("").TS {
			continue
		}
		if i.follow(q.Epoch) != nil || !i.apply(tx) {
			return replication.Response{}
		}
	}
	return replication.Response{OK: true, TS: i.engine.position("").TS}
}

// applySnapshot puts the main's content in the place of the own. Readers that
// are open see it as data dropped under them.
func (i *Instance) applySnapshot(ctx context.Context, body []byte) replication.Response {
	if err := i.engine.lock.lock(ctx); err != nil {
		return replication.Response{}
	}
	defer i.engine.lock.unlock()
	i.engine.loading.Store(true)
	defer i.engine.loading.Store(false)
	snapshot, err := wal.DecodeSnapshot(body)
	if err != nil {
		i.log.Error("cannot read a snapshot of the main", "error", err)
		return replication.Response{}
	}
	if err := i.written(i.engine.log.Install(i.snapshotName(snapshot.TS), snapshot)); err != nil {
		return replication.Response{}
	}
	i.engine.hold(nil)
	i.engine.graph.Clear()
	if err := i.engine.load(snapshot.TS, snapshot.Payload); err != nil {
		// The files stay, the storage serves empty reads (memgraph.md A.8).
		i.log.Error("cannot load a snapshot of the main", "error", err)
		i.engine.graph.Clear()
		return replication.Response{}
	}
	i.engine.install(snapshot)
	return replication.Response{OK: true, TS: snapshot.TS}
}

func (e *engine) install(s wal.Snapshot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.storage, e.epoch, e.history = s.Storage, s.Epoch, s.History
	e.durable, e.snapshot, e.clock = s.TS, s.TS, s.TS+1
}
