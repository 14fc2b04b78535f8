package memgraph_test

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/controller/memgraph"
)

const (
	clientError    = "Memgraph.ClientError.MemgraphError.MemgraphError"
	transientError = "Memgraph.TransientError.MemgraphError.MemgraphError"
)

// step is one statement that a scripted server expects and what it answers.
type step struct {
	query   string
	columns []string
	rows    [][]any
	err     error
	hang    bool // answer nothing until the connection ends
}

func on(query string) step { return step{query: query} }

func (s step) fails(code, text string) step {
	s.err = &bolt.Failure{Code: code, Message: text}
	return s
}

func (s step) refuses(text string) step { return s.fails(clientError, text) }

func (s step) hangs() step {
	s.hang = true
	return s
}

func (s step) returns(columns []string, rows ...[]any) step {
	s.columns, s.rows = columns, rows
	return s
}

// role is SHOW REPLICATION ROLE with its answer.
func role(name string) step {
	return on("SHOW REPLICATION ROLE").returns([]string{"replication role"}, []any{name})
}

// replicas is SHOW REPLICAS with its answer.
func replicas(rows ...[]any) step {
	return on("SHOW REPLICAS").returns(
		[]string{"name", "socket_address", "sync_mode", "system_info", "data_info"}, rows...)
}

// replica is a row of SHOW REPLICAS as versions 3.5 to 3.13 have it without a licence.
func replica(name, address, mode, status string, ts, behind int64) []any {
	return []any{name, address, mode, nil, map[string]any{
		"memgraph": map[string]any{"ts": ts, "behind": behind, "status": status},
	}}
}

// phantom is a row that a failed REGISTER left behind.
func phantom(name, address, mode string) []any {
	return []any{name, address, mode, nil, map[string]any{}}
}

// script is a server that knows what it will be asked, in which order.
type script struct {
	t  *testing.T
	mu sync.Mutex
	// steps are still to come.
	steps []step
	// standing are answers without order and number.
	standing    map[string]step
	connections int
	logins      []bolt.Auth
}

// play starts a server that expects steps and returns a client of it. The test
// fails when a statement is missing at the end or another one comes.
func play(t *testing.T, steps ...step) (*memgraph.Client, *script) {
	s := &script{t: t, steps: steps}
	address, stop := s.listen("127.0.0.1:0")
	client := open(t, memgraph.Config{Address: address})
	t.Cleanup(func() {
		stop()
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Empty(t, s.steps, "statements that never came")
	})
	return client, s
}

func open(t *testing.T, config memgraph.Config) *memgraph.Client {
	config.Name = "memgraph-1"
	config.ReplicationAddress = "127.0.0.1:10001"
	client, err := memgraph.Open(config)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}

// listen serves the script on address until stop is called.
func (s *script) listen(address string) (actual string, stop func()) {
	listener, err := net.Listen("tcp", address)
	require.NoError(s.t, err)
	server := bolt.NewServer(bolt.Config{Backend: s})
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	return listener.Addr().String(), func() {
		require.NoError(s.t, server.Close())
		require.NoError(s.t, <-done)
	}
}

// always makes s answer these statements whenever they come.
func (s *script) always(standing map[string]step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing = standing
}

// left is how many steps are still to come.
func (s *script) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.steps)
}

func (s *script) connected() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

func (s *script) next(query string) (step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if standing, ok := s.standing[query]; ok {
		return standing, nil
	}
	if len(s.steps) == 0 || s.steps[0].query != query {
		s.t.Errorf("unexpected statement %q, to come: %v", query, s.steps)
		return step{}, errors.New("unexpected statement")
	}
	next := s.steps[0]
	s.steps = s.steps[1:]
	return next, nil
}

// NewSession makes script a bolt.Backend.
func (s *script) NewSession(net.Addr) bolt.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections++
	return &session{script: s}
}

type session struct{ script *script }

func (s *session) Login(_ context.Context, auth bolt.Auth) error {
	s.script.mu.Lock()
	defer s.script.mu.Unlock()
	s.script.logins = append(s.script.logins, auth)
	if auth.Credentials == "wrong" {
		return &bolt.Failure{Code: "Memgraph.ClientError.Security.Unauthenticated", Message: "Authentication failure"}
	}
	return nil
}

func (s *session) Run(ctx context.Context, query string, _ map[string]any, _ bolt.TxOptions) (bolt.Result, error) {
	step, err := s.script.next(query)
	if err != nil {
		return nil, err
	}
	if step.hang {
		<-ctx.Done() // the connection was lost
		return nil, ctx.Err()
	}
	if step.err != nil {
		return nil, step.err
	}
	return &result{step: step}, nil
}

func (s *session) Begin(context.Context, bolt.TxOptions) error {
	return &bolt.Failure{Code: clientError, Message: "Managing replication is not allowed in multicommand transactions."}
}
func (s *session) Commit(context.Context) error   { return nil }
func (s *session) Rollback(context.Context) error { return nil }
func (s *session) Reset(context.Context)          {}
func (s *session) Close()                         {}

type result struct{ step step }

func (r *result) Fields() []string { return r.step.columns }

func (r *result) Next(context.Context) ([]any, error) {
	if len(r.step.rows) == 0 {
		return nil, io.EOF
	}
	row := r.step.rows[0]
	r.step.rows = r.step.rows[1:]
	return row, nil
}

func (r *result) Finish(context.Context) (map[string]any, error) { return map[string]any{}, nil }
