package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The limits of the server. Answers take milliseconds, so whoever needs longer
// is broken or hostile.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 20 * time.Second
	idleTimeout       = 30 * time.Second
	maxHeaderBytes    = 16 << 10
	maxBodyBytes      = 64 << 10
	// maxConnections keeps the status port from using up the file descriptors
	// that the gateways of the same process need.
	maxConnections = 512
	// backendTimeout bounds one changing call; it is below writeTimeout so that
	// the caller still gets an answer.
	backendTimeout = 10 * time.Second
	// shutdownGrace is how long calls under way may take to finish.
	shutdownGrace = 3 * time.Second
)

// Config is what a Server needs.
type Config struct {
	// Address is the host:port to listen on. A loopback address makes changing
	// calls possible without a token.
	Address string
	// Listen opens the listener. Default: net.ListenConfig.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	// Token is what changing calls must carry; empty: they are possible on
	// loopback only.
	Token string
	// Reviewer decides on other tokens than that one. Default: they are refused.
	Reviewer Reviewer
	Backend  Backend
	// Leader returns the host:port of the API of the controller that leads, to
	// which changing calls are passed on; "" where that is this one or nobody.
	// Default: always this one.
	Leader func() string
	// Events returns the newest Events of Kubernetes, oldest first, for the status page.
	// Default: there are none.
	Events func() []Event
	Log    *slog.Logger
	// Registry is what /metrics serves. The server adds the Backend's metrics.
	Registry *prometheus.Registry
}

// Server answers HTTP.
type Server struct {
	config   Config
	page     *page
	streams  chan struct{} // one in it for each open stream of events
	stopping chan struct{} // closed when the server ends
}

// New returns a server that does not listen yet, and adds the Backend's metrics to
// the registry. It fails when Address is not host:port.
func New(config Config) (*Server, error) {
	if _, _, err := net.SplitHostPort(config.Address); err != nil {
		return nil, fmt.Errorf("http address %q: %w; write it as host:port", config.Address, err)
	}
	if config.Listen == nil {
		config.Listen = new(net.ListenConfig).Listen
	}
	if config.Leader == nil {
		config.Leader = func() string { return "" }
	}
	if config.Events == nil {
		config.Events = func() []Event { return nil }
	}
	if err := config.Registry.Register(collector{config.Backend}); err != nil {
		return nil, fmt.Errorf("register the controller's metrics: %w", err)
	}
	page, err := newPage()
	if err != nil {
		return nil, err
	}
	return &Server{config: config, page: page, streams: make(chan struct{}, maxStreams), stopping: make(chan struct{})}, nil
}

// Run listens and answers until ctx ends, then lets calls under way finish for a
// moment. It may be called once. It returns nil after ctx has ended, and an error at
// once when the address cannot be listened on.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.config.Listen(ctx, "tcp", s.config.Address)
	if err != nil {
		return fmt.Errorf("listen for HTTP on %s: %w", s.config.Address, err)
	}
	server := s.httpServer(listener.Addr())
	server.RegisterOnShutdown(func() { close(s.stopping) })
	s.config.Log.Info("HTTP is served", "address", listener.Addr().String())

	served := make(chan error, 1)
	go func() { served <- server.Serve(newLimitedListener(listener, maxConnections)) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve HTTP on %s: %w", s.config.Address, err)
	case <-ctx.Done():
	}
	s.shutdown(ctx, server)
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", s.config.Address, err)
	}
	return nil
}

func (s *Server) httpServer(bound net.Addr) *http.Server {
	return &http.Server{
		Handler:           s.handler(newGuard(bound, s.config.Token, s.config.Reviewer != nil)),
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelWarn),
	}
}

// shutdown ends what still runs after the grace; closing is all that is left to
// do about it, so its error is of no use.
func (s *Server) shutdown(ctx context.Context, server *http.Server) {
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		s.config.Log.Warn("HTTP calls were cut off by the shutdown", "error", err)
		_ = server.Close()
	}
}
