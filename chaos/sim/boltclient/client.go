// Package boltclient is the smallest client of Bolt 5.2 that can play an
// application or a controller over a network in memory: official drivers take no
// dialer. It has no pool, no retries and no types beyond PackStream's own.
//
//	client, err := boltclient.Connect(ctx, network.Dial, "a:7687")
//	rows, err := client.Query(ctx, "MATCH (n) RETURN n.id AS id", nil)
//	rows, err = client.Transact(ctx, "CREATE (:W {id: $id})", boltclient.Parameters{"id": 1}) // BEGIN, RUN, PULL, COMMIT
//
// A refusal by the server is a *bolt.Failure, and the client can be used on.
// After any other error it must be closed.
package boltclient

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"memgraph-controller/clusters/standin/bolt"
)

// Dial opens a connection.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Client is one connection that has logged in without credentials. It may be
// used by one goroutine at a time.
type Client struct {
	address string
	conn    net.Conn
	from    *bufio.Reader
}

// Connect dials and logs in.
func Connect(ctx context.Context, dial Dial, address string) (*Client, error) {
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, endOf(ctx, err))
	}
	c := &Client{address: address, conn: conn, from: bufio.NewReader(conn)}
	if err := c.within(ctx, c.login); err != nil {
		c.Close()
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return c, nil
}

// Close closes the connection without a word.
func (c *Client) Close() { _ = c.conn.Close() }

// Parameters are the values of a query by their names; nil: it has none. A server
// parses a query once whose texts are the same.
type Parameters = map[string]any

// Query runs query as a transaction of its own and returns its rows by column
// names.
func (c *Client) Query(ctx context.Context, query string, p Parameters) (rows []map[string]any, err error) {
	err = c.within(ctx, func() error {
		rows, err = c.ask(run(query, p), pull())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("query %s: %w", c.address, err)
	}
	return rows, nil
}

// ErrUncommitted is of a transaction that ended before its commit was asked for: it
// has no effect, whatever ended it.
var ErrUncommitted = errors.New("not committed")

// Transact runs query in an explicit transaction, commits it, and returns its rows.
func (c *Client) Transact(ctx context.Context, query string, p Parameters) (rows []map[string]any, err error) {
	err = c.within(ctx, func() error {
		if rows, err = c.ask(begin(), run(query, p), pull()); err != nil {
			return fmt.Errorf("%w: %w", ErrUncommitted, err)
		}
		_, err := c.ask(commit())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("transact with %s: %w", c.address, err)
	}
	return rows, nil
}

// Reset asks for nothing: an error tells that the connection was lost.
func (c *Client) Reset(ctx context.Context) error {
	return c.within(ctx, func() error {
		_, err := c.ask(reset())
		return err
	})
}

// within lets do wait for the server until ctx ends.
func (c *Client) within(ctx context.Context, do func() error) error {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = c.conn.SetDeadline(time.Now())
	})
	err := do()
	if !stop() {
		<-interrupted
	}
	return endOf(ctx, err)
}

// endOf puts the end of ctx in the place of an error that came of it. An answer
// counts although the time is up.
func endOf(ctx context.Context, err error) error {
	var failure *bolt.Failure
	if err == nil || ctx.Err() == nil || errors.As(err, &failure) {
		return err
	}
	if errors.Is(err, ErrUncommitted) {
		return fmt.Errorf("%w: %w", ErrUncommitted, context.Cause(ctx))
	}
	return context.Cause(ctx)
}

func (c *Client) login() error {
	if _, err := c.conn.Write(handshake()); err != nil {
		return err
	}
	var version [4]byte
	if _, err := io.ReadFull(c.from, version[:]); err != nil {
		return err
	}
	if version != chosen() {
		return fmt.Errorf("it answers % X and not with Bolt 5.2", version)
	}
	_, err := c.ask(hello(), logon())
	return err
}
