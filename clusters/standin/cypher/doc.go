// Package cypher parses and runs the Memgraph stand-in's query language: the
// part of Cypher that tests and demos of a cluster use, with Memgraph's
// semantics and error texts.
//
//	stmt, err := cypher.Parse("MATCH (n:Person) WHERE n.id = $id RETURN n.name")
//	rows, err := stmt.Run(ctx, tx, map[string]any{"id": int64(1)})
//	for {
//		row, err := rows.Next(ctx) // io.EOF after the last one
//		...
//	}
//
// Read: MATCH and OPTIONAL MATCH with chains of one-hop relationships and
// several patterns, WHERE, UNWIND, WITH, RETURN with DISTINCT, aggregation,
// ORDER BY, SKIP, LIMIT. Write: CREATE, MERGE, SET, REMOVE, DELETE, DETACH
// DELETE. Schema: CREATE and DROP of indexes and unique constraints, SHOW INDEX
// INFO, SHOW CONSTRAINT INFO. Not there, and refused as a syntax error: paths
// as values, variable-length relationships, procedures, subqueries, list
// comprehensions, temporal and spatial values.
//
// A statement's writes all happen in Run, clause after clause; what is left to
// Rows.Next only reads. A read statement streams: only sorting, aggregation and
// DISTINCT keep rows in memory.
//
// Replication, users, storage modes and everything else that is no query on
// the graph is the caller's to recognise before it comes here.
package cypher
