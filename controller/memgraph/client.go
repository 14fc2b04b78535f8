package memgraph

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"time"
)

// Config tells which instance a Client talks to and how patient it is.
type Config struct {
	// Name is the instance's name; it stands in every error.
	Name string
	// Address is where the instance speaks Bolt, host:port.
	Address string
	// ReplicationAddress is the instance's own host:port for replication.
	// Demote makes it listen on the port of it.
	ReplicationAddress string
	// User and Password log in; an empty User means without credentials.
	// Where users exist, each new connection costs the server about 250 ms of
	// password hashing (memgraph-observed, transcript 21).
	User, Password string
	// TLS is spoken with the instance; nil: it is not.
	TLS *tls.Config
	// AskTimeout bounds Ask when its context has no deadline. Default 1 s: the
	// server needs about 1 ms, 250 ms where it has to check a password.
	AskTimeout time.Duration
	// Timeout bounds every other method when its context has no deadline.
	// Default 12 s, to hear the slowest regular answer: REGISTER of an address
	// that swallows packets takes 10 s (memgraph-observed 2).
	Timeout time.Duration
	// Dial prepares the connections to Address; the client closes each of them.
	// Default: neo4j-go-driver over TCP with User and Password. It is there for
	// networks that the driver knows nothing of, such as one in memory.
	Dial func(address string) Link
	// Rand returns a number in [0, 1) and spreads the retries of clients that
	// were refused at the same moment. Default: math/rand/v2.
	Rand func() float64
	// Log gets retries at debug and dropped leftovers at info. Default: none.
	Log *slog.Logger
}

const (
	defaultAskTimeout = time.Second
	defaultTimeout    = 12 * time.Second
)

var errClosed = errors.New("the client is closed")

// Client is one instance over Bolt. Its methods may be called from several
// goroutines. None of them outlives its context by more than a moment.
type Client struct {
	config          Config
	replicationPort int
	log             *slog.Logger

	// slot holds the connection for statements, or nil while there is none.
	// Whoever takes it out has the connection to himself; Close takes it for
	// good and closes the channel. It is a channel and not a mutex because it
	// is held while waiting for the server.
	slot chan Link
	// asked holds the connection for questions while nobody asks.
	asked chan Link
	// alive ends when the client is closed and ends every call with it.
	alive context.Context
	close context.CancelFunc
}

// Open checks config and returns a client. It connects to nothing yet, so an
// instance that is down is no error.
func Open(config Config) (*Client, error) {
	port, err := config.check()
	if err != nil {
		return nil, err
	}
	config = config.withDefaults()
	c := &Client{
		config:          config,
		replicationPort: port,
		log:             config.Log.With("instance", config.Name),
		slot:            make(chan Link, 1),
		asked:           make(chan Link, 1),
	}
	c.slot <- nil
	c.alive, c.close = context.WithCancel(context.Background())
	return c, nil
}

// Close ends whatever is running and closes the connection. A call that comes
// later fails. It returns as soon as the running statement has given up.
func (c *Client) Close() {
	c.close()
	c.hangUp()
	if l, ok := <-c.slot; ok {
		if l != nil {
			l.Close(context.Background())
		}
		close(c.slot)
	}
}

// lineForQuestions is the connection that was asked over last, or a new one. One
// whose server process has ended since is lost with it, and its next use connects
// anew, so nothing is ever heard of a process that is no more.
func (c *Client) lineForQuestions() Link {
	select {
	case l := <-c.asked:
		return l
	default:
		return c.config.Dial(c.config.Address)
	}
}

// doneAsking keeps a connection for the next question, unless it failed, or another
// is kept already, or the client is closed.
func (c *Client) doneAsking(ctx context.Context, l Link, err error) {
	if err != nil && !answered(err) {
		l.Close(ctx)
		return
	}
	select {
	case c.asked <- l:
		if c.alive.Err() != nil {
			c.hangUp()
		}
	default:
		l.Close(ctx)
	}
}

// hangUp closes the connection for questions, if it is not in use.
func (c *Client) hangUp() {
	select {
	case l := <-c.asked:
		l.Close(context.Background())
	default:
	}
}

func (config Config) check() (replicationPort int, err error) {
	if config.Name == "" {
		return 0, errors.New("open memgraph client: the instance has no name")
	}
	if _, _, err := net.SplitHostPort(config.Address); err != nil {
		return 0, fmt.Errorf("open %s: the Bolt address has to be host:port: %w", config.Name, err)
	}
	_, port, err := net.SplitHostPort(config.ReplicationAddress)
	if err != nil {
		return 0, fmt.Errorf("open %s: the replication address has to be host:port: %w", config.Name, err)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("open %s: the replication port has to be a number from 1 to 65535, not %q", config.Name, port)
	}
	return int(number), nil
}

func (config Config) withDefaults() Config {
	if config.AskTimeout == 0 {
		config.AskTimeout = defaultAskTimeout
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.Dial == nil {
		config.Dial = config.dialDriver
	}
	if config.Rand == nil {
		config.Rand = rand.Float64
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	return config
}

// call runs one public method: it sees to a deadline, to the end that comes
// with Close, and to the one place where an error gets its object.
func (c *Client) call(ctx context.Context, what string, timeout time.Duration, do func(context.Context) error) error {
	if _, ok := ctx.Deadline(); !ok {
		limited, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		ctx = limited
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.alive, func() { cancel(errClosed) })()
	err := errClosed
	if c.alive.Err() == nil {
		err = do(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// statement runs query on the connection that is kept for statements.
func (c *Client) statement(ctx context.Context, query string) ([]row, error) {
	l, err := c.take(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := l.Run(ctx, query)
	if err != nil && !answered(err) {
		l.Close(ctx)
		l = nil
	}
	c.slot <- l
	return rows, err
}

// take takes the connection for statements, a new one where there is none.
func (c *Client) take(ctx context.Context) (Link, error) {
	select {
	case l, ok := <-c.slot:
		switch {
		case !ok:
			return nil, errClosed
		case l == nil:
			l = c.config.Dial(c.config.Address)
		}
		return l, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for another statement to end: %w", ended(ctx))
	}
}
