package cypher

import (
	"context"
	"io"
	"slices"
	"time"

	"memgraph-controller/clusters/standin/graph"
)

// Kind says what a statement does to the graph.
type Kind uint8

const (
	None      Kind = iota // neither: RETURN 1, SHOW INDEX INFO
	Read                  // MATCH .. RETURN
	Write                 // CREATE
	ReadWrite             // MATCH .. SET, MERGE
	Schema                // CREATE INDEX
)

// String is the "type" in the summary of a Bolt result. Memgraph reports "rw"
// for statements that touch no data (memgraph-observed 10: RETURN 1).
func (k Kind) String() string {
	switch k {
	case Read:
		return "r"
	case Write:
		return "w"
	case Schema:
		return "s"
	}
	return "rw"
}

// Writes reports whether a replica has to refuse it.
func (k Kind) Writes() bool { return k == Write || k == ReadWrite || k == Schema }

// Statement is a parsed query. It is immutable: any number of goroutines may
// run it at once.
type Statement struct {
	kind    Kind
	first   *scope // of the first clause
	clauses []clause
	fields  []string
}

// Parse reads one statement, with or without a semicolon at its end. Errors
// are *SyntaxError and *SemanticError.
func Parse(query string) (*Statement, error) {
	tokens, err := tokenize(query)
	if err != nil {
		return nil, err
	}
	first := newScope()
	b := &builder{parser: &parser{query: query, tokens: tokens}, sc: first}
	if !slices.ContainsFunc(statementWords, b.peek().is) {
		return nil, b.mismatch(slices.Clone(statementWords)...)
	}
	if handled, err := b.other(); err != nil {
		return nil, err
	} else if !handled {
		if err := b.query(); err != nil {
			return nil, err
		}
	}
	b.accept(";")
	if b.peek().kind != tokenEOF {
		return nil, b.mismatch("<EOF>")
	}
	return &Statement{kind: b.kind(), first: first, clauses: b.clauses, fields: b.fields}, nil
}

// other reads the statements that are not made of clauses, except for those
// that begin with CREATE.
func (b *builder) other() (handled bool, err error) {
	switch {
	case b.accept("DROP"):
		c, _, err := b.schemaStatement(true)
		b.addSchema(c)
		return true, err
	case b.accept("SHOW"):
		info := &schemaInfo{}
		switch {
		case b.accept("INDEX", "INFO"):
		case b.accept("CONSTRAINT", "INFO"):
			info.unique = true
		default:
			return true, b.mismatch("CONSTRAINT", "INDEX")
		}
		b.add(info)
		b.fields = info.fields()
		return true, nil
	}
	return false, nil
}

// query reads clauses up to the end.
func (b *builder) query() error {
	for {
		done, err := b.clause()
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	if !b.returned && b.last == nil {
		return semantic("Query should either create or update something, or return results!")
	}
	return nil
}

func (b *builder) addSchema(c *schemaChange) {
	b.clauses = append(b.clauses, c)
	b.last = c
	b.returned = true // nothing may follow
}

func (b *builder) kind() Kind {
	if len(b.clauses) > 0 {
		if _, ok := b.clauses[0].(*schemaChange); ok {
			return Schema
		}
	}
	switch {
	case b.reads && b.writes:
		return ReadWrite
	case b.writes:
		return Write
	case b.reads:
		return Read
	}
	return None
}

// Kind says what the statement does to the graph.
func (s *Statement) Kind() Kind { return s.kind }

// Fields are the names of the columns that it returns; none for a statement
// that returns nothing.
func (s *Statement) Fields() []string { return s.fields }

// Run starts the statement in tx: everything it writes is written when Run
// returns. After an error, abort the transaction. Errors: *QueryError, errors
// of the graph package (graph.ErrConflict is the one to retry), the context's.
func (s *Statement) Run(ctx context.Context, tx *graph.Tx, params map[string]any) (*Rows, error) {
	x := &run{ctx: ctx, tx: tx, params: params, now: time.Now()}
	c := cursor(&once{row: s.first.newRow(nil)})
	for _, clause := range s.clauses {
		c = clause.open(x, c)
	}
	for _, w := range x.writers {
		if err := w.prime(); err != nil {
			return nil, err
		}
	}
	return &Rows{x: x, fields: s.fields, cursor: c}, nil
}

// Rows is the result of a statement, to be used by the transaction's goroutine
// while the transaction is open. It needs no closing.
type Rows struct {
	x      *run
	fields []string
	cursor cursor
	err    error
}

// Fields are the names of the columns.
func (r *Rows) Fields() []string { return r.fields }

// Next returns the next row, or io.EOF after the last. An error is final.
// Values are nil, bool, int64, float64, string, []any, map[string]any,
// value.Node and value.Relationship; they must not be changed.
func (r *Rows) Next(ctx context.Context) ([]any, error) {
	if r.err == nil && len(r.fields) == 0 {
		r.err = io.EOF
	}
	if r.err == nil {
		r.err = ctx.Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	r.x.ctx = ctx
	row, err := r.row()
	r.err = err
	return row, err
}

func (r *Rows) row() ([]any, error) {
	row, err := r.cursor.next()
	if err != nil {
		return nil, err
	}
	row = row[:len(r.fields)]
	for i := range row {
		if row[i], err = export(r.x.tx, row[i]); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// Stats counts what the statement wrote.
func (r *Rows) Stats() Stats { return r.x.stats }

// Stats are the counters of a Bolt result's summary.
type Stats struct {
	NodesCreated, NodesDeleted                 int64
	RelationshipsCreated, RelationshipsDeleted int64
	PropertiesSet                              int64
	LabelsAdded, LabelsRemoved                 int64
}

// Map returns the counters under their Bolt names, all of them, or nil where
// nothing was written.
func (s Stats) Map() map[string]any {
	if s == (Stats{}) {
		return nil
	}
	return map[string]any{
		"nodes-created": s.NodesCreated, "nodes-deleted": s.NodesDeleted,
		"relationships-created": s.RelationshipsCreated, "relationships-deleted": s.RelationshipsDeleted,
		"properties-set": s.PropertiesSet,
		"labels-added":   s.LabelsAdded, "labels-removed": s.LabelsRemoved,
	}
}
