package bolt_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

// exchange is a client's message and the answers to it.
type exchange struct {
	say  []byte
	hear []string
}

func on(say []byte, hear ...string) exchange { return exchange{say, hear} }

func (w *wire) play(script ...exchange) {
	w.t.Helper()
	for i, step := range script {
		w.write(step.say)
		for _, want := range step.hear {
			require.Equal(w.t, want, w.read(), "step %d", i+1)
		}
	}
}

func row(i string) string { return "RECORD [" + i + " row]" }

var (
	fieldsOfRange = "SUCCESS [fields:[i text]]"
	unknownQid    = clientError("Invalid arguments sent: qid - Query with specified ID does not exist!")
	noRouting     = "FAILURE [code:" + transientCode + " message:You cannot fetch routing table from an instance which is not part of a cluster.]"
)

// TestSessionsFollowTheProtocol plays scripts to a client that has logged in
// with Bolt 5.2.
func TestSessionsFollowTheProtocol(t *testing.T) {
	n3 := object{"n": 3}
	for _, c := range []struct {
		name   string
		script []exchange
	}{
		{"autocommit", []exchange{
			on(run(echoQuery, object{"value": "x"}), "SUCCESS [fields:[value]]"),
			on(pull(-1), "RECORD [x]", readEnd),
			on(run(createQuery), "SUCCESS [fields:[]]"),
			on(pull(-1), "SUCCESS [db:memgraph has_more:false stats:map[nodes-created:1] type:w]"),
		}},
		{"rows in portions, the last of which knows that it is the last", []exchange{
			on(run(rangeQuery, object{"n": 5}), fieldsOfRange),
			on(pull(2), row("1"), row("2"), hasMore),
			on(pull(3), row("3"), row("4"), row("5"), readEnd),
		}},
		{"no portion at all", []exchange{
			on(run(rangeQuery, n3), fieldsOfRange),
			on(pull(0), hasMore),
			on(pull(10), row("1"), row("2"), row("3"), readEnd),
		}},
		{"discard the rest", []exchange{
			on(run(rangeQuery, n3), fieldsOfRange),
			on(pull(1), row("1"), hasMore),
			on(discard(-1), readEnd),
			on(run(rangeQuery, n3), fieldsOfRange),
			on(discard(2), hasMore),
			on(pull(-1), row("3"), readEnd),
		}},
		{"a transaction", []exchange{
			on(begin(), success),
			on(run(createQuery), "SUCCESS [fields:[] qid:0]"),
			on(pull(-1), "SUCCESS [db:memgraph has_more:false stats:map[nodes-created:1] type:w]"),
			on(commit(), success),
			on(begin(), success),
			on(rollback(), success),
		}},
		{"several results of a transaction at a time", []exchange{
			on(begin(), success),
			on(run(rangeQuery, n3), "SUCCESS [fields:[i text] qid:0]"),
			on(pull(1), row("1"), hasMore),
			on(run(rangeQuery, n3), "SUCCESS [fields:[i text] qid:1]"),
			on(pull(1), row("1"), hasMore),
			on(pull(1, object{"qid": 0}), row("2"), hasMore),
			on(pull(-1, object{"qid": 1}), row("2"), row("3"), readEnd),
			on(discard(-1, object{"qid": 0}), readEnd),
			on(commit(), success),
		}},
		{"a result that is not open", []exchange{
			on(begin(), success),
			on(run(rangeQuery, n3), "SUCCESS [fields:[i text] qid:0]"),
			on(pull(1, object{"qid": 7}), unknownQid),
			on(pull(1), ignored),
			on(reset(), success),
		}},
		{"a negative portion", []exchange{
			on(run(rangeQuery, n3), fieldsOfRange),
			on(pull(-2), clientError("Invalid arguments sent: n - Cannot fetch negative number of results!")),
		}},
		{"a failure, then everything is ignored until RESET", []exchange{
			on(run(brokenQuery), clientError("Error on line 1 position 1.")),
			on(pull(-1), ignored),
			on(begin(), ignored),
			on(goodbye(), ignored),
			on(reset(), success),
			on(run(rangeQuery, object{"n": 0}), fieldsOfRange),
			on(pull(-1), readEnd),
		}},
		{"a database that has ended says nothing", []exchange{
			on(run(goneQuery), "EOF"),
		}},
		{"a failure between rows", []exchange{
			on(run(brokenRows), fieldsOfRange),
			on(pull(-1), row("1"), row("2"), row("3"), clientError("The disk is on fire.")),
			on(reset(), success),
		}},
		{"a row that cannot be sent", []exchange{
			on(run(oddQuery), "SUCCESS [fields:[odd]]"),
			on(pull(-1), "RECORD [1]", clientError("packstream: cannot send a value of type struct {}")),
			on(reset(), success),
		}},
		{"a failure ends the transaction at RESET", []exchange{
			on(begin(), success),
			on(run(brokenQuery), clientError("Error on line 1 position 1.")),
			on(rollback(), ignored),
			on(reset(), success),
			on(rollback(), clientError("No current transaction to rollback.")),
			on(reset(), success),
			on(commit(), clientError("No current transaction to commit.")),
		}},
		{"nested transactions", []exchange{
			on(begin(), success),
			on(begin(), clientError("Nested transactions are not supported.")),
		}},
		{"reset in every state", []exchange{
			on(reset(), success),
			on(run(rangeQuery, n3), fieldsOfRange),
			on(reset(), success),
			on(begin(), success),
			on(reset(), success),
			on(begin(), success),
			on(run(rangeQuery, n3), "SUCCESS [fields:[i text] qid:0]"),
			on(reset(), success),
			on(commit(), clientError("No current transaction to commit.")),
		}},
		{"routing", []exchange{
			on(message(0x66, object{}, []any{}, object{}), noRouting),
			on(reset(), success),
		}},
		{"a date as a parameter", []exchange{
			on(chunk([]byte{0xB3, 0x10, 0x81, 'Q', 0xA1, 0x81, 'd', 0xB1, 0x44, 0x01, 0xA0}),
				clientError("values of structure 0x44 (temporal and spatial types) are not supported")),
			on(pull(-1), ignored),
			on(reset(), success),
		}},
		{"keep-alives", []exchange{
			on([]byte{0, 0, 0, 0}),
			on(message(0x00)),
			on(run(rangeQuery, object{"n": 0}), fieldsOfRange),
			on([]byte{0, 0}),
			on(pull(-1), readEnd),
		}},
		{"another login", []exchange{
			on(logoff(), success),
			on(logon(), identity),
			on(run(rangeQuery, object{"n": 0}), fieldsOfRange),
		}},
		{"goodbye", []exchange{on(goodbye(), "EOF")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start(t, bolt.Config{Backend: newDatabase()}).session(t).play(c.script...)
		})
	}
}

// TestViolationsEndTheConnection puts messages where they do not belong.
func TestViolationsEndTheConnection(t *testing.T) {
	streaming := on(run(rangeQuery, object{"n": 1}), fieldsOfRange)
	tx := on(begin(), success)
	txStreaming := on(run(rangeQuery, object{"n": 1}), "SUCCESS [fields:[i text] qid:0]")
	loggedOff := on(logoff(), success)
	for _, c := range []struct {
		name   string
		before []exchange
		say    []byte
	}{
		{"HELLO twice", nil, hello()},
		{"LOGON twice", nil, logon()},
		{"PULL without a result", nil, pull(-1)},
		{"DISCARD without a result", nil, discard(-1)},
		{"RUN in the middle of a result", []exchange{streaming}, run(echoQuery)},
		{"BEGIN in the middle of a result", []exchange{streaming}, begin()},
		{"LOGOFF in a transaction", []exchange{tx}, logoff()},
		{"PULL in a transaction without a result", []exchange{tx}, pull(-1)},
		{"COMMIT before the results are read", []exchange{tx, txStreaming}, commit()},
		{"ROLLBACK before the results are read", []exchange{tx, txStreaming}, rollback()},
		{"RUN after LOGOFF", []exchange{loggedOff}, run(echoQuery)},
		{"RESET after LOGOFF", []exchange{loggedOff}, reset()},
		{"a message of a later version (TELEMETRY)", nil, message(0x54, 1)},
		{"a message of the server", nil, message(0x70, object{})},
		{"RUN without its options", nil, message(0x10, echoQuery, object{})},
		{"RUN of a number", nil, message(0x10, 1, object{}, object{})},
		{"RUN with parameters in a list", nil, message(0x10, echoQuery, []any{}, object{})},
		{"BEGIN in a database that is a number", nil, message(0x11, object{"db": 1})},
		{"PULL of a text", []exchange{streaming}, message(0x3F, object{"n": "all"})},
		{"RESET with a field", nil, message(0x0F, 1)},
		{"no structure", nil, chunk([]byte{0x01, 0x02, 0x03})},
		{"one byte", nil, chunk([]byte{0xB0})},
		{"half a message", nil, chunk([]byte{0xB3, 0x10, 0x85, 'M'})},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, bolt.Config{Backend: newDatabase()}).session(t)
			w.play(c.before...)
			w.play(on(c.say, violation, "EOF"))
		})
	}
}

func TestNothingHappensBeforeTheLogin(t *testing.T) {
	for _, c := range []struct {
		name string
		say  []byte
	}{
		{"RUN", run(echoQuery)},
		{"BEGIN", begin()},
		{"RESET", reset()},
		{"LOGON before HELLO", logon()},
		{"HELLO with a date", chunk([]byte{0xB1, 0x01, 0xA1, 0x81, 'd', 0xB1, 0x44, 0x01})},
		{"HELLO of nobody", message(0x01, object{})},
		{"HELLO with a list", message(0x01, []any{})},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := newDatabase()
			w := start(t, bolt.Config{Backend: db}).connect(t, 0x0205)
			w.play(on(c.say, violation, "EOF"))
			require.NotContains(t, strings.Join(db.calls(), " "), "run")
		})
	}
}

func TestOlderVersionsLogInWithHello(t *testing.T) {
	for _, version := range []uint32{0x0004, 0x0104, 0x0304} {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).connect(t, version)
		w.play(
			on(message(0x01, object{"user_agent": "test/1", "scheme": "basic", "principal": "ann", "credentials": "x"}), identity),
			on(run(echoQuery, object{"value": 1}), "SUCCESS [fields:[value]]"),
			on(pull(-1), "RECORD [1]", readEnd),
			on(logoff(), violation, "EOF"),
		)
		require.Contains(t, db.calls(), "login ann")
	}
}

// TestRouteDependsOnTheVersion: see route.go.
func TestRouteDependsOnTheVersion(t *testing.T) {
	login := on(message(0x01, object{"user_agent": "test/1"}), identity)
	for _, c := range []struct {
		name    string
		version uint32
		last    any
		answers []string
	}{
		{"4.1 has none", 0x0104, "memgraph", []string{violation, "EOF"}},
		{"4.3 with a database", 0x0304, "memgraph", []string{noRouting}},
		{"4.3 without one", 0x0304, nil, []string{"EOF"}},
		{"4.4", 0x0404, object{}, []string{noRouting}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, bolt.Config{Backend: newDatabase(), Bolt44: true}).connect(t, c.version)
			w.play(login, on(message(0x66, object{}, []any{}, c.last), c.answers...))
		})
	}
}

func TestWhoIsRefusedIsCutOff(t *testing.T) {
	const unauthenticated = "FAILURE [code:Memgraph.ClientError.Security.Unauthenticated message:Authentication failure]"
	for _, c := range []struct {
		name string
		auth object
	}{
		{"wrong password", object{"scheme": "basic", "principal": "ann", "credentials": "guess"}},
		{"no credentials", object{}},
		{"an unknown scheme", object{"scheme": "kerberos", "credentials": "secret"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			db := newDatabase()
			db.password = "secret"
			w := start(t, bolt.Config{Backend: db}).connect(t, 0x0205)
			w.play(on(hello(), identity), on(message(0x6A, c.auth), unauthenticated, "EOF"))
		})
	}
}

func TestAMessageBeyondTheLimitIsAViolation(t *testing.T) {
	w := start(t, bolt.Config{Backend: newDatabase(), MaxMessage: 1000}).session(t)
	w.play(
		on(run(echoQuery, object{"value": strings.Repeat("x", 900)}), "SUCCESS [fields:[value]]"),
		on(reset(), success),
	)
	go func() { _, _ = w.Write(run(echoQuery, object{"value": strings.Repeat("x", 1000)})) }()
	w.expect(violation, "EOF")
}

func TestConnectionsAreNumbered(t *testing.T) {
	s := start(t, bolt.Config{Backend: newDatabase(), Agent: "Another/1"})
	for _, id := range []string{"bolt-1", "bolt-2"} {
		s.connect(t, 0x0205).play(on(hello(), "SUCCESS [connection_id:"+id+" server:Another/1]"))
	}
}
