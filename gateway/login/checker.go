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
	// answers included. Default 10 s.
	OpeningTimeout time.Duration
	// AskTimeout bounds one question to the main: to connect, two round trips, and the
	// time to compare a password, 250 ms of a core on an idle server (memgraph-observed,
	// transcript 21). Longer delays known clients of a main that hangs, until that is
	// noticed. Default 5 s.
	AskTimeout time.Duration
	// AsksAtOnce bounds the questions at the same time; more wait, within AskTimeout. It
	// keeps clients from taking all of the main's cores for their passwords. Default 8.
	AsksAtOnce int
	// Fresh is how long a login that the main accepted passes without a question. A pool
	// that opens a hundred connections costs the main one comparison of a password
	// instead of 25 s of a core; a password that was changed may be used to read for
	// so long. Default 10 s.
	Fresh time.Duration
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

// retryInterval is the time until a main that did not answer is asked again.
const retryInterval = 500 * time.Millisecond

// hangUps is how often the main may hang up on a login before that is taken to be the
// client's fault: once, it may have died.
const hangUps = 2

// Checker checks the logins of all connections of one gateway. Its methods may be
// called by many goroutines.
type Checker struct {
	cfg   Config
	asks  chan struct{} // as many as may be asked at once
	known memory

	mu    sync.Mutex
	asked map[key]chan struct{} // what is being asked; closed at the end
	quiet string                // the main that did not answer,
	until time.Time             // and until when it is taken not to
}

// New makes a checker.
func New(cfg Config) *Checker {
	cfg.FirstByteTimeout = cmp.Or(cfg.FirstByteTimeout, 30*time.Second)
	cfg.OpeningTimeout = cmp.Or(cfg.OpeningTimeout, 10*time.Second)
	cfg.AskTimeout = cmp.Or(cfg.AskTimeout, 5*time.Second)
	cfg.AsksAtOnce = cmp.Or(cfg.AsksAtOnce, 8)
	cfg.Fresh = cmp.Or(cfg.Fresh, 10*time.Second)
	cfg.Patience = cmp.Or(cfg.Patience, 30*time.Second)
	cfg.Remember = cmp.Or(cfg.Remember, time.Hour)
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Checker{cfg: cfg, asks: make(chan struct{}, cfg.AsksAtOnce), known: newMemory(cfg.Remember), asked: make(map[key]chan struct{})}
}

// Open makes the opener of one connection. It fits gateway.Config.Open.
func (c *Checker) Open() gateway.Opener { return &opening{checker: c, client: inbox{left: maxOpening}} }

// check finds out what the main says of a login. It waits while there is none, until
// a time.
func (c *Checker) check(ctx context.Context, q question, until time.Time) (gateway.Login, error) {
	key := c.known.key(canonical(q.content))
	for hungUp := 0; ; {
		main := c.cfg.Main()
		if main.Address != "" && c.known.acceptedSince(key, time.Now().Add(-c.cfg.Fresh)) {
			return gateway.LoginAccepted, nil
		}
		if main.Address != "" && !c.isQuiet(main.Address) {
			answer, err := c.put(ctx, main, key, q)
			switch {
			case ctx.Err() != nil:
				return "", ctx.Err()
			case answer == askedByAnother:
				continue
			case answer == hangUp:
				if hungUp++; hungUp == hangUps {
					return "", misconduct("the main hangs up on its login: %w", err)
				}
			case answer == noAnswer:
				c.cfg.Log.Debug("no answer about a login", "main", main.Address, "error", err)
			case !main.Holds():
				continue // whoever that was, it may have had no users
			case answer == no:
				return "", err
			default:
				return gateway.LoginAccepted, nil
			}
		}
		if c.known.acceptedSince(key, time.Now().Add(-c.cfg.Remember)) {
			return gateway.LoginRemembered, nil
		}
		if err := c.wait(ctx, main, until); err != nil {
			return "", err
		}
	}
}

// put asks the main, unless another connection asks the same: then it waits for the end
// of that. It ends early where another is main.
func (c *Checker) put(ctx context.Context, main gateway.Authority, k key, q question) (answer, error) {
	c.mu.Lock()
	other, going := c.asked[k]
	mine := make(chan struct{})
	if !going {
		c.asked[k] = mine
	}
	c.mu.Unlock()
	if going {
		select {
		case <-other:
		case <-ctx.Done():
		}
		return askedByAnother, nil
	}
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.asked, k)
		close(mine)
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-main.Changed:
			cancel()
		case <-ctx.Done():
		}
	}()
	said, err := c.ask(ctx, main.Address, q)
	if main.Holds() { // or it may have had no users
		c.known.learn(k, said, time.Now())
	}
	return said, err
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

// setQuiet notes that a main does not answer, and isQuiet tells whether that was just now.
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
