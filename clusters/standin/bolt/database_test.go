package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/value"
)

// Queries that the database of these tests understands.
const (
	echoQuery   = "RETURN $value AS value"
	rangeQuery  = "UNWIND range(1, $n) AS i RETURN i, 'row' AS text"
	createQuery = "CREATE (:X)"
	countQuery  = "MATCH (n:X) RETURN count(n) AS n"
	graphQuery  = "MATCH (n)-[r]->() RETURN n, r"
	brokenQuery = "BROKEN" // fails in RUN
	brokenRows  = "BROKEN ROWS"
	goneQuery   = "GONE"         // ends as if the process had ended
	hangQuery   = "HANG"         // until it is interrupted
	failCommits = "FAIL COMMITS" // lets the next $n commits fail
	oddQuery    = "ODD"          // gives a value that Bolt does not have
)

const transientCode = "Memgraph.TransientError.MemgraphError.MemgraphError"

// database is a Backend that knows the queries above.
type database struct {
	password string // "" lets everybody in

	created       atomic.Int64 // committed
	failedCommits atomic.Int64 // how many commits fail before one succeeds
	interrupted   atomic.Int64 // hanging queries that were interrupted
	hanging       chan struct{}

	mu       sync.Mutex
	sessions int
	log      []string // calls of all sessions
}

func newDatabase() *database { return &database{hanging: make(chan struct{}, 1)} }

func (d *database) NewSession(net.Addr) bolt.Session {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions++
	return &session{database: d}
}

func (d *database) openSessions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sessions
}

func (d *database) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, fmt.Sprintf(format, args...))
}

func (d *database) calls() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.log)
}

func (d *database) commit(created int64) error {
	if d.failedCommits.Add(-1) >= 0 {
		return &bolt.Failure{Code: transientCode, Message: "Cannot resolve conflicting transactions."}
	}
	d.created.Add(created)
	return nil
}

type session struct {
	*database
	inTx    bool
	created int64 // by the open transaction
}

func (s *session) Login(_ context.Context, auth bolt.Auth) error {
	s.note("login %s", auth.Principal)
	if s.password != "" && auth.Credentials != s.password {
		return &bolt.Failure{Code: "Memgraph.ClientError.Security.Unauthenticated", Message: "Authentication failure"}
	}
	return nil
}

func (s *session) Begin(_ context.Context, opts bolt.TxOptions) error {
	s.note("begin %q %v", opts.Database, opts.ReadOnly)
	s.inTx, s.created = true, 0
	return nil
}

func (s *session) Commit(context.Context) error {
	s.note("commit")
	s.inTx = false
	return s.commit(s.created)
}

func (s *session) Rollback(context.Context) error {
	s.note("rollback")
	s.inTx = false
	return nil
}

func (s *session) Reset(context.Context) {
	s.note("reset")
	s.inTx = false
}

func (s *session) Close() {
	s.note("close")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions--
}

func (s *session) Run(ctx context.Context, query string, params map[string]any, _ bolt.TxOptions) (bolt.Result, error) {
	s.note("run %s", query)
	switch query {
	case echoQuery:
		return rows([]string{"value"}, []any{params["value"]}), nil
	case countQuery:
		return rows([]string{"n"}, []any{s.database.created.Load()}), nil
	case rangeQuery:
		n, _ := params["n"].(int64)
		return &result{fields: []string{"i", "text"}, next: counter(n)}, nil
	case createQuery:
		return s.create(), nil
	case graphQuery:
		return rows([]string{"n", "r"}, graphRow()), nil
	case brokenRows:
		return &result{fields: []string{"i", "text"}, next: failAfter(counter(10), 3)}, nil
	case oddQuery:
		return rows([]string{"odd"}, []any{int64(1)}, []any{struct{}{}}), nil
	case failCommits:
		n, _ := params["n"].(int64)
		s.failedCommits.Store(n)
		return rows(nil), nil
	case goneQuery:
		return nil, fmt.Errorf("it has ended: %w", bolt.ErrHangUp)
	case hangQuery:
		return nil, s.hang(ctx)
	default:
		return nil, errors.New("Error on line 1 position 1.")
	}
}

func (s *session) hang(ctx context.Context) error {
	select {
	case s.hanging <- struct{}{}:
	default: // nobody waits for it
	}
	<-ctx.Done()
	s.interrupted.Add(1)
	return ctx.Err()
}

func (s *session) create() *result {
	r := rows(nil)
	r.summary = map[string]any{"type": "w", "stats": map[string]any{"nodes-created": int64(1)}}
	if s.inTx {
		s.created++
	} else {
		r.commit = func() error { return s.commit(1) }
	}
	return r
}

func graphRow() []any {
	return []any{
		value.Node{ID: 1, Labels: []string{"X"}, Props: map[string]any{"id": int64(7)}},
		value.Relationship{ID: 2, StartID: 1, EndID: 3, Type: "KNOWS", Props: map[string]any{"since": 1.5}},
	}
}

type result struct {
	fields  []string
	next    func() ([]any, error)
	summary map[string]any
	commit  func() error
}

func (r *result) Fields() []string { return r.fields }

func (r *result) Next(context.Context) ([]any, error) { return r.next() }

func (r *result) Finish(context.Context) (map[string]any, error) {
	if r.commit != nil {
		return r.summary, r.commit()
	}
	if r.summary == nil {
		return map[string]any{"type": "r"}, nil
	}
	return r.summary, nil
}

func rows(fields []string, list ...[]any) *result {
	return &result{fields: fields, next: func() ([]any, error) {
		if len(list) == 0 {
			return nil, io.EOF
		}
		row := list[0]
		list = list[1:]
		return row, nil
	}}
}

// counter gives the rows 1 to n.
func counter(n int64) func() ([]any, error) {
	i := int64(0)
	return func() ([]any, error) {
		if i++; i > n {
			return nil, io.EOF
		}
		return []any{i, "row"}, nil
	}
}

func failAfter(next func() ([]any, error), good int) func() ([]any, error) {
	return func() ([]any, error) {
		if good--; good < 0 {
			return nil, errors.New("The disk is on fire.")
		}
		return next()
	}
}
