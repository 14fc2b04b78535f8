package gateway

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// Config describes one gateway. Only Address has no useful zero value; every
// other zero stands for the default that its comment names.
type Config struct {
	// Name is "rw" or "ro" in logs and in the status.
	Name string
	// Address is where to listen, host:port.
	Address string
	// Listen opens the listening socket. Default: net.ListenConfig.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Dial connects to an upstream. Default: TCP. A dialer that brings something
	// else than a *net.TCPConn works, without what needs a socket of
	// the kernel: splice, idle sessions without a buffer, a check of the gate
	// in the midst of a write.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Log receives one line for each change of state. Default: discarded.
	Log *slog.Logger

	// Allow are the networks whose clients are taken; others are reset at once. It is what a
	// gateway can do where the network enforces no policy. Empty: everybody.
	Allow []netip.Prefix

	// MaxSessions bounds sessions and held connections together; one more is
	// accepted and reset at once. A session costs two file descriptors and,
	// while idle, about 9 kB beside its sockets in the kernel. Default 10,000.
	MaxSessions int
	// MaxHeld bounds connections that wait for an upstream; the newest is
	// refused. More means more work at once when the route opens. Default 5,000.
	MaxHeld int
	// HoldTimeout is how long a connection waits for an upstream before it is
	// closed. It should outlast the slowest failover, and stay below the time
	// after which clients give up by themselves (neo4j drivers: 30 s to 60 s
	// for a connection). Default 30 s.
	HoldTimeout time.Duration
	// ReleaseRate is how many held connections per second are let go when the
	// route opens, after a first ReleaseBurst at once. It protects a new main
	// from thousands of logins in one moment; 5,000 held connections take
	// (5,000 - burst) / rate seconds. Defaults 2,000 per second and 200.
	ReleaseRate  int
	ReleaseBurst int

	// DialTimeout bounds one attempt to reach one upstream. Shorter finds a
	// silent upstream sooner; it must exceed a SYN's round trip, and 1 s is
	// where Linux repeats a lost SYN. Default 1 s.
	DialTimeout time.Duration
	// RetryInterval is the time until the next attempt when no upstream could be
	// reached: one held connection tries, the others follow when it succeeds.
	// It adds at most its length to a failover. Default 25 ms.
	RetryInterval time.Duration
	// FirstByteTimeout is how long a client may stay silent after it got its
	// upstream. Bolt clients speak first, so silence is a port scan or a slow
	// attack; a client that has spoken may be idle for ever. Default 30 s.
	FirstByteTimeout time.Duration
	// HalfCloseTimeout is how long a session lives on after one side has ended
	// its direction. Default 60 s.
	HalfCloseTimeout time.Duration
	// UserTimeout is TCP_USER_TIMEOUT towards upstreams: how long sent bytes may
	// stay unacknowledged by the peer's kernel before the session is given up.
	// Without it a vanished node costs 15 minutes. Shorter cuts sessions on a
	// short network outage. Default 10 s.
	UserTimeout time.Duration

	// QuietFor is how long a session must be still to count as quiet where no
	// Tracker knows better. Too short takes a server that thinks for one that is
	// done; longer makes every pause longer. Default 5 ms.
	QuietFor time.Duration
	// PauseLimit is how long a pause waits for sessions to fall quiet; then
	// Route.CutBusy decides. It should exceed the longest answer that is worth
	// waiting for. Default 1 s.
	PauseLimit time.Duration
	// DrainLimit is how long, with Route.Drain, a session may go on in order to
	// finish its transaction before it is paused in the midst of it. PauseLimit
	// follows it. Default 1 s.
	DrainLimit time.Duration
	// IsolationAfter silences the gateway when Confirm is missing for so long: no
	// byte passes in either direction until the next Confirm. 0: never.
	// Whoever promotes another instance must wait for at least this long after
	// he lost touch with this gateway. Shorter means faster failovers when a
	// node is cut off, and more pauses for nothing when its owner is slow.
	IsolationAfter time.Duration
	// IsolationGrace is how long a silenced gateway keeps its sessions before it
	// cuts them: within it, renewed touch costs clients a pause instead of an
	// error. Default 1 s.
	IsolationGrace time.Duration

	// Track makes the tracker of one session. nil: timing alone decides when a
	// session is quiet, and every session may be spliced.
	Track func() Tracker
	// Open makes the opener of one connection, which decides whether it becomes a
	// session (package login has one that checks logins). nil: every connection does.
	Open func() Opener
	// OnSighting hears what sockets to upstreams saw. It is called from many
	// goroutines at once and must not block.
	OnSighting func(Sighting)
}

// withDefaults returns the configuration with every unset field filled in.
func (c Config) withDefaults() Config {
	if c.Listen == nil {
		c.Listen = (&net.ListenConfig{KeepAlive: laterAlive}).Listen
	}
	if c.Dial == nil {
		c.Dial = dialTCP
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Log = c.Log.With("gateway", c.Name)
	if c.OnSighting == nil {
		c.OnSighting = func(Sighting) {}
	}
	orElse(&c.MaxSessions, 10_000)
	orElse(&c.MaxHeld, 5_000)
	orElse(&c.ReleaseRate, 2_000)
	orElse(&c.ReleaseBurst, 200)
	orElse(&c.HoldTimeout, 30*time.Second)
	orElse(&c.DialTimeout, time.Second)
	orElse(&c.RetryInterval, 25*time.Millisecond)
	orElse(&c.FirstByteTimeout, 30*time.Second)
	orElse(&c.HalfCloseTimeout, time.Minute)
	orElse(&c.UserTimeout, 10*time.Second)
	orElse(&c.QuietFor, 5*time.Millisecond)
	orElse(&c.PauseLimit, time.Second)
	orElse(&c.DrainLimit, time.Second)
	orElse(&c.IsolationGrace, time.Second)
	return c
}

// laterAlive keeps package net from setting the four options of keep-alive, which
// prepareListener and prepareUpstream set.
const laterAlive = -1

// orElse gives a field that is not positive its default.
func orElse[T int | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
