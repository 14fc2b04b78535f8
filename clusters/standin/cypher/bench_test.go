package cypher_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
)

// repeat runs a parsed statement as one transaction each time.
func repeat(b *testing.B, s *graph.Store, query string, p func(i int) params) {
	b.Helper()
	stmt, err := cypher.Parse(query)
	require.NoError(b, err)
	ctx := context.Background()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		tx := s.Begin()
		result, err := stmt.Run(ctx, tx, p(i))
		if err != nil {
			b.Fatal(err)
		}
		for !errors.Is(err, io.EOF) {
			if _, err = result.Next(ctx); err != nil && !errors.Is(err, io.EOF) {
				b.Fatal(err)
			}
		}
		if _, err := tx.Seal(); err != nil {
			b.Fatal(err)
		}
		tx.Commit(uint64(i))
	}
}

func BenchmarkCreateNode(b *testing.B) {
	s := graph.New()
	must(b, s, "CREATE INDEX ON :P(id)")
	must(b, s, "CREATE CONSTRAINT ON (n:P) ASSERT n.id IS UNIQUE")
	repeat(b, s, "CREATE (:P {id: $id, name: $name})", func(i int) params {
		return params{"id": int64(i), "name": "somebody"}
	})
}

func BenchmarkMatchIndexed(b *testing.B) {
	s := graph.New()
	must(b, s, "CREATE INDEX ON :P(id)")
	must(b, s, "UNWIND range(0, 99999) AS i CREATE (:P {id: i})")
	repeat(b, s, "MATCH (n:P {id: $id}) RETURN n.id", func(i int) params {
		return params{"id": int64(i % 100000)}
	})
}

func BenchmarkUnwindRow(b *testing.B) {
	stmt, err := cypher.Parse("UNWIND range(1, $n) AS i RETURN i")
	require.NoError(b, err)
	ctx := context.Background()
	result, err := stmt.Run(ctx, graph.New().Begin(), params{"n": int64(b.N)})
	require.NoError(b, err)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := result.Next(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		if _, err := cypher.Parse("MATCH (n:P {id: $id}) SET n.x = $x RETURN n.id AS id"); err != nil {
			b.Fatal(err)
		}
	}
}
