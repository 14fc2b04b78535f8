package graph_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/graph"
)

func createIndex(t testing.TB, s *graph.Store, label string, props ...string) {
	t.Helper()
	commit(t, s, func(tx *graph.Tx) {
		changed, err := tx.CreateIndex(label, props...)
		require.NoError(t, err)
		require.True(t, changed)
	})
}

func createUnique(t testing.TB, s *graph.Store, label string, props ...string) {
	t.Helper()
	commit(t, s, func(tx *graph.Tx) {
		changed, err := tx.CreateUnique(label, props...)
		require.NoError(t, err)
		require.True(t, changed)
	})
}

func TestScanRangesCompareWithinOneKindOfValue(t *testing.T) {
	values := []any{int64(1), 1.5, int64(2), math.Inf(1), "1", "b", true, []any{int64(1)}, nil, math.NaN()}
	bound := func(v any, open bool) graph.Bound { return graph.Bound{Value: v, Open: open} }
	for name, test := range map[string]struct {
		min, max graph.Bound
		want     []any
	}{
		"from":                          {bound(int64(2), false), graph.Bound{}, []any{int64(2), math.Inf(1)}},
		"above":                         {bound(int64(2), true), graph.Bound{}, []any{math.Inf(1)}},
		"up to":                         {graph.Bound{}, bound(1.5, false), []any{int64(1), 1.5}},
		"below":                         {graph.Bound{}, bound(1.5, true), []any{int64(1)}},
		"between":                       {bound(int64(1), true), bound(int64(2), false), []any{1.5, int64(2)}},
		"equal across kinds of numbers": {bound(2.0, false), bound(2.0, false), []any{int64(2)}},
		"strings":                       {bound("a", false), graph.Bound{}, []any{"b"}},
		"strings up to":                 {graph.Bound{}, bound("a", false), []any{"1"}},
		"booleans":                      {graph.Bound{}, bound(true, false), []any{true}},
		"lists":                         {graph.Bound{}, bound([]any{int64(2)}, false), []any{[]any{int64(1)}}},
		"mixed kinds":                   {bound(int64(1), false), bound("z", false), nil},
		"empty":                         {bound(int64(5), false), bound(int64(4), false), nil},
	} {
		for _, indexed := range []bool{false, true} {
			s := graph.New()
			for _, v := range values {
				addVertex(t, s, "P", props{"x": v})
			}
			if indexed {
				createIndex(t, s, "P", "x")
			}
			tx := s.Begin()
			require.Equal(t, indexed, tx.HasIndex("P", "x"))
			var got []any
			scan := tx.Scan(graph.Filter{Label: "P", Property: "x", Min: test.min, Max: test.max})
			for v := scan.Next(); v != nil; v = scan.Next() {
				got = append(got, get(t, tx, v, "x"))
			}
			require.Equal(t, test.want, got, "%s, indexed: %t", name, indexed)
		}
	}
}

func TestScanShowsAVertexOnceWhateverItsOlderVersions(t *testing.T) {
	s := graph.New()
	createIndex(t, s, "P", "x")
	v := addVertex(t, s, "P", props{"x": int64(1)})
	old := s.Begin()
	commit(t, s, func(tx *graph.Tx) { require.NoError(t, tx.SetProperty(v, "x", int64(2))) })
	both := graph.Filter{Label: "P", Property: "x", Min: graph.Bound{Value: int64(0)}}
	require.Equal(t, []int64{0}, all(s.Begin(), both))
	require.Equal(t, []int64{0}, all(old, both))
	require.Empty(t, all(old, equals("x", int64(2))))
}

func TestScanIsCompleteAcrossPages(t *testing.T) {
	for _, indexes := range [][][]string{nil, {{}}, {{"x"}}} {
		s := graph.New()
		for _, index := range indexes {
			createIndex(t, s, "P", index...)
		}
		commit(t, s, func(tx *graph.Tx) {
			for i := range int64(5000) {
				_, err := tx.CreateVertex([]string{"P"}, props{"x": i % 7})
				require.NoError(t, err)
			}
		})
		tx := s.Begin()
		require.Len(t, all(tx, graph.Filter{}), 5000)
		require.Len(t, all(tx, graph.Filter{Label: "P"}), 5000)
		require.Len(t, all(tx, equals("x", int64(3))), 714)
		require.Empty(t, all(tx, graph.Filter{Label: "Q"}))
	}
}

func TestUniqueConstraintIsCheckedWhenSealing(t *testing.T) {
	s := graph.New()
	createUnique(t, s, "P", "id")
	one := addVertex(t, s, "P", props{"id": int64(1)})

	tx := s.Begin()
	_, err := tx.CreateVertex([]string{"P"}, props{"id": 1.0})
	require.NoError(t, err)
	_, err = tx.Seal()
	require.EqualError(t, err, "Unable to commit due to unique constraint violation on :P(id)")
	require.Equal(t, &graph.UniqueError{Label: "P", Props: []string{"id"}}, err)
	tx.Abort()

	commit(t, s, func(tx *graph.Tx) { // moving a value within a transaction is fine
		require.NoError(t, tx.SetProperty(one, "id", int64(2)))
		_, err := tx.CreateVertex([]string{"P"}, props{"id": int64(1)})
		require.NoError(t, err)
		_, err = tx.CreateVertex([]string{"P"}, nil)
		require.NoError(t, err)
		_, err = tx.CreateVertex([]string{"Q"}, props{"id": int64(1)})
		require.NoError(t, err)
	})
	commit(t, s, func(tx *graph.Tx) { require.NoError(t, tx.DeleteVertex(one)) })
	addVertex(t, s, "P", props{"id": int64(2)})
}

func TestUniqueConstraintHoldsBetweenConcurrentTransactions(t *testing.T) {
	s := graph.New()
	createUnique(t, s, "P", "id")
	first, second := s.Begin(), s.Begin()
	for _, tx := range []*graph.Tx{first, second} {
		_, err := tx.CreateVertex([]string{"P"}, props{"id": int64(1)})
		require.NoError(t, err)
	}
	_, err := first.Seal()
	require.NoError(t, err)
	_, err = second.Seal()
	require.ErrorAs(t, err, new(*graph.UniqueError), "the first may still commit")
	second.Abort()
	first.Commit(2)

	third := s.Begin() // began after the commit, removes the value, does not commit
	v := third.Scan(equals("id", int64(1))).Next()
	require.NoError(t, third.SetProperty(v, "id", nil))
	fourth := s.Begin()
	_, err = fourth.CreateVertex([]string{"P"}, props{"id": int64(1)})
	require.NoError(t, err)
	_, err = fourth.Seal()
	require.ErrorAs(t, err, new(*graph.UniqueError), "the removal may be undone")
}

func TestUniqueConstraintOnSeveralProperties(t *testing.T) {
	s := graph.New()
	createUnique(t, s, "P", "b", "a")
	addVertex(t, s, "P", props{"a": int64(1), "b": int64(2)})
	addVertex(t, s, "P", props{"a": int64(1), "b": int64(3)})
	addVertex(t, s, "P", props{"a": int64(1)})
	addVertex(t, s, "P", props{"a": int64(1)})
	tx := s.Begin()
	_, err := tx.CreateVertex([]string{"P"}, props{"a": int64(1), "b": int64(2)})
	require.NoError(t, err)
	_, err = tx.Seal()
	require.EqualError(t, err, "Unable to commit due to unique constraint violation on :P(a, b)")
}

func TestUniqueConstraintCannotBeCreatedOnDuplicates(t *testing.T) {
	s := graph.New()
	addVertex(t, s, "P", props{"id": int64(1)})
	addVertex(t, s, "P", props{"id": int64(1)})
	tx := s.Begin()
	_, err := tx.CreateUnique("P", "id")
	require.NoError(t, err)
	_, err = tx.Seal()
	require.EqualError(t, err, "Unable to create unique constraint :P(id), because an existing node violates it.")
	tx.Abort()
	require.Empty(t, s.Schema())
	addVertex(t, s, "P", props{"id": int64(1)})
}

func TestSchemaChangesTakeEffectAtCommit(t *testing.T) {
	s := graph.New()
	tx, other := s.Begin(), s.Begin()
	for _, tx := range []*graph.Tx{tx, other} {
		changed, err := tx.CreateIndex("P", "id")
		require.NoError(t, err)
		require.True(t, changed)
	}
	deltas, err := tx.Seal()
	require.NoError(t, err)
	require.Equal(t, []graph.Delta{{Op: graph.IndexCreate, Name: "P", Names: []string{"id"}}}, deltas)
	require.Empty(t, s.Schema())
	_, err = s.Begin().DropIndex("P", "id")
	require.ErrorIs(t, err, graph.ErrConflict, "not there yet")
	_, err = other.Seal()
	require.ErrorIs(t, err, graph.ErrConflict)
	other.Abort()
	tx.Commit(1)
	require.Equal(t, []graph.SchemaEntry{{Label: "P", Props: []string{"id"}}}, s.Schema())

	commit(t, s, func(tx *graph.Tx) {
		changed, err := tx.CreateIndex("P", "id")
		require.NoError(t, err)
		require.False(t, changed, "it exists")
		require.False(t, tx.Changed())
	})
	first, second := s.Begin(), s.Begin()
	for _, tx := range []*graph.Tx{first, second} {
		changed, err := tx.DropIndex("P", "id")
		require.NoError(t, err)
		require.True(t, changed)
	}
	_, err = first.Seal()
	require.NoError(t, err)
	_, err = second.Seal()
	require.ErrorIs(t, err, graph.ErrConflict)
	second.Abort()
	for _, change := range []func(*graph.Tx) (bool, error){
		func(tx *graph.Tx) (bool, error) { return tx.DropIndex("P", "id") },
		func(tx *graph.Tx) (bool, error) { return tx.CreateIndex("P", "id") },
	} {
		_, err = change(s.Begin())
		require.ErrorIs(t, err, graph.ErrConflict, "nobody knows how the first one ends")
	}
	first.Abort()
	require.Len(t, s.Schema(), 1)
	commit(t, s, func(tx *graph.Tx) {
		changed, err := tx.DropIndex("P", "id")
		require.NoError(t, err)
		require.True(t, changed)
	})
	require.Empty(t, s.Schema())
}
