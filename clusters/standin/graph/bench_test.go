package graph_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/graph"
)

func BenchmarkCommit(b *testing.B) {
	s := graph.New()
	createIndex(b, s, "P", "id")
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		tx := s.Begin()
		if _, err := tx.CreateVertex([]string{"P"}, props{"id": int64(i)}); err != nil {
			b.Fatal(err)
		}
		if _, err := tx.Seal(); err != nil {
			b.Fatal(err)
		}
		tx.Commit(uint64(i))
	}
}

func BenchmarkLookup(b *testing.B) {
	s := graph.New()
	createIndex(b, s, "P", "id")
	commit(b, s, func(tx *graph.Tx) {
		for i := range int64(100000) {
			_, err := tx.CreateVertex([]string{"P"}, props{"id": i})
			require.NoError(b, err)
		}
	})
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for i := int64(0); pb.Next(); i++ {
			tx := s.Begin()
			if tx.Scan(equals("id", i%100000)).Next() == nil {
				b.Error("not found")
			}
			tx.Abort()
		}
	})
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for range b.N {
		graph.New()
	}
}
