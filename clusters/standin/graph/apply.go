package graph

import (
	"errors"
	"fmt"
)

var (
	errExists   = errors.New("it exists already")
	errMissing  = errors.New("it does not exist")
	errNoEffect = errors.New("it changes nothing")
)

// Apply commits, with timestamp ts, a transaction that was sealed elsewhere, or
// part of a Dump. A delta that does not fit the data is named in the error; then
// nothing of the transaction is applied, and the store differs from where the
// deltas came from. Calls of Apply must not overlap.
func (s *Store) Apply(ts uint64, deltas []Delta) error {
	tx, err := s.Prepare(ts, deltas)
	if err != nil {
		return err
	}
	tx.Commit(ts)
	return nil
}

// Prepare is Apply up to its commit: what it returns is sealed, and nobody sees it.
func (s *Store) Prepare(ts uint64, deltas []Delta) (*Tx, error) {
	tx := s.Begin()
	for i, d := range deltas {
		if err := tx.apply(d); err != nil {
			tx.Abort()
			return nil, fmt.Errorf("apply transaction %d: delta %d of %d, %s: %w", ts, i+1, len(deltas), d, err)
		}
	}
	if _, err := tx.Seal(); err != nil {
		tx.Abort()
		return nil, fmt.Errorf("apply transaction %d: %w", ts, err)
	}
	return tx, nil
}

func (tx *Tx) apply(d Delta) error {
	switch d.Op {
	case VertexCreate, EdgeCreate:
		return tx.applyCreate(d)
	case VertexDelete, LabelAdd, LabelRemove, VertexSet:
		return tx.applyVertex(d)
	case EdgeDelete, EdgeSet:
		return tx.applyEdge(d)
	case IndexCreate, UniqueCreate, IndexDrop, UniqueDrop:
		return effective(tx.changeSchema(d))
	}
	return errors.New("unknown kind of delta")
}

// effective turns "nothing to do", which a replica must never see, into an
// error.
func effective(changed bool, err error) error {
	if err == nil && !changed {
		return errNoEffect
	}
	return err
}

func (tx *Tx) applyCreate(d Delta) error {
	if d.Op == VertexCreate {
		tx.st.mu.Lock()
		defer tx.st.mu.Unlock()
		_, err := tx.createVertex(d.ID, d.Names, d.Props)
		return err
	}
	from, to := tx.Vertex(d.From), tx.Vertex(d.To)
	if from == nil || to == nil {
		return fmt.Errorf("from %d to %d: %w", d.From, d.To, errMissing)
	}
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	_, err := tx.createEdge(d.ID, from, to, d.Name, d.Props)
	return err
}

func (tx *Tx) applyVertex(d Delta) error {
	v := tx.Vertex(d.ID)
	if v == nil {
		return errMissing
	}
	switch d.Op {
	case VertexDelete:
		return tx.DeleteVertex(v)
	case LabelAdd:
		return effective(tx.AddLabel(v, d.Name))
	case LabelRemove:
		return effective(tx.RemoveLabel(v, d.Name))
	}
	return tx.SetProperty(v, d.Name, d.Value)
}

func (tx *Tx) applyEdge(d Delta) error {
	e := tx.Edge(d.ID)
	if e == nil {
		return errMissing
	}
	if d.Op == EdgeDelete {
		return tx.DeleteEdge(e)
	}
	return tx.SetProperty(e, d.Name, d.Value)
}
