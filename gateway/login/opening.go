package login

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"memgraph-controller/gateway"
)

// opening is one connection before its session. What it holds of the credentials goes
// with it when the session has begun.
type opening struct {
	checker *Checker
	client  inbox

	proposal handshake // without a manifest
	proposed int       // bytes of it that have come
	version  version
	greeted  bool   // the client has the version
	hello    []byte // its HELLO, where that is not the login
	identity []byte // what the client got in answer
	login    []byte // the message with the credentials, as it came
	content  []byte // and what it holds

	until    time.Time // when a main is waited for no longer
	accepted gateway.Login
}

// Meet implements gateway.Opener: it hears the handshake.
func (o *opening) Meet(ctx context.Context, client net.Conn) error {
	silent := time.Now().Add(o.checker.cfg.FirstByteTimeout)
	err := within(ctx, silent, func() error { return o.client.fill(client) }, client)
	if err == nil && o.client.rest[0] == tlsRecord {
		return &gateway.Refusal{Reason: gateway.RejectTLS, Err: errors.New("it began with TLS, in which its login cannot be seen; turn the check of logins off for clients with TLS")}
	}
	if err == nil {
		err = within(ctx, o.soon(), func() error { return o.hear(client) }, client)
	}
	if err != nil && ctx.Err() == nil {
		return fault(err)
	}
	return err
}

func (o *opening) soon() time.Time { return time.Now().Add(o.checker.cfg.OpeningTimeout) }

// hear takes the client's half of the handshake.
func (o *opening) hear(client net.Conn) (err error) {
	for _, end := range []int{len(magic), handshakeSize} {
		if o.proposed, err = o.client.bytes(client, o.proposal[:end], o.proposed); err != nil {
			return err
		}
		if string(o.proposal[:len(magic)]) != magic {
			return errors.New("it does not begin as Bolt does")
		}
	}
	o.proposal.strikeManifest()
	return nil
}

// Open implements gateway.Opener.
func (o *opening) Open(ctx context.Context, client, upstream net.Conn) error {
	err := within(ctx, o.soon(), func() error { return o.introduce(client, upstream) }, client, upstream)
	if err != nil || o.accepted != "" {
		return err
	}
	asked := time.Now()
	if o.until.IsZero() {
		o.until = asked.Add(o.checker.cfg.Patience)
	}
	o.accepted, err = o.checker.check(ctx, o.question(), o.until)
	if err == nil && time.Since(asked) > staleAfter {
		return gateway.ErrReopen
	}
	return err
}

// staleAfter is how long an upstream may have waited for the login. Servers bound that
// time; the stand-in's bound is 10 s.
const staleAfter = time.Second

// introduce brings a new connection to an upstream to where the client is, and both to
// where only the login is to be said.
func (o *opening) introduce(client, upstream net.Conn) error {
	server := inbox{left: maxOpening}
	if err := o.greet(client, upstream, &server); err != nil {
		return err
	}
	if o.version.logsOn() {
		if err := o.identify(client, upstream, &server); err != nil {
			return err
		}
	}
	if len(server.rest) > 0 {
		return errors.New("the upstream says more than it was asked")
	}
	if o.login != nil {
		return nil
	}
	tag := byte(tagHello)
	if o.version.logsOn() {
		tag = tagLogon
	}
	var err error
	o.login, o.content, err = o.expect(client, tag)
	return err
}

// greet shakes hands with the upstream, and with the client if it has not yet.
func (o *opening) greet(client, upstream net.Conn, server *inbox) error {
	if _, err := upstream.Write(o.proposal[:]); err != nil {
		return err
	}
	var v version
	if _, err := server.bytes(upstream, v[:], 0); err != nil {
		return err
	}
	switch {
	case o.greeted && v != o.version:
		return fmt.Errorf("the upstream chose Bolt %s, another one Bolt %s before", v, o.version)
	case o.greeted:
		return nil
	case v.none():
		return &gateway.Refusal{Reason: gateway.RejectOpening, Err: errors.New("it proposes no version of Bolt that the upstream speaks"), Answer: v[:]}
	case !v.known():
		return fmt.Errorf("the upstream answered the handshake with % X", v[:])
	}
	if _, err := client.Write(v[:]); err != nil {
		return fault(err)
	}
	o.version, o.greeted = v, true
	return nil
}

// identify says HELLO to the upstream, in versions in which that holds no credentials.
func (o *opening) identify(client, upstream net.Conn, server *inbox) (err error) {
	if o.hello == nil {
		if o.hello, _, err = o.expect(client, tagHello); err != nil {
			return err
		}
	}
	if _, err := upstream.Write(o.hello); err != nil {
		return err
	}
	raw, _, tag, err := server.next(upstream)
	switch {
	case err != nil:
		return err
	case tag == tagFailure:
		return &gateway.Refusal{Reason: gateway.RejectOpening, Err: errors.New("the upstream refused its HELLO"), Answer: raw}
	case tag != tagSuccess:
		return fmt.Errorf("the upstream answered HELLO with a message of kind %02X", tag)
	case o.identity != nil:
		return nil
	}
	if _, err := client.Write(raw); err != nil {
		return fault(err)
	}
	o.identity = raw
	return nil
}

// expect takes the client's next message, which must be of one kind.
func (o *opening) expect(client net.Conn, wanted byte) (raw, content []byte, err error) {
	raw, content, tag, err := o.client.next(client)
	switch {
	case err != nil:
		return nil, nil, fault(err)
	case tag == tagGoodbye:
		return nil, nil, fault(io.EOF)
	case tag != wanted:
		return nil, nil, misconduct("a message of kind %02X came where one of kind %02X has to", tag, wanted)
	}
	return raw, content, nil
}

// Opened implements gateway.Opener.
func (o *opening) Opened() gateway.Opened {
	return gateway.Opened{
		Said:  slices.Concat(o.proposal[:], o.hello),
		Heard: slices.Concat(o.version[:], o.identity),
		Next:  slices.Concat(o.login, o.client.rest),
		Login: o.accepted,
	}
}
