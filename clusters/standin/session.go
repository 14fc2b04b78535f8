package standin

import (
	"context"
	"net"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/cypher"
)

// backend implements bolt.Backend.
type backend struct{ i *Instance }

func (b backend) NewSession(net.Addr) bolt.Session { return &session{i: b.i} }

// session is one client.
type session struct {
	i    *Instance
	user string
	tx   *transaction // explicit; nil outside BEGIN and COMMIT
	auto *transaction // of the autocommit query whose result is open
}

// enter is the way into the instance: it waits while the process is frozen and
// while a role change, registration or drop holds the replication state, and
// ends with the context or the instance.
func (s *session) enter(ctx context.Context) (context.Context, context.CancelFunc, error) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.i.life, cancel)
	leave := func() {
		stop()
		cancel()
	}
	err := s.i.faults.thaw(ctx)
	if err == nil {
		err = s.i.state.wait(ctx)
	}
	if err == nil && s.i.life.Err() != nil {
		err = ErrGone
	}
	if err != nil {
		leave()
		return nil, nil, err
	}
	return ctx, leave, nil
}

// Login implements bolt.Session.
func (s *session) Login(ctx context.Context, auth bolt.Auth) error {
	if err := s.i.faults.thaw(ctx); err != nil {
		return s.failure(err)
	}
	if !s.i.users.admits(auth.Principal, auth.Credentials) {
		return errAuthentication
	}
	s.user = auth.Principal
	return nil
}

// Begin implements bolt.Session. The transaction takes its timestamp with its
// first query, so BEGIN never waits for a commit.
func (s *session) Begin(ctx context.Context, opts bolt.TxOptions) error {
	if err := checkDatabase(opts.Database); err != nil {
		return err
	}
	_, leave, err := s.enter(ctx)
	if err != nil {
		return s.failure(err)
	}
	leave()
	s.tx = s.i.open.add(s.user, true)
	return nil
}

// Run implements bolt.Session.
func (s *session) Run(ctx context.Context, query string, params map[string]any, opts bolt.TxOptions) (bolt.Result, error) {
	ctx, leave, err := s.enter(ctx)
	if err != nil {
		return nil, s.failure(err)
	}
	defer leave()
	result, err := s.run(ctx, query, params, opts)
	if err != nil {
		s.abort()
		return nil, s.failure(err)
	}
	return result, nil
}

func (s *session) run(ctx context.Context, query string, params map[string]any, opts bolt.TxOptions) (bolt.Result, error) {
	if err := checkDatabase(opts.Database); err != nil {
		return nil, err
	}
	st, err := s.parse(query)
	if err != nil {
		return nil, err
	}
	if st != nil {
		return s.prepare(st, query)
	}
	parsed, err := cypher.Parse(query)
	if err != nil {
		return nil, err
	}
	return s.query(ctx, parsed, query, params)
}

// prepare makes a statement ready to run with the first row that is asked for.
func (s *session) prepare(st *statement, query string) (bolt.Result, error) {
	if s.tx != nil {
		return nil, notInTransaction(st.what)
	}
	s.auto = s.i.open.add(s.user, false)
	s.auto.ran(query)
	return &statementResult{session: s, statement: st}, nil
}

// query starts a query on the graph, in the explicit transaction or in one of
// its own.
func (s *session) query(ctx context.Context, parsed *cypher.Statement, query string, params map[string]any) (bolt.Result, error) {
	schema := parsed.Kind() == cypher.Schema
	if schema && s.tx != nil {
		return nil, notInTransaction("Index manipulation")
	}
	if parsed.Kind().Writes() && !s.i.isMain() {
		return nil, refusedOnReplica(query)
	}
	tx := s.tx
	if tx == nil {
		tx = s.i.open.add(s.user, false)
		s.auto = tx
	}
	tx.ran(query)
	ctx, leave := tx.within(ctx)
	defer leave()
	if err := tx.begin(ctx, s.i.engine); err != nil {
		return nil, err
	}
	rows, err := parsed.Run(ctx, tx.graph, params)
	if err != nil {
		return nil, err
	}
	return &queryResult{session: s, tx: tx, kind: parsed.Kind(), rows: rows}, nil
}

// refusedOnReplica: constraints are noticed only when they commit.
func refusedOnReplica(query string) error {
	r := &reader{tokens: tokenize(query)}
	if r.is("CREATE", "CONSTRAINT") || r.is("DROP", "CONSTRAINT") {
		return errReplicaSchema
	}
	return errReplicaWrite
}

// Commit implements bolt.Session.
func (s *session) Commit(ctx context.Context) error {
	_, err := s.commit(ctx, s.tx)
	return err
}

// commit ends a transaction and returns what its client has to be told.
func (s *session) commit(ctx context.Context, tx *transaction) ([]*notification, error) {
	_, leave, err := s.enter(ctx)
	if err != nil {
		s.abort()
		return nil, s.failure(err)
	}
	defer leave()
	notes, err := s.i.finishTransaction(tx)
	s.forget(tx)
	// A frozen process does not get to say how it ended.
	if thawed := s.i.faults.thaw(s.i.life); thawed != nil {
		return nil, ErrGone
	}
	return notes, s.failure(err)
}

// failure puts an error into the words of Memgraph.
func (s *session) failure(err error) error {
	if err != nil && s.i.life.Err() != nil {
		return ErrGone
	}
	return asFailure(err)
}

// Rollback implements bolt.Session.
func (s *session) Rollback(context.Context) error {
	s.abort()
	return nil
}

// Reset implements bolt.Session.
func (s *session) Reset(context.Context) { s.abort() }

// Close implements bolt.Session.
func (s *session) Close() { s.abort() }

// abort undoes whatever is open.
func (s *session) abort() {
	for _, tx := range []*transaction{s.tx, s.auto} {
		if tx != nil {
			tx.abort()
			s.forget(tx)
		}
	}
}

func (s *session) forget(tx *transaction) {
	s.i.open.remove(tx)
	if s.tx == tx {
		s.tx = nil
	} else {
		s.auto = nil
	}
}

func checkDatabase(name string) error {
	if name != "" && name != "memgraph" {
		return tryAgain("Tried to retrieve an unknown database \"%s\".", name)
	}
	return nil
}
