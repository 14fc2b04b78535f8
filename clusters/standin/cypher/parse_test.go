package cypher_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/cypher"
	"memgraph-controller/clusters/standin/graph"
)

func TestParseNamesColumnsAsWritten(t *testing.T) {
	for query, want := range map[string][]string{
		"RETURN 1":                  {"1"},
		"MATCH (n) RETURN count(n)": {"count(n)"},
		"MATCH (n) RETURN n.id,  n . name , count( * )": {"n.id", "n . name", "count( * )"},
		"RETURN 1 AS x, 'a'+'b'":                        {"x", "'a'+'b'"},
		"MATCH (b)-[r]->(a) RETURN *":                   {"a", "b", "r"},
		"WITH 1 AS `x y` RETURN `x y`":                  {"x y"},
		"CREATE (:X)":                                   nil,
		"SHOW INDEX INFO":                               {"index type", "label", "property", "count"},
		"SHOW CONSTRAINT INFO;":                         {"constraint type", "label", "properties", "data_type"},
	} {
		stmt, err := cypher.Parse(query)
		require.NoError(t, err, query)
		require.Equal(t, want, stmt.Fields(), query)
	}
}

func TestParseTellsKinds(t *testing.T) {
	for query, want := range map[string]struct {
		kind cypher.Kind
		bolt string
	}{
		"RETURN 1":                    {cypher.None, "rw"},
		"SHOW INDEX INFO":             {cypher.None, "rw"},
		"MATCH (n) RETURN n":          {cypher.Read, "r"},
		"CREATE (:X)":                 {cypher.Write, "w"},
		"UNWIND [1] AS x CREATE (:X)": {cypher.Write, "w"},
		"MATCH (n) SET n.x = 1":       {cypher.ReadWrite, "rw"},
		"MERGE (n:P {id: 1})":         {cypher.ReadWrite, "rw"},
		"MATCH (n) DETACH DELETE n":   {cypher.ReadWrite, "rw"},
		"CREATE INDEX ON :P(id)":      {cypher.Schema, "s"},
		"DROP INDEX ON :P":            {cypher.Schema, "s"},
		"create constraint on (n:P) assert n.id is unique;": {cypher.Schema, "s"},
	} {
		stmt, err := cypher.Parse(query)
		require.NoError(t, err, query)
		require.Equal(t, want.kind, stmt.Kind(), query)
		require.Equal(t, want.bolt, stmt.Kind().String(), query)
		require.Equal(t, want.kind > cypher.Read, stmt.Kind().Writes(), query)
	}
}

func TestParseReportsSyntaxErrorsWhereTheyAre(t *testing.T) {
	for query, want := range map[string]struct {
		line, position int
		message        string
	}{
		"SYNTAX ERR":                      {1, 1, "mismatched input 'SYNTAX' expecting {CREATE,"},
		"":                                {1, 1, "mismatched input '<EOF>' expecting {"},
		"MATCH (n) RETRUN n":              {1, 11, "mismatched input 'RETRUN' expecting {"},
		"MATCH (n)\n  WHERE":              {2, 8, "mismatched input '<EOF>' expecting"},
		"RETURN 'ä' 1":                    {1, 12, "mismatched input '1' expecting {<EOF>, ';'}"},
		"MATCH (n RETURN n":               {1, 10, "mismatched input 'RETURN' expecting ')'"},
		"RETURN (1":                       {1, 10, "mismatched input '<EOF>' expecting ')'"},
		"RETURN 1; RETURN 2":              {1, 11, "mismatched input 'RETURN' expecting <EOF>"},
		"RETURN 'abc":                     {1, 8, "token recognition error at: '''"},
		"RETURN #":                        {1, 8, "token recognition error at: '#'"},
		"RETURN /* 1":                     {1, 8, "token recognition error at: '/*'"},
		"MATCH (a)-[*1..2]->(b) RETURN a": {1, 12, "mismatched input '*' expecting ']'"},
		"MATCH p = (a) RETURN p":          {1, 7, "mismatched input 'p' expecting '('"},
		"CALL mg.procedures()":            {1, 1, "mismatched input 'CALL' expecting {"},
		"DROP GRAPH":                      {1, 6, "mismatched input 'GRAPH' expecting {CONSTRAINT, INDEX}"},
		"CREATE INDEX ON P":               {1, 17, "mismatched input 'P' expecting ':'"},
		"MATCH (n) SET n RETURN n":        {1, 17, "mismatched input 'RETURN' expecting {'+=', '.', ':', '='}"},
		"RETURN CASE 1 END":               {1, 15, "mismatched input 'END' expecting WHEN"},
	} {
		_, err := cypher.Parse(query)
		var syntax *cypher.SyntaxError
		require.ErrorAs(t, err, &syntax, query)
		require.Equal(t, []int{want.line, want.position}, []int{syntax.Line, syntax.Position}, query)
		require.Contains(t, syntax.Message, want.message, query)
	}
	_, err := cypher.Parse("SYNTAX ERR")
	require.ErrorContains(t, err, "Error on line 1 position 1. The underlying parsing error is mismatched input 'SYNTAX' expecting {")
}

func TestParseRefusesWhatHasNoMeaning(t *testing.T) {
	for query, want := range map[string]string{
		"RETURN x":                                         "Unbound variable: x.",
		"MATCH (n) WITH n.x AS x RETURN n":                 "Unbound variable: n.",
		"MATCH (n)":                                        "Query should either create or update something, or return results!",
		"CREATE (n) WITH n":                                "Query should either create or update something, or return results!",
		"MATCH (n) WHERE count(n) > 1 RETURN n":            "Aggregation functions are only allowed in WITH and RETURN, and not within each other.",
		"RETURN sum(count(*))":                             "Aggregation functions are only allowed in WITH and RETURN, and not within each other.",
		"MATCH (n) WITH n.x RETURN 1":                      "Only variables can be non-aliased in WITH.",
		"RETURN 1 AS a, 2 AS a":                            "Multiple results with the same name 'a' are not allowed.",
		"RETURN nosuch(1)":                                 "Function 'NOSUCH' doesn't exist.",
		"RETURN size()":                                    "'size' cannot be called with 0 arguments.",
		"RETURN *":                                         "There are no variables in scope to use for '*'.",
		"MATCH (n) CREATE (n)":                             "Redeclaring variable: n.",
		"MATCH (n) CREATE (n:X)-[:R]->()":                  "Redeclaring variable: n.",
		"MATCH ()-[r]->() CREATE ()-[r:R]->()":             "Redeclaring variable: r.",
		"UNWIND [1] AS x UNWIND [2] AS x RETURN x":         "Redeclaring variable: x.",
		"CREATE ()-[:A|B]->()":                             "Exactly one relationship type must be specified when creating a relationship.",
		"CREATE ()-[:A]-()":                                "Bidirectional relationship are not supported when creating an edge",
		"CREATE (n) MATCH (m) RETURN m":                    "MATCH can't be put after an update clause without a WITH between them.",
		"MATCH (n $p) RETURN n":                            "Parameter maps cannot be used in MATCH and MERGE patterns.",
		"RETURN 9223372036854775808":                       "Integer literal 9223372036854775808 is out of range.",
		"UNWIND [1] AS x RETURN x LIMIT x":                 "Unbound variable: x.",
		"CREATE CONSTRAINT ON (n:P) ASSERT m.id IS UNIQUE": "All constraint variable should reference node 'n'",
	} {
		_, err := cypher.Parse(query)
		var meaning *cypher.SemanticError
		require.ErrorAs(t, err, &meaning, query)
		require.Equal(t, want, meaning.Message, query)
	}
}

func TestParseBoundsNesting(t *testing.T) {
	for _, query := range []string{
		"RETURN " + strings.Repeat("(", 100000) + "1",
		"RETURN " + strings.Repeat("[", 100000),
		"RETURN " + strings.Repeat("NOT ", 100000) + "true",
		"RETURN " + strings.Repeat("-", 100000) + "1",
		"RETURN 1" + strings.Repeat(" + 1", 100000),
		"RETURN 1" + strings.Repeat("[0]", 100000),
		"RETURN " + strings.Repeat("CASE WHEN ", 100000),
	} {
		_, err := cypher.Parse(query)
		var syntax *cypher.SyntaxError
		require.ErrorAs(t, err, &syntax, query[:20])
	}
	s := graph.New()
	require.Equal(t, rows{{int64(4001)}}, must(t, s, "RETURN 1"+strings.Repeat(" + 1", 4000)))
}
