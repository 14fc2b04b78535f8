package cypher_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
)

func FuzzCypher(f *testing.F) {
	for _, query := range []string{
		social,
		"MATCH (n:Person {id: 1})-[r:KNOWS|LIKES]->(m) WHERE n.age >= 30 XOR m.name IN ['Bob'] RETURN DISTINCT n, r, m ORDER BY m.name DESC SKIP 0 LIMIT 5",
		"OPTIONAL MATCH (a)<--(b) WITH a, count(*) AS c, collect(b.id) AS ids WHERE c > 0 RETURN *",
		"UNWIND range(1, 5) AS i MERGE (n:P {id: i}) ON CREATE SET n.x = 1, n += {y: 2} ON MATCH SET n:Q RETURN sum(i) + 1.5e3",
		"MATCH (n) REMOVE n.x, n:Person SET n = {a: [1, null, 'x'][0..-1]} DETACH DELETE n",
		"RETURN CASE 1 WHEN 2 THEN 'a' ELSE \"\\u00e4\" END, $p, `a b`.x[0], -(2 ^ 3) % 4 <> 1, NOT null IS NOT NULL",
		"CREATE INDEX ON :P(id)", "DROP CONSTRAINT ON (n:P) ASSERT n.a, n.b IS UNIQUE;", "SHOW INDEX INFO",
	} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		stmt, err := cypher.Parse(query)
		if err != nil {
			return
		}
		s := graph.New()
		must(t, s, social)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		tx := s.Begin()
		defer tx.Abort()
		result, err := stmt.Run(ctx, tx, params{"p": int64(1)})
		for n := 0; err == nil && n < 1000; n++ {
			var row []any
			row, err = result.Next(ctx)
			if err == nil {
				require.Len(t, row, len(stmt.Fields()))
			}
		}
		deltas, err := tx.Seal()
		if err != nil {
			return
		}
		replica := graph.New()
		var all []graph.Delta
		require.NoError(t, s.Dump(func(d graph.Delta) error { all = append(all, d); return nil }))
		require.NoError(t, replica.Apply(1, all))
		if len(deltas) > 0 {
			require.NoError(t, replica.Apply(2, deltas))
		}
		tx.Commit(2)
		require.Equal(t, s.Checksum(), replica.Checksum(), query)
	})
}
