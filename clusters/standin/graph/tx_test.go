package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/graph"
)

// props is shorthand for a map of properties.
type props = map[string]any

// commit runs write in a transaction of its own.
func commit(t testing.TB, s *graph.Store, write func(tx *graph.Tx)) []graph.Delta {
	t.Helper()
	tx := s.Begin()
	defer tx.Abort()
	write(tx)
	deltas, err := tx.Seal()
	require.NoError(t, err)
	tx.Commit(s.Timestamp() + 1)
	return deltas
}

// addVertex commits one vertex.
func addVertex(t testing.TB, s *graph.Store, label string, p props) *graph.Vertex {
	t.Helper()
	var v *graph.Vertex
	commit(t, s, func(tx *graph.Tx) {
		var err error
		v, err = tx.CreateVertex([]string{label}, p)
		require.NoError(t, err)
	})
	return v
}

// get reads a property that must be readable.
func get(t testing.TB, tx *graph.Tx, e graph.Entity, key string) any {
	t.Helper()
	value, err := tx.Property(e, key)
	require.NoError(t, err)
	return value
}

// all drains a scan.
func all(tx *graph.Tx, f graph.Filter) (ids []int64) {
	scan := tx.Scan(f)
	for v := scan.Next(); v != nil; v = scan.Next() {
		ids = append(ids, v.ID())
	}
	return ids
}

// equals is the filter for vertices :P with one value of a property.
func equals(property string, value any) graph.Filter {
	bound := graph.Bound{Value: value}
	return graph.Filter{Label: "P", Property: property, Min: bound, Max: bound}
}

func TestTxSeesNothingThatIsNotCommitted(t *testing.T) {
	s := graph.New()
	writer := s.Begin()
	v, err := writer.CreateVertex([]string{"P"}, props{"id": int64(1)})
	require.NoError(t, err)

	require.Empty(t, all(s.Begin(), graph.Filter{}))
	require.Len(t, all(writer, graph.Filter{}), 1)
	_, err = writer.Seal()
	require.NoError(t, err)
	require.Empty(t, all(s.Begin(), graph.Filter{}), "sealed is not committed")
	writer.Commit(7)

	reader := s.Begin()
	require.Equal(t, int64(1), get(t, reader, v, "id"))
	require.Equal(t, uint64(7), reader.Timestamp())
	require.Equal(t, uint64(7), s.Timestamp())
}

func TestTxKeepsItsSnapshotWhileOthersCommit(t *testing.T) {
	s := graph.New()
	kept := addVertex(t, s, "P", props{"x": int64(1)})
	gone := addVertex(t, s, "P", nil)
	reader := s.Begin()

	commit(t, s, func(tx *graph.Tx) {
		require.NoError(t, tx.SetProperty(kept, "x", int64(2)))
		require.NoError(t, tx.DeleteVertex(gone))
	})
	addVertex(t, s, "P", nil)

	require.Equal(t, int64(1), get(t, reader, kept, "x"))
	require.Equal(t, []int64{0, 1}, all(reader, graph.Filter{Label: "P"}))
	require.Equal(t, []int64{0, 2}, all(s.Begin(), graph.Filter{Label: "P"}))
}

func TestTxFirstWriterWins(t *testing.T) {
	s := graph.New()
	v := addVertex(t, s, "P", nil)
	first, second := s.Begin(), s.Begin()
	require.NoError(t, first.SetProperty(v, "x", int64(1)))
	require.ErrorIs(t, second.SetProperty(v, "x", int64(2)), graph.ErrConflict)
	_, err := first.Seal()
	require.NoError(t, err)
	require.ErrorIs(t, second.DeleteVertex(v), graph.ErrConflict, "sealed")
	first.Commit(2)
	require.ErrorIs(t, second.SetProperty(v, "x", int64(2)), graph.ErrConflict, "committed after second began")
	second.Abort()

	third := s.Begin()
	require.NoError(t, third.SetProperty(v, "x", int64(3)))
}

func TestTxAbortUndoesEverything(t *testing.T) {
	s := graph.New()
	a, b := addVertex(t, s, "P", props{"x": int64(1)}), addVertex(t, s, "P", nil)
	before := s.Checksum()

	tx := s.Begin()
	require.NoError(t, tx.SetProperty(a, "x", int64(2)))
	_, err := tx.AddLabel(b, "Q")
	require.NoError(t, err)
	e, err := tx.CreateEdge(a, b, "R", nil)
	require.NoError(t, err)
	_, err = tx.DetachDelete(b)
	require.NoError(t, err)
	_, err = tx.CreateVertex(nil, nil)
	require.NoError(t, err)
	tx.Abort()

	require.Equal(t, before, s.Checksum())
	require.False(t, s.Begin().Exists(e))
	commit(t, s, func(tx *graph.Tx) { require.NoError(t, tx.SetProperty(a, "x", int64(3)), "the lock is gone") })
}

func TestTxCannotBeUsedAfterItsEnd(t *testing.T) {
	s := graph.New()
	v := addVertex(t, s, "P", nil)
	tx := s.Begin()
	require.NoError(t, tx.SetProperty(v, "x", true))
	require.Panics(t, func() { tx.Commit(9) }, "not sealed")
	_, err := tx.Seal()
	require.NoError(t, err)
	require.ErrorIs(t, tx.SetProperty(v, "x", false), graph.ErrFinished)
	tx.Commit(9)
	tx.Abort()
	require.Equal(t, true, get(t, s.Begin(), v, "x"))
	require.Panics(t, func() { tx.Commit(10) })
}

func TestClearFailsOpenWritersOnly(t *testing.T) {
	s := graph.New()
	addVertex(t, s, "P", nil)
	reader, writer := s.Begin(), s.Begin()
	_, err := writer.CreateVertex(nil, nil)
	require.NoError(t, err)
	s.Clear()

	require.Len(t, all(reader, graph.Filter{}), 1)
	_, err = reader.Seal()
	require.NoError(t, err)
	reader.Commit(0)
	_, err = writer.Seal()
	require.ErrorIs(t, err, graph.ErrCleared)
	writer.Abort()
	vertices, edges := s.Counts()
	require.Zero(t, vertices+edges)
	require.Zero(t, s.Timestamp())
}
