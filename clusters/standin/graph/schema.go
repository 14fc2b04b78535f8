package graph

import (
	"cmp"
	"fmt"
	"slices"
)

// SchemaError means that a unique constraint cannot be created on the data as
// they are.
type SchemaError struct {
	Label string
	Props []string
}

func (e *SchemaError) Error() string {
	return fmt.Sprintf("Unable to create unique constraint %s, because an existing node violates it.", schemaName(e.Label, e.Props))
}

// schemaChange is an index or constraint that Commit switches on, or drops.
type schemaChange struct {
	x    *index
	drop bool
}

// CreateIndex adds an index for a label, or for a label and properties. It
// takes effect at commit and reports false where the index exists already.
func (tx *Tx) CreateIndex(label string, props ...string) (bool, error) {
	return tx.changeSchema(Delta{Op: IndexCreate, Name: label, Names: props})
}

// DropIndex reports false where there is no such index.
func (tx *Tx) DropIndex(label string, props ...string) (bool, error) {
	return tx.changeSchema(Delta{Op: IndexDrop, Name: label, Names: props})
}

// CreateUnique adds a unique constraint. Seal fails with *SchemaError where the
// data break it. It reports false where the constraint exists already.
func (tx *Tx) CreateUnique(label string, props ...string) (bool, error) {
	return tx.changeSchema(Delta{Op: UniqueCreate, Name: label, Names: props})
}

// DropUnique reports false where there is no such constraint.
func (tx *Tx) DropUnique(label string, props ...string) (bool, error) {
	return tx.changeSchema(Delta{Op: UniqueDrop, Name: label, Names: props})
}

func (tx *Tx) changeSchema(d Delta) (bool, error) {
	tx.st.mu.Lock()
	defer tx.st.mu.Unlock()
	if err := tx.writable(); err != nil {
		return false, err
	}
	unique := d.Op == UniqueCreate || d.Op == UniqueDrop
	drop := d.Op == IndexDrop || d.Op == UniqueDrop
	d.Names = slices.Clone(d.Names)
	if unique {
		slices.Sort(d.Names) // the order means nothing to a constraint
	}
	x := tx.st.findIndex(d.Name, d.Names, unique)
	if x != nil && (!x.ready || x.dropper != nil) {
		return false, ErrConflict // another transaction is about to create or drop it
	}
	if (x != nil) != drop {
		return false, nil
	}
	if x == nil {
		x = &index{label: d.Name, props: d.Names, unique: unique}
	}
	tx.schema = append(tx.schema, schemaChange{x: x, drop: drop})
	tx.deltas = append(tx.deltas, d)
	return true, nil
}

// prepareSchema builds what the transaction creates, under the lock: about a
// microsecond per vertex. From here on writers keep it up to date and
// constraints are enforced; readers use it after commit.
func (tx *Tx) prepareSchema() error {
	for _, change := range tx.schema {
		x := change.x
		if change.drop {
			if x.dropper != nil || tx.st.findIndex(x.label, x.props, x.unique) != x {
				return ErrConflict // another transaction drops it too
			}
			x.dropper = tx
			continue
		}
		if tx.st.findIndex(x.label, x.props, x.unique) != nil {
			return ErrConflict // another transaction creates it too
		}
		tx.st.addIndex(x)
		x.fill(tx.st)
		if x.unique && x.violated(tx.stamp) {
			return &SchemaError{Label: x.label, Props: x.props}
		}
	}
	return nil
}

// violated reports whether any two vertices clash already.
func (x *index) violated(me *stamp) bool {
	var last byValue
	found := false
	x.entries.all(func(entry byValue) bool {
		if !x.holds(entry.v, entry.value, me) {
			return true
		}
		found = last.v != nil && Compare(last.value, entry.value) == 0
		last = entry
		return !found
	})
	return found
}

func (tx *Tx) commitSchema() {
	for _, change := range tx.schema {
		if change.drop {
			tx.st.removeIndex(change.x)
		} else {
			change.x.ready = true
		}
	}
}

func (tx *Tx) abortSchema() {
	for _, change := range tx.schema {
		switch {
		case !change.drop:
			tx.st.removeIndex(change.x)
		case change.x.dropper == tx:
			change.x.dropper = nil
		}
	}
}

// SchemaEntry is an index or a unique constraint. An index without properties
// is on the label alone.
type SchemaEntry struct {
	Unique bool
	Label  string
	Props  []string
	Count  int // entries of an index; roughly the vertices in it
}

// Schema lists the committed indexes, then the constraints, each by label and
// properties.
func (s *Store) Schema() []SchemaEntry {
	st := s.current.Load()
	st.mu.RLock()
	defer st.mu.RUnlock()
	return st.schema()
}

// Schema is Store.Schema: the schema has no versions, so a transaction sees it
// as it is now.
func (tx *Tx) Schema() []SchemaEntry {
	tx.st.mu.RLock()
	defer tx.st.mu.RUnlock()
	return tx.st.schema()
}

func (st *state) schema() []SchemaEntry {
	var list []SchemaEntry
	for _, indexes := range st.indexes {
		for _, x := range indexes {
			if x.ready {
				list = append(list, SchemaEntry{Unique: x.unique, Label: x.label, Props: x.props, Count: x.entries.size})
			}
		}
	}
	slices.SortFunc(list, func(a, b SchemaEntry) int {
		return cmp.Or(compareBools(a.Unique, b.Unique), cmp.Compare(a.Label, b.Label), slices.Compare(a.Props, b.Props))
	})
	return list
}
