package cypher_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
	"memgraph-controller/clusters/standin/value"
)

type (
	rows   = [][]any
	params = map[string]any
)

// execute runs a query in a transaction of its own and commits it.
func execute(t testing.TB, s *graph.Store, query string, p params) (rows, cypher.Stats, error) {
	t.Helper()
	stmt, err := cypher.Parse(query)
	if err != nil {
		return nil, cypher.Stats{}, err
	}
	tx := s.Begin()
	defer tx.Abort()
	result, err := stmt.Run(context.Background(), tx, p)
	if err != nil {
		return nil, cypher.Stats{}, err
	}
	var out rows
	for {
		r, err := result.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, cypher.Stats{}, err
		}
		out = append(out, r)
	}
	if _, err := tx.Seal(); err != nil {
		return nil, cypher.Stats{}, err
	}
	tx.Commit(s.Timestamp() + 1)
	return out, result.Stats(), nil
}

// must is execute for queries that cannot fail.
func must(t testing.TB, s *graph.Store, query string) rows {
	t.Helper()
	out, _, err := execute(t, s, query, nil)
	require.NoError(t, err, query)
	return out
}

// list is shorthand for a list value.
func list(items ...any) any {
	if items == nil {
		return []any{}
	}
	return items
}

// social is a small graph: Ann knows Bob since 2001 and Cid since 2005, Bob
// likes Cid; Dan is alone.
const social = `
	CREATE (a:Person:Admin {id: 1, name: 'Ann', age: 40}), (b:Person {id: 2, name: 'Bob', age: 30}),
	       (c:Person {id: 3, name: 'Cid'}), (d:Dog {id: 4, name: 'Dan'}),
	       (a)-[:KNOWS {since: 2001}]->(b), (a)-[:KNOWS {since: 2005}]->(c), (b)-[:LIKES]->(c)`

func TestReadsReturnWhatTheLanguageSays(t *testing.T) {
	ann := value.Node{ID: 0, Labels: []string{"Person", "Admin"}, Props: params{"id": int64(1), "name": "Ann", "age": int64(40)}}
	for name, test := range map[string]struct {
		query  string
		params params
		want   rows
	}{
		"constant":                    {"RETURN 1", nil, rows{{int64(1)}}},
		"node":                        {"MATCH (n {id: 1}) RETURN n", nil, rows{{ann}}},
		"relationship":                {"MATCH ()-[r:LIKES]->() RETURN r", nil, rows{{value.Relationship{ID: 2, StartID: 1, EndID: 2, Type: "LIKES", Props: params{}}}}},
		"label":                       {"MATCH (n:Dog) RETURN n.id", nil, rows{{int64(4)}}},
		"two labels":                  {"MATCH (n:Person:Admin) RETURN n.id", nil, rows{{int64(1)}}},
		"property in pattern":         {"MATCH (n:Person {name: $name}) RETURN n.id", params{"name": "Bob"}, rows{{int64(2)}}},
		"where":                       {"MATCH (n:Person) WHERE n.age >= 30 AND n.age < 40 RETURN n.id", nil, rows{{int64(2)}}},
		"where mirrored":              {"MATCH (n) WHERE 2 < n.id RETURN n.id ORDER BY n.id", nil, rows{{int64(3)}, {int64(4)}}},
		"where null is not true":      {"MATCH (n:Person) WHERE n.age <> 40 RETURN n.id", nil, rows{{int64(2)}}},
		"is null":                     {"MATCH (n:Person) WHERE n.age IS NULL RETURN n.id", nil, rows{{int64(3)}}},
		"is not null, or":             {"MATCH (n) WHERE n.age IS NOT NULL OR n:Dog RETURN n.id ORDER BY n.id", nil, rows{{int64(1)}, {int64(2)}, {int64(4)}}},
		"exists":                      {"MATCH (n:Person) WHERE NOT exists(n.age) RETURN n.id", nil, rows{{int64(3)}}},
		"in":                          {"MATCH (n) WHERE n.id IN $ids RETURN n.id ORDER BY n.id DESC", params{"ids": list(int64(1), int64(4))}, rows{{int64(4)}, {int64(1)}}},
		"equal to null":               {"MATCH (n:Person {age: null}) RETURN n", nil, nil},
		"outgoing":                    {"MATCH (n {id: 1})-[r:KNOWS]->(m) RETURN m.name, r.since ORDER BY r.since", nil, rows{{"Bob", int64(2001)}, {"Cid", int64(2005)}}},
		"incoming":                    {"MATCH (n {id: 3})<-[r]-(m) RETURN m.name, type(r) ORDER BY m.name", nil, rows{{"Ann", "KNOWS"}, {"Bob", "LIKES"}}},
		"either direction":            {"MATCH (n {id: 2})--(m) RETURN m.name ORDER BY m.name", nil, rows{{"Ann"}, {"Cid"}}},
		"several types":               {"MATCH (:Person)-[r:KNOWS|LIKES]->(m {id: 3}) RETURN count(r)", nil, rows{{int64(2)}}},
		"relationship property":       {"MATCH (n)-[r:KNOWS {since: 2005}]->(m) RETURN n.id, m.id", nil, rows{{int64(1), int64(3)}}},
		"two hops":                    {"MATCH (a)-[:KNOWS]->(b)-[:LIKES]->(c) RETURN a.id, b.id, c.id", nil, rows{{int64(1), int64(2), int64(3)}}},
		"search from the far end":     {"MATCH (a)-[:KNOWS]->(b:Person {name: 'Cid'}) RETURN a.id", nil, rows{{int64(1)}}},
		"no edge twice in a clause":   {"MATCH (a {id: 2})-[r]-(b)-[s]-(c {id: 2}) RETURN count(*)", nil, rows{{int64(0)}}},
		"triangle":                    {"MATCH (a)-[:KNOWS]->(b)-[:LIKES]->(c), (a)-[:KNOWS]->(c) RETURN a.id", nil, rows{{int64(1)}}},
		"cross product":               {"MATCH (a:Dog), (b:Person) RETURN count(*)", nil, rows{{int64(3)}}},
		"later match":                 {"MATCH (a:Admin) MATCH (a)-[:KNOWS]->(b) WHERE b.age = 30 RETURN b.id", nil, rows{{int64(2)}}},
		"patterns may refer":          {"MATCH (a:Admin), (b:Person {id: a.id + 1}) RETURN b.id", nil, rows{{int64(2)}}},
		"optional":                    {"MATCH (n) OPTIONAL MATCH (n)-[:LIKES]->(m) RETURN n.id, m.id ORDER BY n.id", nil, rows{{int64(1), nil}, {int64(2), int64(3)}, {int64(3), nil}, {int64(4), nil}}},
		"optional with where":         {"MATCH (n:Admin) OPTIONAL MATCH (n)-[r]->(m) WHERE m.id > 7 RETURN n.id, r, m", nil, rows{{int64(1), nil, nil}}},
		"optional at the beginning":   {"OPTIONAL MATCH (n:Nothing) RETURN n", nil, rows{{nil}}},
		"property of null":            {"OPTIONAL MATCH (n:Nothing) RETURN n.x, id(n), labels(n)", nil, rows{{nil, nil, nil}}},
		"unwind":                      {"UNWIND [1, 'a', null] AS x RETURN x", nil, rows{{int64(1)}, {"a"}, {nil}}},
		"unwind null":                 {"UNWIND null AS x RETURN x", nil, nil},
		"unwind range":                {"UNWIND range(1, 10, 4) AS i RETURN i", nil, rows{{int64(1)}, {int64(5)}, {int64(9)}}},
		"unwind range down":           {"UNWIND range(3, 1, -1) AS i RETURN i", nil, rows{{int64(3)}, {int64(2)}, {int64(1)}}},
		"unwind maps":                 {"UNWIND $rows AS r MATCH (n {id: r.id}) RETURN n.name", params{"rows": list(params{"id": int64(4)})}, rows{{"Dan"}}},
		"with":                        {"MATCH (n:Person) WITH n.age AS age WHERE age > 30 RETURN age", nil, rows{{int64(40)}}},
		"with aggregation":            {"MATCH (n)-[r]->() WITH n, count(r) AS c WHERE c > 1 RETURN n.name, c", nil, rows{{"Ann", int64(2)}}},
		"with limit":                  {"MATCH (n) WITH n ORDER BY n.id DESC LIMIT 2 RETURN collect(n.id)", nil, rows{{list(int64(4), int64(3))}}},
		"with star":                   {"MATCH (n:Dog) WITH *, 1 AS one RETURN *", nil, rows{{value.Node{ID: 3, Labels: []string{"Dog"}, Props: params{"id": int64(4), "name": "Dan"}}, int64(1)}}},
		"distinct":                    {"UNWIND [1, 2, 1, 1.0, null, null] AS x RETURN DISTINCT x", nil, rows{{int64(1)}, {int64(2)}, {nil}}},
		"order, skip, limit":          {"UNWIND [3, 1, 2, 4] AS x RETURN x ORDER BY x SKIP 1 LIMIT $n", params{"n": int64(2)}, rows{{int64(2)}, {int64(3)}}},
		"order by two keys":           {"MATCH (n) RETURN n:Person, n.name ORDER BY n:Person DESC, n.name DESC", nil, rows{{true, "Cid"}, {true, "Bob"}, {true, "Ann"}, {false, "Dan"}}},
		"order by what is gone":       {"MATCH (n:Person) RETURN n.name AS x ORDER BY n.id DESC LIMIT 1", nil, rows{{"Cid"}}},
		"order puts null last":        {"MATCH (n:Person) RETURN n.age ORDER BY n.age", nil, rows{{int64(30)}, {int64(40)}, {nil}}},
		"order by aggregation":        {"MATCH (n) UNWIND labels(n) AS l RETURN l, count(*) ORDER BY count(*) DESC, l", nil, rows{{"Person", int64(3)}, {"Admin", int64(1)}, {"Dog", int64(1)}}},
		"limit zero":                  {"MATCH (n) RETURN n LIMIT 0", nil, nil},
		"count of nothing":            {"MATCH (n:Nothing) RETURN count(*), count(n), sum(n.x), avg(n.x), min(n.x), collect(n.x)", nil, rows{{int64(0), int64(0), int64(0), nil, nil, list()}}},
		"grouped count of nothing":    {"MATCH (n:Nothing) RETURN n.x, count(*)", nil, nil},
		"aggregates skip null":        {"MATCH (n:Person) RETURN count(n.age), sum(n.age), avg(n.age), min(n.age), max(n.age)", nil, rows{{int64(2), int64(70), 35.0, int64(30), int64(40)}}},
		"aggregates of strings":       {"MATCH (n:Person) RETURN min(n.name), max(n.name)", nil, rows{{"Ann", "Cid"}}},
		"count distinct":              {"UNWIND [1, 1, 2, null] AS x RETURN count(x), count(DISTINCT x), collect(DISTINCT x)", nil, rows{{int64(3), int64(2), list(int64(1), int64(2))}}},
		"aggregate in an expression":  {"UNWIND [1, 2, 3] AS x RETURN x % 2 + count(*) AS y ORDER BY y", nil, rows{{int64(1)}, {int64(3)}}},
		"sum turns to float":          {"UNWIND [1, 2.5] AS x RETURN sum(x)", nil, rows{{3.5}}},
		"arithmetic":                  {"RETURN 7 / 2, 7 % 4, 7 / 2.0, 2 ^ 3, -7 / 2, 1 + 2 * 3, (1 + 2) * 3, -(-3)", nil, rows{{int64(3), int64(3), 3.5, 8.0, int64(-3), int64(7), int64(9), int64(3)}}},
		"float division by zero":      {"RETURN 1 / 0.0 > 1000", nil, rows{{true}}},
		"null in arithmetic":          {"RETURN 1 + null, null * 2, -null, null + 'a', null = null, null <> 1, null < 1", nil, rows{{nil, nil, nil, nil, nil, nil, nil}}},
		"strings":                     {`RETURN 'a' + "b" + 1 + 2.5, 'it\'s', "\u00e4\n"`, nil, rows{{"ab12.5", "it's", "ä\n"}}},
		"string predicates":           {"RETURN 'abc' STARTS WITH 'ab', 'abc' ENDS WITH 'bc', 'abc' CONTAINS 'x', null CONTAINS 'x'", nil, rows{{true, true, false, nil}}},
		"lists":                       {"RETURN [1, 2] + [3] + 4, [1, 2, 3][0], [1, 2, 3][-1], [1][5], [1, 2, 3][1..], [1, 2, 3][..-1]", nil, rows{{list(int64(1), int64(2), int64(3), int64(4)), int64(1), int64(3), nil, list(int64(2), int64(3)), list(int64(1), int64(2))}}},
		"maps":                        {"WITH {a: 1, b: {c: 2}} AS m RETURN m.a, m.b.c, m['a'], m.x, keys(m), size(m)", nil, rows{{int64(1), int64(2), int64(1), nil, list("a", "b"), int64(2)}}},
		"in and null":                 {"RETURN 1 IN [1, null], 2 IN [1, null], 2 IN [], null IN [1], 1 IN null", nil, rows{{true, nil, false, nil, nil}}},
		"equality":                    {"RETURN 1 = 1.0, 1 = '1', [1, 2] = [1, 2.0], [1, null] = [1, 2], [1, null] = [2, null], {a: 1} = {a: 1}, true = false", nil, rows{{true, false, true, nil, false, true, false}}},
		"big numbers compare exactly": {"RETURN 9007199254740993 = 9007199254740992.0, 9007199254740993 > 9007199254740992.0", nil, rows{{false, true}}},
		"chained comparison":          {"RETURN 1 < 2 < 3, 1 < 3 < 2", nil, rows{{true, false}}},
		"and":                         {"RETURN true AND null, false AND null, null AND false, NOT null", nil, rows{{nil, false, false, nil}}},
		"or, xor":                     {"RETURN true OR null, null OR true, false OR null, true XOR false, true XOR true, null XOR true", nil, rows{{true, true, nil, true, false, nil}}},
		"precedence of logic":         {"RETURN true OR true AND false, NOT false AND false, NOT 1 = 2", nil, rows{{true, false, true}}},
		"case of conditions":          {"UNWIND [1, 5, null] AS x RETURN CASE WHEN x < 3 THEN 'low' WHEN x >= 3 THEN 'high' ELSE '?' END", nil, rows{{"low"}, {"high"}, {"?"}}},
		"case of values":              {"UNWIND [1, 2] AS x RETURN CASE x WHEN 1 THEN 'one' END", nil, rows{{"one"}, {nil}}},
		"conversions":                 {"RETURN toInteger('12'), toInteger('1.9'), toInteger('x'), toInteger(2.9), toFloat('1.5'), toString(1.0), toString(true), toBoolean('TRUE')", nil, rows{{int64(12), int64(1), nil, int64(2), 1.5, "1.0", "true", true}}},
		"toBoolean":                   {"UNWIND ['t', 'f', 'x', 0, true] AS x RETURN toBoolean(x)", nil, rows{{true}, {false}, {nil}, {false}, {true}}},
		"toInteger":                   {"UNWIND [true, false, -1.9, ' 7 '] AS x RETURN toInteger(x)", nil, rows{{int64(1)}, {int64(0)}, {int64(-1)}, {int64(7)}}},
		"distinct keeps kinds apart":  {"UNWIND [[1], [1.0], ['1'], {a: 1}, {a: 1}, true, false, 1.5, {b: 1}] AS x RETURN count(DISTINCT x)", nil, rows{{int64(7)}}},
		"distinct nodes":              {"MATCH (n)-[r]->(m) RETURN count(DISTINCT n), count(DISTINCT r), count(DISTINCT m)", nil, rows{{int64(2), int64(3), int64(2)}}},
		"equality of maps":            {"RETURN {a: 1} = {b: 1}, {a: 1} = {a: null}, {a: 1} = {a: 1, b: 2}, {a: 1} = 1, {a: [1]} <> {a: [2]}", nil, rows{{false, nil, false, false, true}}},
		"equality of nodes":           {"MATCH (a:Admin), (b:Person) WHERE a <> b AND NOT b = a RETURN count(*)", nil, rows{{int64(2)}}},
		"order of all kinds":          {"UNWIND [null, 1, true, 'a', [2], [1], {b: 1}, {a: 2}, {a: 1}] AS x RETURN x ORDER BY x", nil, rows{{params{"a": int64(1)}}, {params{"a": int64(2)}}, {params{"b": int64(1)}}, {list(int64(1))}, {list(int64(2))}, {"a"}, {true}, {int64(1)}, {nil}}},
		"search against the arrow":    {"MATCH (a)<-[:KNOWS]-(b:Person {name: 'Ann'}) RETURN a.id ORDER BY a.id", nil, rows{{int64(2)}, {int64(3)}}},
		"mirrored bounds":             {"MATCH (n:Person) WHERE 2 <= n.id AND 40 > n.age RETURN n.id", nil, rows{{int64(2)}}},
		"functions on lists":          {"RETURN size([1, 2]), size('äö'), head([1, 2]), last([1, 2]), head([]), range(1, 3), range(1, 0), coalesce(null, 2, 3), abs(-3)", nil, rows{{int64(2), int64(2), int64(1), int64(2), nil, list(int64(1), int64(2), int64(3)), list(), int64(2), int64(3)}}},
		"functions on the graph":      {"MATCH (n:Admin)-[r {since: 2001}]->(m) RETURN id(n), labels(n), properties(r), keys(n), id(startNode(r)), id(endNode(r))", nil, rows{{int64(0), list("Person", "Admin"), params{"since": int64(2001)}, list("age", "id", "name"), int64(0), int64(1)}}},
		"parameters as properties":    {"RETURN $p.x, $p", params{"p": params{"x": int64(1)}}, rows{{int64(1), params{"x": int64(1)}}}},
		"names in back-quotes":        {"WITH 1 AS `a b` RETURN `a b`", nil, rows{{int64(1)}}},
		"comments and a semicolon":    {"RETURN /* one */ 1 // end\n ;", nil, rows{{int64(1)}}},
		"keywords as names":           {"WITH {match: 1} AS set RETURN set.match", nil, rows{{int64(1)}}},
		"hexadecimal":                 {"RETURN 0x1F, 010, 1e3, .5", nil, rows{{int64(31), int64(10), 1000.0, 0.5}}},
	} {
		t.Run(name, func(t *testing.T) {
			s := graph.New()
			must(t, s, social)
			before := s.Checksum()
			got, stats, err := execute(t, s, test.query, test.params)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
			require.Nil(t, stats.Map())
			require.Equal(t, before, s.Checksum())
		})
	}
}
