package bolt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Defaults of Config.
const (
	// DefaultAgent is what Memgraph calls itself. Drivers look at its first
	// word only.
	DefaultAgent        = "Neo4j/v5.11.0 compatible graph database server - Memgraph"
	DefaultMaxMessage   = 16 << 20
	DefaultLoginTimeout = 10 * time.Second
)

// acceptPause is the wait after a listener had no file descriptor left.
const acceptPause = 100 * time.Millisecond

// Config says how a Server behaves. Backend is required.
type Config struct {
	Backend Backend
	// Agent is the server's name in the answer to HELLO. "" is DefaultAgent.
	Agent string
	// Bolt44 offers Bolt 4.4 too, as Memgraph does from 3.12 on.
	Bolt44 bool
	// Log receives one line at info for each connection that was ended because
	// of what its client sent, and the rest at debug. nil discards them.
	Log *slog.Logger
	// MaxMessage bounds a message of a client, in bytes; 0 is
	// DefaultMaxMessage. A connection holds at most one such message that is
	// being read, as many bytes of messages that wait, and one that is being
	// executed, whose decoded form can be some twenty times as large.
	MaxMessage int
	// LoginTimeout bounds the time from the accepted connection to the end of
	// its login; 0 is DefaultLoginTimeout.
	LoginTimeout time.Duration
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Agent == "" {
		c.Agent = DefaultAgent
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.MaxMessage == 0 {
		c.MaxMessage = DefaultMaxMessage
	}
	if c.LoginTimeout == 0 {
		c.LoginTimeout = DefaultLoginTimeout
	}
	return c
}

// Server serves Bolt on any number of listeners. Its methods may be called
// from several goroutines at a time.
type Server struct {
	config Config
	offer  []version
	life   context.Context
	end    context.CancelFunc

	running sync.WaitGroup // what open holds
	mu      sync.Mutex     // never held across a wait
	count   int            // of connections so far
	closed  bool
	open    []io.Closer // the listeners and connections that Close closes, oldest first
}

// NewServer returns a server that listens to nothing yet.
func NewServer(config Config) *Server {
	life, end := context.WithCancel(context.Background())
	return &Server{
		config: config.withDefaults(),
		offer:  offered(config.Bolt44),
		life:   life,
		end:    end,
	}
}

// Serve accepts connections until ln is closed or Close is called, and then
// returns nil. Connections go on when only their listener was closed. Any other
// error of the listener is returned, except a lack of file descriptors, which
// passes.
func (s *Server) Serve(ln net.Listener) error {
	if !s.track(ln) {
		return nil
	}
	defer s.forget(ln)
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			s.start(nc)
		case s.life.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil
		case errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE):
			s.config.Log.Warn("bolt: no file descriptor for another connection", "error", err)
			s.pause()
		default:
			return fmt.Errorf("accept on %s: %w", ln.Addr(), err)
		}
	}
}

func (s *Server) pause() {
	select {
	case <-time.After(acceptPause):
	case <-s.life.Done():
	}
}

// start serves a connection in a goroutine of its own.
func (s *Server) start(nc net.Conn) {
	if !s.track(nc) {
		return
	}
	c := newConn(s.config, s.offer, nc, s.nextID())
	go func() {
		defer s.forget(nc)
		c.serve(s.life)
	}()
}

// track reports false, and closes c, when the server is closed.
func (s *Server) track(c io.Closer) bool {
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.open = append(s.open, c)
		s.running.Add(1)
	}
	s.mu.Unlock()
	if closed {
		_ = c.Close() // nobody has heard of it yet
	}
	return !closed
}

func (s *Server) forget(c io.Closer) {
	s.mu.Lock()
	s.open = slices.DeleteFunc(s.open, func(o io.Closer) bool { return o == c })
	s.mu.Unlock()
	s.running.Done()
}

func (s *Server) nextID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	return fmt.Sprintf("bolt-%d", s.count)
}

// Close closes the listeners and all connections, and returns when every Serve
// and every goroutine of a connection has ended. It waits for a call of the
// Backend that disregards its context.
func (s *Server) Close() error {
	s.end()
	s.mu.Lock()
	open := s.open
	s.closed, s.open = true, nil
	s.mu.Unlock()
	var errs []error
	for _, c := range open {
		if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	s.running.Wait()
	return errors.Join(errs...)
}
