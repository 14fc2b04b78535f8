package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/graph"
)

// pair commits two vertices and an edge between them.
func pair(t testing.TB, s *graph.Store) (a, b *graph.Vertex, e *graph.Edge) {
	t.Helper()
	a, b = addVertex(t, s, "P", nil), addVertex(t, s, "P", nil)
	commit(t, s, func(tx *graph.Tx) {
		var err error
		e, err = tx.CreateEdge(a, b, "R", props{"x": int64(1)})
		require.NoError(t, err)
	})
	return a, b, e
}

// edges drains an expansion.
func edges(tx *graph.Tx, v *graph.Vertex, d graph.Direction, types ...string) (ids []int64) {
	c := tx.Expand(v, d, types...)
	for e := c.Next(); e != nil; e = c.Next() {
		ids = append(ids, e.ID())
	}
	return ids
}

func TestExpandFollowsDirectionAndType(t *testing.T) {
	s := graph.New()
	a, b, _ := pair(t, s)
	commit(t, s, func(tx *graph.Tx) {
		for _, end := range []*graph.Vertex{a, b} { // a loop and a second edge
			_, err := tx.CreateEdge(a, end, "S", nil)
			require.NoError(t, err)
		}
	})
	tx := s.Begin()
	require.Equal(t, []int64{0, 1, 2}, edges(tx, a, graph.Out))
	require.Equal(t, []int64{1}, edges(tx, a, graph.In))
	require.Equal(t, []int64{0, 1, 2}, edges(tx, a, graph.Both), "the loop once")
	require.Equal(t, []int64{0, 2}, edges(tx, b, graph.Both))
	require.Equal(t, []int64{2}, edges(tx, b, graph.In, "S", "T"))
	require.Empty(t, edges(tx, b, graph.Out))
}

func TestExpandIsCompleteAcrossPages(t *testing.T) {
	s := graph.New()
	hub, other := addVertex(t, s, "P", nil), addVertex(t, s, "P", nil)
	commit(t, s, func(tx *graph.Tx) {
		for i := range 3000 {
			from, to := hub, other
			if i%2 == 1 {
				from, to = to, from
			}
			_, err := tx.CreateEdge(from, to, "R", nil)
			require.NoError(t, err)
		}
	})
	tx := s.Begin()
	require.Len(t, edges(tx, hub, graph.Out), 1500)
	require.Len(t, edges(tx, hub, graph.Both), 3000)
	commit(t, s, func(tx *graph.Tx) {
		n, err := tx.DetachDelete(hub)
		require.NoError(t, err)
		require.Equal(t, 3000, n)
	})
	require.Len(t, edges(tx, hub, graph.Both), 3000, "the snapshot still has them")
	tx.Abort()
	for range 10 { // a bounded part is cleaned up each time
		s.Begin().Abort()
	}
	objects, versions, _ := s.Held()
	require.Equal(t, []int{1, 1}, []int{objects, versions})
}

func TestDeleteVertexNeedsItToHaveNoEdges(t *testing.T) {
	s := graph.New()
	a, _, e := pair(t, s)
	tx := s.Begin()
	require.ErrorIs(t, tx.DeleteVertex(a), graph.ErrHasEdges)
	require.NoError(t, tx.DeleteEdge(e))
	require.NoError(t, tx.DeleteVertex(a))
	require.ErrorIs(t, tx.DeleteVertex(a), graph.ErrDeleted)
	require.ErrorIs(t, tx.DeleteEdge(e), graph.ErrDeleted)
	_, err := tx.Property(a, "x")
	require.ErrorIs(t, err, graph.ErrDeleted)
	_, err = tx.CreateEdge(a, a, "R", nil)
	require.ErrorIs(t, err, graph.ErrDeleted)
}

func TestCreateEdgeConflictsWithDeletingItsEnd(t *testing.T) {
	s := graph.New()
	a, b := addVertex(t, s, "P", nil), addVertex(t, s, "P", nil)
	first, second := s.Begin(), s.Begin()
	_, err := first.CreateEdge(a, b, "R", nil)
	require.NoError(t, err)
	require.ErrorIs(t, second.DeleteVertex(b), graph.ErrConflict)
	_, err = first.Seal()
	require.NoError(t, err)
	first.Commit(3)
	_, err = second.DetachDelete(a)
	require.ErrorIs(t, err, graph.ErrConflict)
}

func TestEdgePropertiesHaveVersions(t *testing.T) {
	s := graph.New()
	_, _, e := pair(t, s)
	reader := s.Begin()
	commit(t, s, func(tx *graph.Tx) { require.NoError(t, tx.SetProperty(e, "x", int64(2))) })
	require.Equal(t, int64(1), get(t, reader, e, "x"))
	require.Equal(t, int64(2), get(t, s.Begin(), e, "x"))
	require.Equal(t, "R", e.Type())
	_, n := s.Counts()
	require.Equal(t, int64(1), n)
}
