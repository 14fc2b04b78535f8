package cluster

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
)

// Service is a port of this machine that leads to one port of all controllers that
// are ready, as a Service inside the cluster does: each connection goes to the next
// one that takes it.
type Service struct {
	// Address is host:port.
	Address string

	listener net.Listener
	tunnels  []*Tunnel
	cancel   context.CancelFunc
	work     sync.WaitGroup

	mu   sync.Mutex
	next int
}

const (
	// takenWithin is how long a controller may take to accept a connection before
	// the next one is tried.
	takenWithin = 3 * time.Second
	// avoidedFor is how long a controller that failed is tried last: about as long as
	// Kubernetes takes to forget the address of a pod.
	avoidedFor = 2 * time.Second
)

// Service opens such a port. Controllers that start later are not among those that it
// leads to.
func (r *Release) Service(port int) (*Service, error) {
	s := &Service{}
	for _, pod := range r.Ready() {
		tunnel, err := r.Tunnel(pod.Name, port)
		if err != nil {
			return nil, err
		}
		s.tunnels = append(s.tunnels, tunnel)
	}
	if len(s.tunnels) == 0 {
		return nil, r.Unready()
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("a port of this machine: %w", err)
	}
	s.listener, s.Address = listener, listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.work.Go(func() { s.accept(ctx) })
	return s, nil
}

// Close ends the port and every connection.
func (s *Service) Close() {
	s.cancel()
	_ = s.listener.Close()
	s.work.Wait()
	for _, t := range s.tunnels {
		t.Close()
	}
}

func (s *Service) accept(ctx context.Context) {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // it is closed
		}
		s.work.Go(func() { s.serve(ctx, conn) })
	}
}

func (s *Service) serve(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for _, t := range s.order() {
		bounded, cancel := context.WithTimeout(ctx, takenWithin)
		streams, err := t.open(bounded)
		cancel()
		if err == nil {
			streams.carry(conn)
			return
		}
	}
}

// order is the order in which the controllers are tried for one connection.
func (s *Service) order() []*Tunnel {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	at := s.next % len(s.tunnels)
	tunnels := slices.Concat(s.tunnels[at:], s.tunnels[:at])
	slices.SortStableFunc(tunnels, func(a, b *Tunnel) int { return a.avoided() - b.avoided() })
	return tunnels
}

// avoided is 1 for a tunnel that failed a moment ago, else 0.
func (t *Tunnel) avoided() int {
	if time.Since(time.Unix(0, t.failed.Load())) < avoidedFor {
		return 1
	}
	return 0
}
