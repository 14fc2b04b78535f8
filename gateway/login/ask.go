package login

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"memgraph-controller/gateway"
)

// question is what the main is asked: whether this opening would be let in.
type question struct {
	version version
	hello   []byte // empty where the login is one
	login   []byte
	content []byte // of login
}

func (o *opening) question() question {
	return question{version: o.version, hello: o.hello, login: o.login, content: o.content}
}

// answer is what became of a question.
type answer int

const (
	noAnswer       answer = iota
	yes                   // the main accepts the login
	no                    // it refuses it; the error is the refusal, in its words
	hangUp                // it ended the connection when it had heard the login
	askedByAnother        // another connection has asked the same
)

// ask asks an instance.
func (c *Checker) ask(ctx context.Context, address string, q question) (answer, error) {
	until := time.Now().Add(c.cfg.AskTimeout)
	limited, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case c.asks <- struct{}{}:
		defer func() { <-c.asks }()
	case <-limited.Done():
		return noAnswer, errors.New("too many questions at once")
	}
	said, err := noAnswer, error(nil)
	conn, err := c.cfg.Dial(limited, "tcp", address)
	if err == nil {
		defer conn.Close()
		err = within(ctx, until, func() error {
			said, err = q.put(conn)
			return err
		}, conn)
	}
	switch {
	case ctx.Err() != nil:
		return noAnswer, ctx.Err()
	case said == noAnswer:
		c.setQuiet(address, time.Now().Add(retryInterval))
	default:
		c.setQuiet("", time.Time{})
	}
	return said, err
}

// put says the opening to an instance. It waits for the version before it goes on, as
// drivers do; HELLO and LOGON go together, as some send them.
func (q question) put(main net.Conn) (answer, error) {
	answers := inbox{left: maxOpening}
	if _, err := main.Write(q.version.alone()); err != nil {
		return noAnswer, err
	}
	var v version
	if _, err := answers.bytes(main, v[:], 0); err != nil {
		return noAnswer, err
	}
	if v != q.version {
		return noAnswer, fmt.Errorf("it does not speak Bolt %s, which the client has agreed upon with another instance", q.version)
	}
	if _, err := main.Write(slices.Concat(q.hello, q.login)); err != nil {
		return hangUp, err
	}
	if len(q.hello) > 0 {
		switch _, _, tag, err := answers.next(main); {
		case err != nil:
			return unheard(err), err
		case tag != tagSuccess:
			return noAnswer, fmt.Errorf("it answered HELLO with a message of kind %02X", tag)
		}
	}
	raw, _, tag, err := answers.next(main)
	switch {
	case err != nil:
		return unheard(err), err
	case tag == tagFailure:
		return no, &gateway.Refusal{Reason: gateway.RejectLogin, Err: errors.New("the main refused its login"), Answer: raw}
	case tag != tagSuccess:
		return noAnswer, fmt.Errorf("it answered a login with a message of kind %02X", tag)
	}
	_, _ = main.Write(goodbye)
	return yes, nil
}

// unheard tells a main that takes too long from one that hangs up.
func unheard(err error) answer {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return noAnswer
	}
	return hangUp
}
