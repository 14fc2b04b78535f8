package graph_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"memgraph-controller/clusters/standin/graph"
)

// everything commits transactions that contain each kind of delta, and returns
// them.
func everything(t testing.TB, s *graph.Store) (txs [][]graph.Delta) {
	t.Helper()
	add := func(write func(tx *graph.Tx)) { txs = append(txs, commit(t, s, write)) }
	var a, b *graph.Vertex
	var e *graph.Edge
	add(func(tx *graph.Tx) {
		a, _ = tx.CreateVertex([]string{"P", "Q"}, props{
			"bool": true, "int": int64(-5), "float": 1.5, "string": "ä", "list": []any{nil, false, "x"},
			"map": map[string]any{"b": []any{}, "a": int64(1)},
		})
		b, _ = tx.CreateVertex(nil, nil)
		e, _ = tx.CreateEdge(a, b, "R", props{"x": int64(1)})
	})
	add(func(tx *graph.Tx) { _, _ = tx.CreateIndex("P") })
	add(func(tx *graph.Tx) { _, _ = tx.CreateIndex("P", "int") })
	add(func(tx *graph.Tx) { _, _ = tx.CreateUnique("P", "int", "string") })
	add(func(tx *graph.Tx) { _, _ = tx.CreateUnique("Q", "int") })
	add(func(tx *graph.Tx) {
		_, _ = tx.AddLabel(b, "New")
		_, _ = tx.RemoveLabel(a, "P")
		_ = tx.SetProperty(a, "int", nil)
		_ = tx.SetProperty(b, "x", "y")
		_ = tx.SetProperty(e, "x", int64(2))
		c, _ := tx.CreateVertex([]string{"P"}, nil)
		loop, _ := tx.CreateEdge(c, c, "LOOP", nil)
		_ = tx.DeleteEdge(loop)
		_ = tx.DeleteVertex(c)
	})
	add(func(tx *graph.Tx) { _, _ = tx.DropIndex("P", "int") })
	add(func(tx *graph.Tx) { _, _ = tx.DropUnique("Q", "int") })
	return txs
}

func TestReplicaThatAppliesTheDeltasIsTheSame(t *testing.T) {
	s, replica := graph.New(), graph.New()
	for i, deltas := range everything(t, s) {
		require.NotEmpty(t, deltas)
		require.NoError(t, replica.Apply(uint64(10+i), deltas))
	}
	require.Equal(t, s.Checksum(), replica.Checksum())
	require.Equal(t, s.Schema(), replica.Schema())
	require.Equal(t, uint64(17), replica.Timestamp())
	next := addVertex(t, replica, "P", nil)
	require.Equal(t, int64(3), next.ID(), "its own numbers come after those it was given")
	require.NotEqual(t, s.Checksum(), replica.Checksum())
}

func TestNumbersComeAfterThoseThatWereApplied(t *testing.T) {
	s := graph.New()
	require.NoError(t, s.Apply(1, []graph.Delta{{Op: graph.VertexCreate, ID: 50}, {Op: graph.VertexCreate, ID: 7}, {Op: graph.EdgeCreate, ID: 9, From: 50, To: 7, Name: "R"}}))
	commit(t, s, func(tx *graph.Tx) {
		v, err := tx.CreateVertex(nil, nil)
		require.NoError(t, err)
		require.Equal(t, int64(51), v.ID())
		e, err := tx.CreateEdge(v, v, "R", nil)
		require.NoError(t, err)
		require.Equal(t, int64(10), e.ID())
	})
}

func TestApplyNamesTheDeltaThatDoesNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		delta graph.Delta
		want  string
	}{
		"vertex exists":   {graph.Delta{Op: graph.VertexCreate, ID: 0}, "create vertex 0: it exists already"},
		"no vertex":       {graph.Delta{Op: graph.VertexSet, ID: 9, Name: "x", Value: true}, `set vertex property "x" of 9: it does not exist`},
		"still has edges": {graph.Delta{Op: graph.VertexDelete, ID: 0}, "delete vertex 0: Failed to remove node"},
		"label exists":    {graph.Delta{Op: graph.LabelAdd, ID: 0, Name: "Q"}, `add label "Q" of 0: it changes nothing`},
		"no label":        {graph.Delta{Op: graph.LabelRemove, ID: 0, Name: "Z"}, `remove label "Z" of 0: it changes nothing`},
		"edge exists":     {graph.Delta{Op: graph.EdgeCreate, ID: 0, From: 0, To: 1, Name: "R"}, "create edge 0: it exists already"},
		"edge to nowhere": {graph.Delta{Op: graph.EdgeCreate, ID: 5, From: 0, To: 7, Name: "R"}, "create edge 5: from 0 to 7: it does not exist"},
		"no edge":         {graph.Delta{Op: graph.EdgeDelete, ID: 7}, "delete edge 7: it does not exist"},
		"index exists":    {graph.Delta{Op: graph.IndexCreate, Name: "P"}, "create index on :P: it changes nothing"},
		"no constraint":   {graph.Delta{Op: graph.UniqueDrop, Name: "X", Names: []string{"a", "b"}}, "drop unique constraint on :X(a, b): it changes nothing"},
		"no such kind":    {graph.Delta{Op: 99}, "op 99 0: unknown kind of delta"},
	} {
		s := graph.New()
		everything(t, s)
		before := s.Checksum()
		err := s.Apply(42, []graph.Delta{{Op: graph.VertexCreate, ID: 50}, test.delta})
		require.ErrorContains(t, err, "apply transaction 42: delta 2 of 2, "+test.want, name)
		require.Equal(t, before, s.Checksum(), "%s: nothing is applied", name)
	}
}

func TestDumpRebuildsTheState(t *testing.T) {
	for _, portion := range []int{1, 3, 1000} {
		s, copied := graph.New(), graph.New()
		everything(t, s)
		commit(t, s, func(tx *graph.Tx) {
			v, _ := tx.CreateVertex([]string{"N"}, nil)
			for range 1500 {
				_, _ = tx.CreateEdge(v, v, "R", nil)
			}
		})
		snapshot := s.Snapshot()
		at := s.Checksum()
		addVertex(t, s, "After", nil)
		var batch []graph.Delta
		flush := func() {
			require.NoError(t, copied.Apply(snapshot.Timestamp(), batch))
			batch = nil
		}
		require.NoError(t, snapshot.Dump(func(d graph.Delta) error {
			if batch = append(batch, d); len(batch) == portion {
				flush()
			}
			return nil
		}))
		flush()
		snapshot.Close()
		require.Equal(t, at, copied.Checksum())
		require.Equal(t, snapshot.Timestamp(), copied.Timestamp())
		vertices, edges := copied.Counts()
		require.Equal(t, []int64{3, 1501}, []int64{vertices, edges})
	}
}

func TestDumpStopsAtTheFirstError(t *testing.T) {
	s := graph.New()
	everything(t, s)
	full := errors.New("disk full")
	for fails := range 5 {
		calls := 0
		err := s.Dump(func(graph.Delta) error {
			if calls++; calls > fails {
				return full
			}
			return nil
		})
		require.ErrorIs(t, err, full)
		require.Equal(t, fails+1, calls)
	}
}

func TestChecksumTellsStatesApart(t *testing.T) {
	seen := map[uint64]string{}
	for name, write := range map[string]func(tx *graph.Tx){
		"empty":    func(*graph.Tx) {},
		"vertex":   func(tx *graph.Tx) { _, _ = tx.CreateVertex(nil, nil) },
		"label":    func(tx *graph.Tx) { _, _ = tx.CreateVertex([]string{"A"}, nil) },
		"property": func(tx *graph.Tx) { _, _ = tx.CreateVertex(nil, props{"x": int64(1)}) },
		"value":    func(tx *graph.Tx) { _, _ = tx.CreateVertex(nil, props{"x": 1.0}) },
		"index":    func(tx *graph.Tx) { _, _ = tx.CreateIndex("A") },
		"unique":   func(tx *graph.Tx) { _, _ = tx.CreateUnique("A", "x") },
		"edge": func(tx *graph.Tx) {
			v, _ := tx.CreateVertex(nil, nil)
			_, _ = tx.CreateEdge(v, v, "R", nil)
		},
	} {
		s := graph.New()
		commit(t, s, write)
		sum := s.Checksum()
		require.Empty(t, seen[sum], "same as %s", name)
		seen[sum] = name
	}
}

func TestDeltasSurviveTheirBinaryForm(t *testing.T) {
	s := graph.New()
	var buf []byte
	var want []graph.Delta
	for _, deltas := range everything(t, s) {
		for _, d := range deltas {
			buf = graph.AppendDelta(buf, d)
			want = append(want, d)
		}
	}
	seen := map[graph.Op]bool{}
	for _, d := range want {
		got, n, err := graph.DecodeDelta(buf)
		require.NoError(t, err)
		require.Equal(t, d, got)
		buf = buf[n:]
		seen[d.Op] = true
	}
	require.Empty(t, buf)
	require.Len(t, seen, int(graph.UniqueDrop), "every kind is there")
}

// anyValue draws a value that can be stored.
func anyValue(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(),
	}
	if depth > 0 {
		scalars = append(scalars,
			rapid.SliceOfN(anyValue(depth-1), 0, 3).AsAny(),
			rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 3).AsAny())
	}
	return rapid.OneOf(scalars...)
}

func TestValuesSurviveTheirBinaryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := graph.Delta{Op: graph.VertexSet, ID: rapid.Int64Range(0, 1<<62).Draw(t, "id"), Name: rapid.String().Draw(t, "key"), Value: anyValue(3).Draw(t, "value")}
		buf := graph.AppendDelta([]byte("before"), d)
		got, n, err := graph.DecodeDelta(append(buf, "after"...)[len("before"):])
		require.NoError(t, err)
		require.Equal(t, d, got)
		require.Equal(t, len(buf)-len("before"), n)
		for cut := range n {
			_, _, err := graph.DecodeDelta(buf[len("before") : len("before")+cut])
			require.Error(t, err)
		}
	})
}

func TestDecodeDeltaSaysWhatIsWrong(t *testing.T) {
	deep := graph.AppendDelta(nil, graph.Delta{Op: graph.VertexSet, Name: "x", Value: nested(40)})
	for want, src := range map[string][]byte{
		"cut short": nil,
		"delta in form 7: this version reads form 1":             {7<<5 | 1},
		"delta of unknown kind 31":                               {1<<5 | 31},
		`delta "delete vertex": cut short`:                       {1<<5 | byte(graph.VertexDelete)},
		`delta "delete vertex": number out of range`:             {1<<5 | byte(graph.VertexDelete), 255, 255, 255, 255, 255, 255, 255, 255, 255, 1},
		`delta "add label": cut short`:                           {1<<5 | byte(graph.LabelAdd), 0, 200},
		`delta "set vertex property": value nested too deeply`:   deep,
		`delta "set vertex property": unknown kind of value`:     {1<<5 | byte(graph.VertexSet), 0, 0, 99},
		`delta "create vertex": property without a value`:        {1<<5 | byte(graph.VertexCreate), 0, 0, 1, 1, 'x', 0},
		`delta "create vertex": keys are not in ascending order`: {1<<5 | byte(graph.VertexCreate), 0, 0, 2, 1, 'x', 1, 1, 'x', 1},
	} {
		_, _, err := graph.DecodeDelta(src)
		require.EqualError(t, err, want)
	}
}

// nested is a list in a list in a list ...
func nested(depth int) (v any) {
	for range depth {
		v = []any{v}
	}
	return v
}

func TestPropertiesRefuseWhatCannotBeStored(t *testing.T) {
	tx := graph.New().Begin()
	v, err := tx.CreateVertex(nil, nil)
	require.NoError(t, err)
	for _, value := range []any{v, []byte("x"), 1, []any{v}, map[string]any{"x": struct{}{}}, nested(40)} {
		require.ErrorAs(t, tx.SetProperty(v, "x", value), new(*graph.ValueError))
		_, err := tx.CreateVertex(nil, props{"x": value})
		require.ErrorAs(t, err, new(*graph.ValueError))
	}
	list := []any{int64(1)}
	require.NoError(t, tx.SetProperty(v, "x", list))
	list[0] = int64(2)
	require.Equal(t, []any{int64(1)}, get(t, tx, v, "x"), "later changes by the caller do not reach the store")
}

func FuzzDelta(f *testing.F) {
	for _, deltas := range everything(f, graph.New()) {
		for _, d := range deltas {
			f.Add(graph.AppendDelta(nil, d))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		d, n, err := graph.DecodeDelta(src)
		if err != nil {
			return
		}
		form := graph.AppendDelta(nil, d)
		again, m, err := graph.DecodeDelta(form)
		require.NoError(t, err)
		require.Equal(t, len(form), m)
		require.LessOrEqual(t, m, n, "the form written is the shortest")
		require.Equal(t, form, graph.AppendDelta(nil, again))
		_ = graph.New().Apply(1, []graph.Delta{d})
	})
}
