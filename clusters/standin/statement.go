package standin

import (
	"context"
	"strconv"

	"memgraph-controller/clusters/standin/replication"
)

// statement is anything but a query on the graph.
type statement struct {
	what    string   // "<what> is not allowed in multicommand transactions"
	columns []string // of the result
	system  bool     // takes part in "one system query at a time"
	run     func(ctx context.Context) (answer, error)
}

// answer is what a statement gives.
type answer struct {
	rows [][]any
	note *notification
}

// notification is what a client finds in a result's summary.
type notification struct{ code, severity, title, description string }

func (n notification) encode() map[string]any {
	return map[string]any{"code": n.code, "severity": n.severity, "title": n.title, "description": n.description}
}

func info(code, title string) *notification {
	return &notification{code: code, severity: "INFO", title: title}
}

const (
	managingReplication = "Managing replication"
	managingUsers       = "Managing users"
	queryingStatus      = "Querying transaction status"
)

// parse recognises a statement. Without one, and without an error, it is for
// the query language.
func (s *session) parse(query string) (*statement, error) {
	r := &reader{tokens: tokenize(query)}
	for _, family := range []func(*reader) *statement{
		s.parseReplication, s.parseUsers, s.parseShow, s.parseTransactions, s.parseStorage,
	} {
		if st := family(r); st != nil || r.err != nil {
			return st, r.end()
		}
	}
	return nil, nil
}

func (s *session) parseReplication(r *reader) *statement {
	switch {
	case r.is("SET", "REPLICATION", "ROLE"):
		return s.parseSetRole(r)
	case r.is("REGISTER", "REPLICA"):
		return s.parseRegister(r)
	case r.is("DROP", "REPLICA"):
		name := r.name()
		return s.replicate(func() (*notification, error) {
			return info("DropReplica", "Replica "+name+" is dropped."), s.i.drop(name)
		})
	}
	return nil
}

// replicate is a statement that changes the replication state.
func (s *session) replicate(do func() (*notification, error)) *statement {
	return &statement{what: managingReplication, system: true, run: func(context.Context) (answer, error) {
		if s.i.storageMode() != transactional {
			return answer{}, refuse("Replication query requires IN_MEMORY_TRANSACTIONAL mode.")
		}
		note, err := do()
		return answer{note: note}, err
	}}
}

func (s *session) parseSetRole(r *reader) *statement {
	r.expect("TO")
	toMain := r.is("MAIN")
	if !toMain {
		r.expect("REPLICA")
	}
	port, withPort := "", r.is("WITH")
	if withPort {
		r.expect("PORT")
		port = r.take("a port", numberToken, stringToken)
	}
	return s.replicate(func() (*notification, error) {
		switch {
		case toMain && withPort:
			return nil, refuse("Main can't set a port!")
		case toMain:
			return info("SetReplica", "Replica role set to MAIN."), s.i.promote()
		case !withPort:
			return nil, refuse("Replica must set a port!")
		}
		n, err := strconv.Atoi(port)
		if err != nil || n > 65535 {
			return nil, refuse("Port number invalid!")
		}
		return info("SetReplica", "Replica role set to REPLICA."), s.i.demote(n)
	})
}

func (s *session) parseRegister(r *reader) *statement {
	name := r.name()
	var mode replication.Mode
	switch {
	case r.err != nil:
	case r.is("SYNC"):
		mode = replication.Sync
	case r.is("ASYNC"):
		mode = replication.Async
	case r.is("STRICT_SYNC"):
		mode = replication.StrictSync
	default:
		r.fail("{ASYNC, STRICT_SYNC, SYNC}")
	}
	r.expect("TO")
	address := r.take("an address", stringToken)
	return s.replicate(func() (*notification, error) {
		return info("RegisterReplica", "Replica "+name+" is registered."), s.i.register(name, address, mode)
	})
}

func (s *session) parseUsers(r *reader) *statement {
	switch {
	case r.is("CREATE", "USER"):
		return s.parseCreateUser(r)
	case r.is("DROP", "USER"):
		name := r.name()
		return s.manageUsers(func() error {
			if !s.i.users.exists(name) {
				return refuse("User '%s' doesn't exist.", name)
			}
			return s.i.users.remove(name)
		})
	}
	return nil
}

func (s *session) parseCreateUser(r *reader) *statement {
	ifNotExists := r.is("IF", "NOT", "EXISTS")
	name, text := r.name(), ""
	if r.is("IDENTIFIED") {
		r.expect("BY")
		text = r.take("a password", stringToken)
	}
	return s.manageUsers(func() error {
		switch exists := s.i.users.exists(name); {
		case exists && ifNotExists:
			return nil
		case exists:
			return refuse("User '%s' already exists.", name)
		}
		return s.i.users.set(name, text)
	})
}

func (s *session) manageUsers(do func() error) *statement {
	return &statement{what: managingUsers, system: true, run: func(context.Context) (answer, error) {
		if !s.i.isMain() {
			return answer{}, errReplicaUsers
		}
		return answer{}, do()
	}}
}

func (s *session) parseTransactions(r *reader) *statement {
	switch {
	case r.is("SHOW", "TRANSACTIONS"):
		return reading(queryingStatus, []string{"username", "transaction_id", "query", "metadata"}, s.showTransactions)
	case r.is("TERMINATE", "TRANSACTIONS"):
		ids := []string{r.take("a transaction id", stringToken)}
		for r.err == nil && r.next().text == "," {
			r.at++
			ids = append(ids, r.take("a transaction id", stringToken))
		}
		return reading(queryingStatus, []string{"transaction_id", "killed"}, func() ([][]any, error) {
			return s.i.open.terminate(ids), nil
		})
	}
	return nil
}

// reading is a statement that returns rows and changes nothing.
func reading(what string, columns []string, rows func() ([][]any, error)) *statement {
	return &statement{what: what, columns: columns, run: func(context.Context) (answer, error) {
		got, err := rows()
		return answer{rows: got}, err
	}}
}
