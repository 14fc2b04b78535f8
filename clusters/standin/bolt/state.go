package bolt

import (
	"errors"
	"fmt"
	"slices"

	"memgraph-controller/clusters/standin/bolt/packstream"
)

// state is what a connection may do next. Two of Bolt's states are none here:
// INTERRUPTED is any state while interrupts are raised, and DEFUNCT is an error
// returned by a handler.
type state uint8

const (
	connected      state = iota // no HELLO yet
	authentication              // HELLO but no LOGON yet (Bolt 5), or after LOGOFF
	ready
	streaming // an autocommit query has a result open
	txReady
	txStreaming // queries of the transaction have results open
	failed      // until RESET
)

func (s state) String() string {
	return [...]string{"connected", "authentication", "ready", "streaming", "transaction", "transaction streaming", "failed"}[s]
}

// execute takes one message to its answer. An error ends the connection.
func (c *conn) execute(message []byte) error {
	t := tagOf(message)
	if t.interrupting() {
		c.interrupts.settle()
	}
	switch {
	case t == tagNoop && c.version.atLeast(4, 1):
		return nil
	case t != tagReset && (c.state == failed || c.interrupts.raised()):
		return c.sendIgnored()
	}
	m, err := packstream.Decode(message)
	if _, unsupported := errors.AsType[*packstream.StructError](err); unsupported && c.state >= ready {
		return c.fail(err)
	}
	if err != nil {
		return err
	}
	return c.dispatch(request{tag: t, fields: m.Fields})
}

func (c *conn) dispatch(r request) error {
	switch r.tag {
	case tagHello:
		return c.hello(r)
	case tagLogon:
		return c.logon(r)
	case tagLogoff:
		return c.logoff(r)
	case tagRun:
		return c.run(r)
	case tagPull, tagDiscard:
		return c.deliver(r)
	case tagBegin:
		return c.begin(r)
	case tagCommit:
		return c.commit(r)
	case tagRollback:
		return c.rollback(r)
	case tagReset:
		return c.reset(r)
	case tagRoute:
		return c.route(r)
	case tagGoodbye:
		return fmt.Errorf("%w: goodbye", ErrHangUp)
	default:
		return fmt.Errorf("message 0x%02X is unknown to Bolt %s", byte(r.tag), c.version)
	}
}

// expect checks that a message is at its place and has as many fields as it
// should.
func (c *conn) expect(r request, fields int, in ...state) error {
	if !slices.Contains(in, c.state) {
		return fmt.Errorf("message 0x%02X in state %q", byte(r.tag), c.state)
	}
	return r.want(fields)
}

// fail answers with a failure; all messages are ignored from here to a RESET,
// which also ends what is still open in the database. What an interrupt has
// ended is ignored itself: its client has asked for that.
func (c *conn) fail(err error) error {
	c.results.clear()
	if errors.Is(err, ErrHangUp) {
		return err
	}
	if c.interrupts.raised() {
		return c.sendIgnored()
	}
	c.state = failed
	return c.sendFailure(failureOf(err))
}

func (c *conn) reset(r request) error {
	if err := c.expect(r, 0, ready, streaming, txReady, txStreaming, failed); err != nil {
		return err
	}
	c.results.clear()
	c.session.Reset(c.interrupts.context())
	c.state = ready
	return c.sendSuccess(nil)
}
