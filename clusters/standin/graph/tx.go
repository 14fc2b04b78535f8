package graph

import (
	"errors"
	"fmt"
)

// ErrConflict means that another transaction wrote the object first: it is not
// finished, or it committed after this one began. Abort and run again. The text
// is Memgraph's.
var ErrConflict = errors.New("Cannot resolve conflicting transactions. You can retry this transaction when the conflicting transaction is finished")

// ErrDeleted means that the object is deleted, in this transaction's view.
var ErrDeleted = errors.New("the object was deleted")

// ErrFinished means that the transaction is sealed, committed or aborted.
var ErrFinished = errors.New("the transaction is finished")

// ErrCleared means that Store.Clear ran while the transaction was open.
var ErrCleared = errors.New("the data were dropped while the transaction was open")

// Tx is a transaction. It is for one goroutine at a time and must end with
// Commit or Abort: until then the store keeps every version it may look at.
type Tx struct {
	store    *Store
	st       *state
	stamp    *stamp
	snapshot uint64 // commits up to this one are visible
	asOf     uint64 // their highest timestamp
	closed   bool

	touched []Entity // has a version of this transaction at its head
	deltas  []Delta
	schema  []schemaChange
	added   struct{ vertices, edges int64 } // to the counts

	older, newer *Tx // open transactions
}

// Begin opens a transaction that sees everything committed so far.
func (s *Store) Begin() *Tx {
	st := s.current.Load()
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.begin(s)
}

func (st *state) begin(s *Store) *Tx {
	tx := &Tx{store: s, st: st, stamp: &stamp{}, snapshot: st.seq, asOf: st.timestamp, older: st.newest}
	if st.newest == nil {
		st.oldest = tx
	} else {
		st.newest.newer = tx
	}
	st.newest = tx
	return tx
}

// Timestamp is the highest commit timestamp among the transactions it sees.
func (tx *Tx) Timestamp() uint64 { return tx.asOf }

// Changed reports whether the transaction wrote anything.
func (tx *Tx) Changed() bool { return len(tx.deltas) > 0 }

// Seal ends the writing: it checks unique constraints and returns the deltas in
// the order in which they were made. What was written stays locked, and counts
// in the checks of others, until Commit or Abort. After an error (ErrFinished,
// ErrCleared, *UniqueError, *SchemaError) only Abort is left.
func (tx *Tx) Seal() ([]Delta, error) {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	if err := tx.writable(); err != nil {
		return nil, err
	}
	if tx.Changed() && tx.store.current.Load() != tx.st {
		return nil, ErrCleared
	}
	if err := tx.checkUnique(); err != nil {
		return nil, err
	}
	if err := tx.prepareSchema(); err != nil {
		return nil, err
	}
	tx.stamp.sealed = true
	return tx.deltas, nil
}

// Commit makes a sealed transaction visible, all at once. ts is the caller's
// number for it and of no concern to visibility: commits take effect in the
// order of the calls. A transaction without changes needs no Seal.
func (tx *Tx) Commit(ts uint64) {
	if tx.closed || (tx.Changed() && !tx.stamp.sealed) {
		panic(fmt.Sprintf("graph: Commit(%d) of a transaction that is closed or not sealed", ts))
	}
	st := tx.st
	st.mu.Lock()
	defer st.mu.Unlock()
	if tx.Changed() {
		st.seq++
		tx.stamp.seq = st.seq
		st.timestamp = max(st.timestamp, ts)
		st.vertexCount += tx.added.vertices
		st.edgeCount += tx.added.edges
		tx.commitSchema()
		if len(tx.touched) > 0 {
			st.garbage = append(st.garbage, leftover{seq: st.seq, touched: tx.touched})
		}
	}
	tx.close()
}

// Abort undoes everything. It does nothing to a transaction that has ended.
func (tx *Tx) Abort() {
	if tx.closed {
		return
	}
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	for _, e := range tx.touched {
		tx.st.undo(e)
	}
	tx.abortSchema()
	tx.close()
}

// close needs the lock.
func (tx *Tx) close() {
	st := tx.st
	tx.closed = true
	if tx.older != nil {
		tx.older.newer = tx.newer
	} else {
		st.oldest = tx.newer
	}
	if tx.newer != nil {
		tx.newer.older = tx.older
	} else {
		st.newest = tx.older
	}
	tx.older, tx.newer = nil, nil
	st.collect(len(tx.touched))
	tx.touched, tx.schema = nil, nil
}

func (tx *Tx) writable() error {
	if tx.closed || tx.stamp.sealed {
		return ErrFinished
	}
	return nil
}
