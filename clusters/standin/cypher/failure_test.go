package cypher_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
)

func TestQueriesFailOnWhatTheyMeet(t *testing.T) {
	for query, want := range map[string]string{
		"RETURN 1 / 0":                                       "Division by zero.",
		"RETURN 1 % 0":                                       "Division by zero.",
		"RETURN 9223372036854775807 + 1":                     "Integer overflow: 9223372036854775807 + 1",
		"RETURN -9223372036854775807 - 2":                    "Integer overflow: -9223372036854775807 - 2",
		"RETURN 4611686018427387904 * 2":                     "Integer overflow: 4611686018427387904 * 2",
		"RETURN (-9223372036854775807 - 1) * -1":             "Integer overflow: -9223372036854775808 * -1",
		"RETURN -1 * (-9223372036854775807 - 1)":             "Integer overflow: -1 * -9223372036854775808",
		"RETURN (-9223372036854775807 - 1) / -1":             "Integer overflow: -9223372036854775808 / -1",
		"RETURN -(-9223372036854775807 - 1)":                 "Integer overflow: -(-9223372036854775808)",
		"RETURN toInteger(1e300)":                            "Integer overflow: 1e+300",
		"UNWIND [9223372036854775807, 1] AS x RETURN sum(x)": "Integer overflow: 9223372036854775807 + 1",
		"RETURN 1 < 'a'":                                     "Invalid types: int and string for '<'.",
		"RETURN true + 1":                                    "Invalid types: bool and int for '+'.",
		"RETURN 'a' - 'b'":                                   "Invalid types: string and string for '-'.",
		"RETURN 1 AND true":                                  "Invalid type int for 'AND'.",
		"RETURN 1 CONTAINS 'a'":                              "Invalid types: int and string for 'CONTAINS'.",
		"RETURN 1 IN 2":                                      "IN expected a list, got int.",
		"MATCH (n) WHERE n.id RETURN n":                      "Filter expression must evaluate to bool or null, got int.",
		"WITH 1 AS x RETURN x.y":                             "Only nodes, edges, maps, temporal types, points and graphs have properties to be looked up, not int.",
		"WITH 1 AS x MATCH (x) RETURN x":                     "Expected a node in the pattern, got int.",
		"RETURN $missing":                                    "Parameter $missing not provided.",
		"RETURN id(1)":                                       "'id' expected a node or an edge as its argument, got int.",
		"RETURN range(1, 2, 0)":                              "The step of 'range' cannot be zero.",
		"RETURN range(1, 10000000)":                          "A list of 10000000 items is too long: UNWIND range(...) streams it, up to 1000000 items can be in one list.",
		"UNWIND 1 AS x RETURN x":                             "Argument of UNWIND must be a list, but 'int' was provided.",
		"MATCH (n) RETURN n LIMIT -1":                        "Number of returned elements must be non-negative.",
		"MATCH (n) RETURN n SKIP 'a'":                        "Number of skipped elements must be an integer.",
		"MERGE (n:X {id: null})":                             "Cannot merge with a null value for property 'id'.",
		"OPTIONAL MATCH (n:No) CREATE (n)-[:R]->()":          "Cannot create a relationship to null.",
		"WITH 1 AS x SET x.y = 1":                            "Properties can only be set on nodes and relationships, not on int.",
		"MATCH (n:Dog) SET n = 1":                            "Properties can only be set from a map, a node or a relationship, not from int.",
		"MATCH ()-[r]->() SET r:X":                           "Labels can only be set on nodes, not on edge.",
		"WITH 1 AS x DELETE x":                               "Only nodes and relationships can be deleted, not int.",
		"CREATE (n:X) DELETE n RETURN n":                     "Returning a deleted object as a result.",
		"CREATE (n:X) DELETE n RETURN n.x":                   "Trying to get a property 'x' from a deleted object.",
		"MATCH (n:Admin) DELETE n":                           graph.ErrHasEdges.Error(),
		"MATCH (n:Dog) CREATE (:X {of: n})":                  "A value of type *graph.Vertex cannot be used as a property value.",
		"MATCH (n:Dog) DELETE n SET n.x = 1":                 graph.ErrDeleted.Error(),
	} {
		s := graph.New()
		must(t, s, social)
		before := s.Checksum()
		_, _, err := execute(t, s, query, nil)
		require.EqualError(t, err, want, query)
		require.Equal(t, before, s.Checksum(), query)
	}
}

func TestWritersOfTheSameNodeConflict(t *testing.T) {
	s := graph.New()
	must(t, s, "CREATE (:P {id: 1, n: 0})")
	stmt, err := cypher.Parse("MATCH (n:P {id: 1}) SET n.n = n.n + 1 RETURN n.n")
	require.NoError(t, err)
	first, second := s.Begin(), s.Begin()
	_, err = stmt.Run(context.Background(), first, nil)
	require.NoError(t, err)
	_, err = stmt.Run(context.Background(), second, nil)
	require.ErrorIs(t, err, graph.ErrConflict)
	second.Abort()
	_, err = first.Seal()
	require.NoError(t, err)
	first.Commit(2)
	require.Equal(t, rows{{int64(2)}}, must(t, s, "MATCH (n:P {id: 1}) SET n.n = n.n + 1 RETURN n.n"))
}

func TestSchemaStatements(t *testing.T) {
	s := graph.New()
	must(t, s, social)
	for _, query := range []string{
		"CREATE INDEX ON :Person", "CREATE INDEX ON :Person(id)", "CREATE INDEX ON :Person(id)",
		"CREATE CONSTRAINT ON (n:Person) ASSERT n.id IS UNIQUE", "CREATE CONSTRAINT ON (n:Dog) ASSERT n.name, n.id IS UNIQUE",
	} {
		require.Empty(t, must(t, s, query))
	}
	require.Equal(t, rows{{"label", "Person", nil, int64(3)}, {"label+property", "Person", list("id"), int64(3)}}, must(t, s, "SHOW INDEX INFO"))
	require.Equal(t, rows{{"unique", "Dog", list("id", "name"), ""}, {"unique", "Person", list("id"), ""}}, must(t, s, "SHOW CONSTRAINT INFO"))
	_, _, err := execute(t, s, "CREATE (:Person {id: 1})", nil)
	require.EqualError(t, err, "Unable to commit due to unique constraint violation on :Person(id)")

	for _, query := range []string{
		"DROP INDEX ON :Person", "DROP INDEX ON :Person(id)", "DROP INDEX ON :Nothing",
		"DROP CONSTRAINT ON (x:Person) ASSERT x.id IS UNIQUE", "DROP CONSTRAINT ON (n:Dog) ASSERT n.id, n.name IS UNIQUE",
	} {
		must(t, s, query)
	}
	require.Empty(t, must(t, s, "SHOW INDEX INFO"))
	require.Empty(t, must(t, s, "SHOW CONSTRAINT INFO"))
	must(t, s, "CREATE (:Person {id: 1})")
	_, _, err = execute(t, s, "CREATE CONSTRAINT ON (n:Person) ASSERT n.id IS UNIQUE", nil)
	require.EqualError(t, err, "Unable to create unique constraint :Person(id), because an existing node violates it.")
}

func TestReadsReturnTheSameWithAndWithoutIndexes(t *testing.T) {
	queries := map[string]rows{
		"MATCH (n:Person {id: 2}) RETURN n.id":                                                                    {{int64(2)}},
		"MATCH (n:Person) WHERE n.id = 2.0 RETURN n.id":                                                           {{int64(2)}},
		"MATCH (n:Person) WHERE n.id > 1 AND 3 >= n.id RETURN n.id ORDER BY n.id":                                 {{int64(2)}, {int64(3)}},
		"MATCH (n:Person) WHERE 1 < n.id AND n.id < 3 RETURN n.id ORDER BY n.id":                                  {{int64(2)}},
		"MATCH (n:Person) WHERE n.id = null RETURN n.id":                                                          nil,
		"MATCH (n:Person) WHERE n.id = 1 AND n.id = 2 RETURN n.id":                                                nil,
		"MATCH (n:Person:Admin) WHERE n.id >= 1 AND n.name = 'Ann' RETURN n.id":                                   {{int64(1)}},
		"MATCH (a:Person {id: 1}), (b:Person) WHERE b.id = a.id + 1 RETURN b.name":                                {{"Bob"}},
		"UNWIND [3, 1, 7] AS i OPTIONAL MATCH (n:Person {id: i}) RETURN i, n.name":                                {{int64(3), "Cid"}, {int64(1), "Ann"}, {int64(7), nil}},
		"MATCH (a)-[:KNOWS]->(b:Person) WHERE b.name STARTS WITH 'B' OR b.id = 3 RETURN a.id, b.id ORDER BY b.id": {{int64(1), int64(2)}, {int64(1), int64(3)}},
	}
	plain, indexed := graph.New(), graph.New()
	for _, s := range []*graph.Store{plain, indexed} {
		must(t, s, social)
	}
	for _, query := range []string{"CREATE INDEX ON :Person(id)", "CREATE INDEX ON :Person(name)", "CREATE INDEX ON :Person"} {
		must(t, indexed, query)
	}
	for query, want := range queries {
		require.Equal(t, want, must(t, plain, query), query)
		require.Equal(t, want, must(t, indexed, query), query)
	}
}
