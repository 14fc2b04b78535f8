package standin

import (
	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/replication"
	"memgraph-controller/clusters/standin/wal"
)

// commit ends a transaction. It is a reader of the replication state for as
// long as it takes, and holds the engine lock until the replicas that count
// have confirmed. Only the end of the instance interrupts it: that its client
// went away does not.
//
// With SYNC replicas the failures are returned of a transaction that is
// committed; otherwise an error means that it is not.
func (i *Instance) commit(tx *graph.Tx) ([]replication.Failure, error) {
	if err := i.state.rlock(i.life); err != nil {
		tx.Abort()
		return nil, err
	}
	defer i.state.runlock()
	if !tx.Changed() {
		tx.Abort()
		return nil, nil
	}
	if !i.isMain() {
		tx.Abort()
		return nil, errNotMain
	}
	deltas, err := tx.Seal()
	if err != nil {
		tx.Abort()
		return nil, err
	}
	return i.replicate(tx, encodeDeltas(deltas))
}

func (i *Instance) replicate(tx *graph.Tx, payload []byte) ([]replication.Failure, error) {
	if err := i.engine.lock.lock(i.life); err != nil {
		tx.Abort()
		return nil, err
	}
	defer i.engine.lock.unlock()
	entry := wal.Transaction{TS: i.engine.tick(), Payload: payload}
	if !i.config.StorageWALEnabled || i.storageMode() == analytical {
		// Nothing is replicated without a log, and nobody says so (transcript 11).
		i.finish(tx, entry.TS)
		return nil, nil
	}
	round := replication.Begin(i.life, i.connected(), source{i}.Position(), entry)
	if round.TwoPhase() {
		return nil, i.commitTwoPhase(tx, entry, round)
	}
	if err := i.written(i.engine.log.Append(i.engine.identity(), entry)); err != nil {
		tx.Abort()
		return nil, err
	}
	failures := round.Ship(i.life)
	if err := i.life.Err(); err != nil {
		tx.Abort()
		return nil, err
	}
	i.finish(tx, entry.TS)
	return failures, nil
}

// commitTwoPhase commits only if every STRICT_SYNC replica votes for it.
func (i *Instance) commitTwoPhase(tx *graph.Tx, entry wal.Transaction, round *replication.Round) error {
	if err := i.written(i.engine.log.Prepare(i.engine.identity(), entry)); err != nil {
		tx.Abort()
		return err
	}
	failures := round.Ship(i.life)
	if err := i.life.Err(); err != nil {
		tx.Abort()
		return err
	}
	if len(failures) > 0 {
		round.Finish(i.life, false)
		tx.Abort()
		return &strictSyncError{failures}
	}
	if err := i.written(i.engine.log.Decide(entry.TS)); err != nil {
		tx.Abort()
		return err
	}
	i.finish(tx, entry.TS)
	round.Finish(i.life, true)
	return i.life.Err()
}

func (i *Instance) finish(tx *graph.Tx, ts uint64) {
	tx.Commit(ts)
	i.engine.setDurable(ts)
}

// written ends the instance over an error of its log: Memgraph dies where it
// cannot write.
func (i *Instance) written(err error) error {
	if err != nil && i.life.Err() == nil {
		i.die(1, "the write-ahead log cannot be written: "+err.Error())
	}
	return err
}
