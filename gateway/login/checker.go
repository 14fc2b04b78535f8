package login

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"memgraph-controller/gateway"
)

// Config describes a Checker. Only Main has no useful zero value.
type Config struct {
	// Main tells whom to ask. The answer of an instance counts only if its
	// Authority still holds when it has come.
	Main func() gateway.Authority
	// Dial connects to the main. Default: net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Log receives what went wrong with the main, at debug. Default: discarded.
	Log *slog.Logger

	// FirstByteTimeout is how long a client may be silent at the beginning. Default 30 s.
	FirstByteTimeout time.Duration
	// OpeningTimeout bounds the time from the first byte of the handshake to its end,
	// and again from there to the end of the login, what the replica needs for its
	// answers included. Default 10 s, Memgraph's and the stand-in's own bound.
	OpeningTimeout time.Duration
	// AskTimeout bounds one question to the main: to connect, two round trips, and the
	// time to compare a password, of which Memgraph's hash needs about 0.1 s. Longer
	// delays known clients of a main that hangs. Default 2 s.
	AskTimeout time.Duration
	// AsksAtOnce bounds the questions at the same time; more wait. It keeps thousands of
	// clients that come back at once from taking all of the main's cores for their
	// passwords. Default 32.
	AsksAtOnce int
	// Patience is how long a login waits for a main. It should outlast the slowest
	// failover, and stay below the time after which drivers give up by themselves.
	// Default 30 s.
	Patience time.Duration
	// Remember is how long a login that the main accepted passes while no main answers.
	// It is also how long a password that was changed may be used to read in that time.
	// Drivers open their connections anew after an hour, so less would forget clients
	// that were there all the time. Default 1 h.
	Remember time.Duration
}

// retryInterval is the time until a main that did not answer is asked again, for a
// login that has to wait for it. For the same time the others do not try.
const retryInterval = 500 * time.Millisecond

// Checker checks the logins of all connections of one gateway. Its methods may be
// called by many goroutines.
type Checker struct {
	cfg   Config
	asks  chan struct{} // as many as may be asked at once
	known memory

	mu    sync.Mutex
	quiet string    // the main that did not answer,
	until time.Time // and until when it is taken not to
}

// New makes a checker.
func New(cfg Config) *Checker {
	cfg.FirstByteTimeout = cmp.Or(cfg.FirstByteTimeout, 30*time.Second)
	cfg.OpeningTimeout = cmp.Or(cfg.OpeningTimeout, 10*time.Second)
	cfg.AskTimeout = cmp.Or(cfg.AskTimeout, 2*time.Second)
	cfg.AsksAtOnce = cmp.Or(cfg.AsksAtOnce, 32)
	cfg.Patience = cmp.Or(cfg.Patience, 30*time.Second)
	cfg.Remember = cmp.Or(cfg.Remember, time.Hour)
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Checker{cfg: cfg, asks: make(chan struct{}, cfg.AsksAtOnce), known: newMemory(cfg.Remember)}
}

// Open makes the opener of one connection. It fits gateway.Config.Open.
func (c *Checker) Open() gateway.Opener { return &opening{checker: c, client: inbox{left: maxOpening}} }

// check finds out what the main says of a login. It waits while there is none, until
// a time.
func (c *Checker) check(ctx context.Context, q question, until time.Time) (gateway.Login, error) {
	key := c.known.key(canonical(q.content))
	for {
		known := c.known.has(key, time.Now())
		main := c.cfg.Main()
		if main.Address != "" && !(known && c.isQuiet(main.Address)) {
			refused, err := c.ask(ctx, main.Address, q)
			switch {
			case ctx.Err() != nil:
				return "", ctx.Err()
			case err != nil:
				c.cfg.Log.Debug("no answer about a login", "main", main.Address, "error", err)
				c.setQuiet(main.Address, time.Now().Add(retryInterval))
			case !main.Holds():
				continue // whoever that was, it may have had no users
			case refused != nil:
				c.known.forget(key)
				return "", refused
			default:
				c.known.add(key, time.Now())
				c.setQuiet("", time.Time{})
				return gateway.LoginAccepted, nil
			}
		}
		if known {
			return gateway.LoginRemembered, nil
		}
		if err := c.wait(ctx, main, until); err != nil {
			return "", err
		}
	}
}

// wait waits until the main may be asked again.
func (c *Checker) wait(ctx context.Context, main gateway.Authority, until time.Time) error {
	left := time.Until(until)
	if left <= 0 {
		return noMain(c.cfg.Patience)
	}
	timer := time.NewTimer(min(left, retryInterval))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-main.Changed:
	case <-timer.C:
	}
	return nil
}

// setQuiet notes that a main does not answer, and isQuiet tells whether that is so. A
// client that is known does not wait to find it out itself.
func (c *Checker) setQuiet(main string, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.quiet, c.until = main, until
}

func (c *Checker) isQuiet(main string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.quiet == main && time.Now().Before(c.until)
}
