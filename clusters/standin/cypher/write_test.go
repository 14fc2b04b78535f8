package cypher_test

import (
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
)

func TestWritesChangeTheGraph(t *testing.T) {
	for name, test := range map[string]struct {
		query  string
		params params
		stats  cypher.Stats
		check  string // a query on the result
		want   rows
	}{
		"create with parameters": {
			query: "CREATE (:X $p)", params: params{"p": params{"id": int64(9), "none": nil}},
			stats: cypher.Stats{NodesCreated: 1, LabelsAdded: 1},
			check: "MATCH (n:X) RETURN properties(n)", want: rows{{params{"id": int64(9)}}},
		},
		"create between known nodes": {
			query: "MATCH (a {id: 3}), (b {id: 4}) CREATE (b)<-[:OWNS {x: a.id}]-(a)-[:SEES]->(:Cat)",
			stats: cypher.Stats{NodesCreated: 1, LabelsAdded: 1, RelationshipsCreated: 2},
			check: "MATCH (a {id: 3})-[r]->(x) RETURN type(r), r.x, labels(x) ORDER BY type(r)",
			want:  rows{{"OWNS", int64(3), list("Dog")}, {"SEES", nil, list("Cat")}},
		},
		"create does not see itself": {
			query: "MATCH (n) CREATE (:Copy {of: n.id})",
			stats: cypher.Stats{NodesCreated: 4, LabelsAdded: 4},
			check: "MATCH (n:Copy) RETURN sum(n.of)", want: rows{{int64(10)}},
		},
		"create for each item": {
			query: "UNWIND range(10, 12) AS i CREATE (:N {id: i})",
			stats: cypher.Stats{NodesCreated: 3, LabelsAdded: 3},
			check: "MATCH (n:N) RETURN collect(n.id)", want: rows{{list(int64(10), int64(11), int64(12))}},
		},
		"a with with limit does not stop writes": {
			query: "CREATE (n:X) WITH n LIMIT 0 CREATE (:Y)",
			stats: cypher.Stats{NodesCreated: 1, LabelsAdded: 1},
			check: "MATCH (n) WHERE n:X OR n:Y RETURN labels(n)", want: rows{{list("X")}},
		},
		"set": {
			query: "MATCH (n:Dog) SET n.x = n.id + 1, n:Pet:Dog, n.name = null",
			stats: cypher.Stats{PropertiesSet: 2, LabelsAdded: 1},
			check: "MATCH (n:Pet) RETURN labels(n), properties(n)", want: rows{{list("Dog", "Pet"), params{"id": int64(4), "x": int64(5)}}},
		},
		"set on a relationship": {
			query: "MATCH (:Admin)-[r:KNOWS]->({id: 2}) SET r.since = 1999",
			stats: cypher.Stats{PropertiesSet: 1},
			check: "MATCH ()-[r:KNOWS]->() RETURN sum(r.since)", want: rows{{int64(1999 + 2005)}},
		},
		"set adds a map": {
			query: "MATCH (n:Dog) SET n += {name: 'Dee', x: 1}",
			stats: cypher.Stats{PropertiesSet: 2},
			check: "MATCH (n:Dog) RETURN properties(n)", want: rows{{params{"id": int64(4), "name": "Dee", "x": int64(1)}}},
		},
		"set replaces by a map": {
			query: "MATCH (n:Dog) SET n = {x: 1}",
			stats: cypher.Stats{PropertiesSet: 3},
			check: "MATCH (n:Dog) RETURN properties(n)", want: rows{{params{"x": int64(1)}}},
		},
		"set on null": {
			query: "OPTIONAL MATCH (n:Nothing) SET n.x = 1, n:X, n += {a: 1} REMOVE n.y, n:Z",
			check: "MATCH (n:X) RETURN n", want: nil,
		},
		"set sees earlier items": {
			query: "MATCH (n:Dog) SET n.x = 1, n.y = n.x + 1",
			stats: cypher.Stats{PropertiesSet: 2},
			check: "MATCH (n:Dog) RETURN n.y", want: rows{{int64(2)}},
		},
		"counter over rows": {
			query: "MATCH (n:Dog) UNWIND range(1, 5) AS i SET n.c = coalesce(n.c, 0) + i",
			stats: cypher.Stats{PropertiesSet: 5},
			check: "MATCH (n:Dog) RETURN n.c", want: rows{{int64(15)}},
		},
		"a projection does not see later writes": {
			query: "MATCH (n:Dog) UNWIND [1, 2] AS i SET n.c = 0 WITH n, n.c AS c, i SET n.c = c + i",
			stats: cypher.Stats{PropertiesSet: 4},
			check: "MATCH (n:Dog) RETURN n.c", want: rows{{int64(2)}},
		},
		"remove": {
			query: "MATCH (n:Admin) REMOVE n.age, n:Admin, n:Nothing",
			stats: cypher.Stats{PropertiesSet: 1, LabelsRemoved: 1},
			check: "MATCH (n {id: 1}) RETURN n.age, labels(n)", want: rows{{nil, list("Person")}},
		},
		"delete": {
			query: "MATCH (n:Dog) DELETE n",
			stats: cypher.Stats{NodesDeleted: 1},
			check: "MATCH (n) RETURN count(n)", want: rows{{int64(3)}},
		},
		"delete relationships before nodes": {
			query: "MATCH (a:Person) OPTIONAL MATCH (a)-[r]->() DELETE a, r",
			stats: cypher.Stats{NodesDeleted: 3, RelationshipsDeleted: 3},
			check: "MATCH (n) RETURN count(n)", want: rows{{int64(1)}},
		},
		"detach delete": {
			query: "MATCH (n {id: 3}) DETACH DELETE n",
			stats: cypher.Stats{NodesDeleted: 1, RelationshipsDeleted: 2},
			check: "MATCH (n)-->(m) RETURN n.id, m.id", want: rows{{int64(1), int64(2)}},
		},
		"merge finds": {
			query: "MERGE (n:Person {id: 1}) ON MATCH SET n.seen = true ON CREATE SET n.new = true",
			stats: cypher.Stats{PropertiesSet: 1},
			check: "MATCH (n:Person {id: 1}) RETURN n.seen, n.new", want: rows{{true, nil}},
		},
		"merge creates": {
			query: "MERGE (n:Person {id: 7}) ON MATCH SET n.seen = true ON CREATE SET n.new = true",
			stats: cypher.Stats{NodesCreated: 1, LabelsAdded: 1, PropertiesSet: 1},
			check: "MATCH (n:Person {id: 7}) RETURN n.seen, n.new", want: rows{{nil, true}},
		},
		"merge sees what it created": {
			query: "UNWIND [7, 7, 8] AS i MERGE (n:Person {id: i}) ON MATCH SET n.again = true",
			stats: cypher.Stats{NodesCreated: 2, LabelsAdded: 2, PropertiesSet: 1},
			check: "MATCH (n:Person) WHERE n.id > 6 RETURN n.id, n.again ORDER BY n.id", want: rows{{int64(7), true}, {int64(8), nil}},
		},
		"merge a relationship": {
			query: "MATCH (a {id: 1}), (b {id: 2}) MERGE (a)-[r:KNOWS]->(b) MERGE (b)-[q:KNOWS]->(a) ON CREATE SET q.since = r.since",
			stats: cypher.Stats{RelationshipsCreated: 1, PropertiesSet: 1},
			check: "MATCH ({id: 2})-[r:KNOWS]->({id: 1}) RETURN r.since", want: rows{{int64(2001)}},
		},
		"merge a whole path": {
			query: "MERGE (a:Person {id: 1})-[:OWNS]->(b:Dog {id: 4})",
			stats: cypher.Stats{NodesCreated: 2, LabelsAdded: 2, RelationshipsCreated: 1},
			check: "MATCH (:Person {id: 1}) RETURN count(*)", want: rows{{int64(2)}},
		},
		"foreign order of deletes and creates": {
			query: "MATCH (n:Dog) DELETE n CREATE (:Dog {id: 5})",
			stats: cypher.Stats{NodesDeleted: 1, NodesCreated: 1, LabelsAdded: 1},
			check: "MATCH (n:Dog) RETURN n.id", want: rows{{int64(5)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := graph.New()
			must(t, s, social)
			got, stats, err := execute(t, s, test.query, test.params)
			require.NoError(t, err)
			require.Empty(t, got)
			require.Equal(t, test.stats, stats)
			require.Equal(t, test.want, must(t, s, test.check))
		})
	}
}

func TestNoClauseSeesItsOwnWrites(t *testing.T) {
	for _, query := range []string{"CREATE INDEX ON :N", "CREATE INDEX ON :N(x)", "RETURN 1"} {
		s := graph.New()
		must(t, s, query)
		must(t, s, "UNWIND range(1, 100) AS i CREATE (:N {x: i})")
		must(t, s, "MATCH (n:N) WHERE n.x > 0 CREATE (:N {x: n.x + 100})")
		must(t, s, "MATCH (n:N) WHERE n.x > 0 SET n.x = n.x + 1000")
		must(t, s, "MATCH (n:N), (m:N {x: 1001}) CREATE (n)-[:R]->(m)")
		require.Equal(t, rows{{int64(200), int64(220100)}}, must(t, s, "MATCH (n:N) RETURN count(*), sum(n.x)"))
		require.Equal(t, rows{{int64(200)}}, must(t, s, "MATCH (:N)-[r]->(:N {x: 1001}) RETURN count(r)"))
	}
}

func TestWritesReturnRows(t *testing.T) {
	for query, want := range map[string]rows{
		"CREATE (n:X {id: 1}) RETURN n.id AS id":                                     {{int64(1)}},
		"UNWIND [1, 2] AS i CREATE (n {id: i}) RETURN n.id":                          {{int64(1)}, {int64(2)}},
		"UNWIND [1, 2] AS i CREATE (n:A {id: i}) WITH n MATCH (m:A) RETURN count(*)": {{int64(4)}},
		"MERGE (n:X {id: 1}) RETURN n.id, labels(n)":                                 {{int64(1), list("X")}},
		"CREATE (n:X) SET n.a = 1 RETURN n.a LIMIT 0":                                nil,
		"CREATE (n:X) DELETE n RETURN count(*)":                                      {{int64(1)}},
		"CREATE (a)-[r:R {x: 1}]->(b) RETURN type(r), r.x, id(a), id(b)":             {{"R", int64(1), int64(0), int64(1)}},
	} {
		s := graph.New()
		require.Equal(t, want, must(t, s, query), query)
	}
}

func TestRunWritesEverythingBeforeTheFirstRowIsTaken(t *testing.T) {
	s := graph.New()
	stmt, err := cypher.Parse("UNWIND range(1, 10) AS i CREATE (n:N {id: i}) RETURN n.id")
	require.NoError(t, err)
	tx := s.Begin()
	result, err := stmt.Run(context.Background(), tx, nil)
	require.NoError(t, err)
	require.Equal(t, int64(10), result.Stats().NodesCreated)
	_, err = result.Next(context.Background())
	require.NoError(t, err)
	deltas, err := tx.Seal()
	require.NoError(t, err)
	require.Len(t, deltas, 10)
	tx.Commit(1)
}

func TestRowsEndForGood(t *testing.T) {
	s := graph.New()
	stmt, err := cypher.Parse("UNWIND [1, 0] AS x RETURN 1 / x")
	require.NoError(t, err)
	result, err := stmt.Run(context.Background(), s.Begin(), nil)
	require.NoError(t, err)
	_, err = result.Next(context.Background())
	require.NoError(t, err)
	for range 2 {
		_, err = result.Next(context.Background())
		require.EqualError(t, err, "Division by zero.")
	}
	stmt, err = cypher.Parse("RETURN 1")
	require.NoError(t, err)
	result, err = stmt.Run(context.Background(), s.Begin(), nil)
	require.NoError(t, err)
	_, err = result.Next(context.Background())
	require.NoError(t, err)
	for range 2 {
		_, err = result.Next(context.Background())
		require.ErrorIs(t, err, io.EOF)
	}
}

func TestStatementEndsWithItsContext(t *testing.T) {
	s := graph.New()
	ctx, cancel := context.WithCancel(context.Background())
	stmt, err := cypher.Parse("UNWIND range(1, 9000000000000000000) AS i RETURN i")
	require.NoError(t, err)
	result, err := stmt.Run(ctx, s.Begin(), nil)
	require.NoError(t, err)
	_, err = result.Next(ctx)
	require.NoError(t, err)
	cancel()
	_, err = result.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)

	for _, query := range []string{
		"UNWIND range(1, 9000000000000000000) AS i RETURN count(*)",
		"UNWIND range(1, 9000000000000000000) AS i WITH i WHERE i < 0 RETURN i",
		"UNWIND range(1, 9000000000000000000) AS i MERGE (n:X)",
		"UNWIND range(1, 9000000000000000000) AS i MATCH (n:Nothing) RETURN i",
	} {
		stmt, err := cypher.Parse(query)
		require.NoError(t, err)
		result, err := stmt.Run(ctx, s.Begin(), nil)
		if err == nil {
			_, err = result.Next(ctx)
		}
		require.ErrorIs(t, err, context.Canceled, query)
	}
}
