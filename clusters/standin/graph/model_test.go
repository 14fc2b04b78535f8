package graph_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"memgraph-controller/clusters/standin/graph"
)

// model is what a store with snapshot isolation must do, done simply: every
// transaction has a copy of everything.
type model struct {
	t       *rapid.T
	store   *graph.Store
	replica *graph.Store

	vertices  map[int64]*graph.Vertex
	committed map[int64]int64 // value of x by vertex
	seq       int             // commits so far
	writtenAt map[int64]int   // last commit that wrote the vertex
	lockedBy  map[int64]*modelTx
	open      []*modelTx
}

type modelTx struct {
	*graph.Tx
	view   map[int64]int64
	since  int // commits it sees
	sealed []graph.Delta
	isDone bool // sealed
}

func newModel(t *rapid.T) *model {
	m := &model{
		t: t, store: graph.New(), replica: graph.New(),
		vertices: map[int64]*graph.Vertex{}, committed: map[int64]int64{},
		writtenAt: map[int64]int{}, lockedBy: map[int64]*modelTx{},
	}
	for _, index := range []string{"none", "label", "property"}[:rapid.IntRange(1, 3).Draw(t, "indexes")] {
		tx := m.store.Begin()
		switch index {
		case "label":
			_, err := tx.CreateIndex("P")
			require.NoError(t, err)
		case "property":
			_, err := tx.CreateIndex("P", "x")
			require.NoError(t, err)
		}
		m.finish(tx)
	}
	return m
}

// finish commits on the store and its replica.
func (m *model) finish(tx *graph.Tx) {
	deltas, err := tx.Seal()
	require.NoError(m.t, err)
	m.commit(tx, deltas)
}

func (m *model) commit(tx *graph.Tx, deltas []graph.Delta) {
	ts := m.store.Timestamp() + 1
	tx.Commit(ts)
	if len(deltas) > 0 {
		require.NoError(m.t, m.replica.Apply(ts, deltas))
	}
}

func (m *model) pick(t *rapid.T, sealed bool) *modelTx {
	var list []*modelTx
	for _, tx := range m.open {
		if tx.isDone == sealed {
			list = append(list, tx)
		}
	}
	if len(list) == 0 {
		t.Skip("no such transaction")
	}
	return rapid.SampledFrom(list).Draw(t, "tx")
}

func (m *model) pickVertex(t *rapid.T, tx *modelTx) *graph.Vertex {
	ids := slices.Sorted(maps.Keys(tx.view))
	if len(ids) == 0 {
		t.Skip("sees no vertex")
	}
	return m.vertices[rapid.SampledFrom(ids).Draw(t, "vertex")]
}

func (m *model) begin(*rapid.T) {
	m.open = append(m.open, &modelTx{Tx: m.store.Begin(), view: maps.Clone(m.committed), since: m.seq})
}

func (m *model) create(t *rapid.T) {
	tx := m.pick(t, false)
	x := rapid.Int64Range(0, 3).Draw(t, "x")
	v, err := tx.CreateVertex([]string{"P"}, props{"x": x})
	require.NoError(t, err)
	require.NotContains(t, m.vertices, v.ID(), "numbers are never used twice")
	m.vertices[v.ID()] = v
	tx.view[v.ID()] = x
	m.lockedBy[v.ID()] = tx
}

// write tells whether the transaction may write the vertex.
func (m *model) write(tx *modelTx, id int64, err error) bool {
	holder := m.lockedBy[id]
	if (holder != nil && holder != tx) || m.writtenAt[id] > tx.since {
		require.ErrorIs(m.t, err, graph.ErrConflict)
		return false
	}
	require.NoError(m.t, err)
	m.lockedBy[id] = tx
	return true
}

func (m *model) set(t *rapid.T) {
	tx := m.pick(t, false)
	v := m.pickVertex(t, tx)
	x := rapid.Int64Range(0, 3).Draw(t, "x")
	if m.write(tx, v.ID(), tx.SetProperty(v, "x", x)) {
		tx.view[v.ID()] = x
	}
}

func (m *model) delete(t *rapid.T) {
	tx := m.pick(t, false)
	v := m.pickVertex(t, tx)
	if m.write(tx, v.ID(), tx.DeleteVertex(v)) {
		delete(tx.view, v.ID())
	}
}

func (m *model) seal(t *rapid.T) {
	tx := m.pick(t, false)
	deltas, err := tx.Seal()
	require.NoError(t, err)
	tx.sealed, tx.isDone = deltas, true
}

func (m *model) commitSealed(t *rapid.T) {
	tx := m.pick(t, true)
	m.commit(tx.Tx, tx.sealed)
	m.seq++
	m.end(tx, func(id int64) {
		m.writtenAt[id] = m.seq
		if x, ok := tx.view[id]; ok {
			m.committed[id] = x
		} else {
			delete(m.committed, id)
		}
	})
}

func (m *model) abort(t *rapid.T) {
	tx := m.pick(t, rapid.Bool().Draw(t, "sealed"))
	tx.Abort()
	m.end(tx, func(int64) {})
}

// end forgets a transaction and visits what it wrote.
func (m *model) end(tx *modelTx, visit func(id int64)) {
	for id, holder := range m.lockedBy {
		if holder == tx {
			delete(m.lockedBy, id)
			visit(id)
		}
	}
	m.open = slices.DeleteFunc(m.open, func(o *modelTx) bool { return o == tx })
}

// check compares every open transaction's view, found in every way.
func (m *model) check(t *rapid.T) {
	for _, tx := range m.open {
		seen := map[int64]int64{}
		for _, id := range all(tx.Tx, graph.Filter{Label: "P"}) {
			x, err := tx.Property(m.vertices[id], "x")
			require.NoError(t, err)
			seen[id] = x.(int64)
		}
		require.Equal(t, tx.view, seen)
		for x := range int64(4) {
			var want []int64
			for id, value := range tx.view {
				if value == x {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			require.Equal(t, want, all(tx.Tx, equals("x", x)))
		}
	}
	vertices, _ := m.store.Counts()
	require.Equal(t, int64(len(m.committed)), vertices)
	require.Equal(t, m.store.Checksum(), m.replica.Checksum())
}

func TestTransactionsAreIsolatedLikeCopiesOfEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"begin": m.begin, "create": m.create, "set": m.set, "delete": m.delete,
			"seal": m.seal, "commit": m.commitSealed, "abort": m.abort, "": m.check,
		})
		for _, tx := range m.open {
			tx.Abort()
		}
		objects, versions, entries := m.store.Held()
		require.Equal(t, []int{len(m.committed), len(m.committed)}, []int{objects, versions}, "old versions are gone")
		require.Equal(t, len(m.store.Schema())*len(m.committed), entries, "and so are their index entries")
	})
}
