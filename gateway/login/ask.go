package login

import (
	"context"
	"errors"
	"fmt"
	"net"
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

// ask asks an instance. The refusal is its own; an error says that it gave no answer.
func (c *Checker) ask(ctx context.Context, address string, q question) (refused *gateway.Refusal, err error) {
	until := time.Now().Add(c.cfg.AskTimeout)
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	select {
	case c.asks <- struct{}{}:
		defer func() { <-c.asks }()
	case <-ctx.Done():
		return nil, errors.New("too many questions at once")
	}
	conn, err := c.cfg.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	err = within(ctx, until, func() error {
		refused, err = q.put(conn)
		return err
	}, conn)
	return refused, err
}

// put says the opening to an instance. It waits for the version before it goes on, as
// drivers do; HELLO and LOGON go together, as some send them.
func (q question) put(main net.Conn) (*gateway.Refusal, error) {
	answers := inbox{left: maxOpening}
	if _, err := main.Write(q.version.alone()); err != nil {
		return nil, err
	}
	var v version
	if _, err := answers.bytes(main, v[:], 0); err != nil {
		return nil, err
	}
	if v != q.version {
		return nil, fmt.Errorf("it does not speak Bolt %s, which the client has agreed upon with another instance", q.version)
	}
	if _, err := main.Write(slices.Concat(q.hello, q.login)); err != nil {
		return nil, err
	}
	if len(q.hello) > 0 {
		switch _, _, tag, err := answers.next(main); {
		case err != nil:
			return nil, err
		case tag != tagSuccess:
			return nil, fmt.Errorf("it answered HELLO with a message of kind %02X", tag)
		}
	}
	raw, _, tag, err := answers.next(main)
	switch {
	case err != nil:
		return nil, err
	case tag == tagFailure:
		return &gateway.Refusal{Reason: gateway.RejectLogin, Err: errors.New("the main refused its login"), Answer: raw}, nil
	case tag != tagSuccess:
		return nil, fmt.Errorf("it answered a login with a message of kind %02X", tag)
	}
	_, _ = main.Write(goodbye)
	return nil, nil
}
