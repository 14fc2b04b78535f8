package replication

import (
	"context"
	"log/slog"
	"net"
	"sync"
)

// Handler is a replica. Calls come one at a time, except for FrequentHeartbeat,
// which the server answers itself.
type Handler interface {
	Handle(ctx context.Context, request Request) Response
}

// Server answers mains on behalf of a Handler.
type Server struct {
	listener net.Listener
	handler  Handler
	gate     Gate
	log      *slog.Logger

	life   context.Context
	end    context.CancelFunc
	turn   chan struct{} // held by the call that is being handled
	served sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // nil when closed
}

// Serve starts to answer on a listener, which it owns from then on. The
// context is for what handlers wait for.
func Serve(ctx context.Context, listener net.Listener, handler Handler, gate Gate, log *slog.Logger) *Server {
	life, end := context.WithCancel(ctx)
	s := &Server{
		listener: listener, handler: handler, gate: gate, log: log,
		life: life, end: end, turn: make(chan struct{}, 1), conns: map[net.Conn]struct{}{},
	}
	s.served.Go(s.accept)
	return s
}

// Attached tells whether a main is connected.
func (s *Server) Attached() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns) > 0
}

// Close stops the server. A call that is being handled ends first; those that
// wait for their turn are not answered.
func (s *Server) Close() {
	s.listener.Close()
	select {
	case s.turn <- struct{}{}: // nobody gets it any more
	case <-s.life.Done():
	}
	s.end()
	s.mu.Lock()
	for conn := range s.conns {
		conn.Close()
	}
	s.conns = nil
	s.mu.Unlock()
	s.served.Wait()
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // the listener was closed; it reports nothing else that could pass
		}
		if !s.track(conn) {
			conn.Close()
			return
		}
		s.served.Go(func() {
			defer s.forget(conn)
			s.converse(conn)
		})
	}
}

func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) forget(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

func (s *Server) converse(conn net.Conn) {
	defer context.AfterFunc(s.life, func() { conn.Close() })()
	for {
		message, err := readFrame(conn)
		if err != nil {
			return
		}
		request, err := decodeRequest(message)
		if err != nil {
			s.log.Info("closing a replication connection", "remote", conn.RemoteAddr(), "reason", err)
			return
		}
		if !s.gate(s.life) {
			continue
		}
		if err := s.answer(conn, request); err != nil {
			return
		}
	}
}

// answer handles a call and responds within its turn, so that Close lets the
// answer out too.
func (s *Server) answer(conn net.Conn, request Request) error {
	if request.Kind == FrequentHeartbeat {
		return writeFrame(conn, Response{OK: true}.encode())
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-s.life.Done():
		return s.life.Err()
	}
	return writeFrame(conn, s.handler.Handle(s.life, request).encode())
}
