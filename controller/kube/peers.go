package kube

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"k8s.io/client-go/kubernetes"
)

// peerMemory is how long a controller is listed after its pod object is gone:
// far longer than a gateway that is cut off takes to silence itself.
const peerMemory = 10 * time.Minute

// Peer is one controller pod, this one included.
type Peer struct {
	Name string
	// Address is the host:port of its HTTP API; empty while it has none.
	Address string
	// ID identifies its process and changes with every start; empty when unknown.
	ID string
	// Gone: its process is known to be dead. This is proof, not suspicion. A
	// Peer that is merely not listed may live.
	Gone bool
	// Removed: its pod object is gone. If it is not Gone too, it may live.
	Removed bool
}

// Peers is the controller pods of a cluster. Its methods may be called from any
// goroutine.
type Peers struct {
	client kubernetes.Interface
	config Config
	log    *slog.Logger
	pods   *roster
}

// NewPeers follows the controller pods. It knows none before Run.
func NewPeers(client kubernetes.Interface, config Config, log *slog.Logger) *Peers {
	return &Peers{client: client, config: config, log: log, pods: newRoster(ControllerContainer, func(string) bool { return true })}
}

// Run follows the pods until ctx ends.
func (p *Peers) Run(ctx context.Context) error {
	p.pods.feed(p.client, p.config.Namespace, p.config.Controllers).follow(ctx, p.log)
	return nil
}

// Changes receives a value after changes of what List returns.
func (p *Peers) Changes() <-chan struct{} { return p.pods.changes }

// List returns every controller pod, sorted by name, and for a while those that
// are no more. listed is false until the pods were read for the first time: then
// the list says nothing.
func (p *Peers) List() (peers []Peer, listed bool) {
	p.pods.mu.Lock()
	defer p.pods.mu.Unlock()
	now := time.Now()
	for name, l := range p.pods.lives {
		if l.pod == nil && now.Sub(l.left) > peerMemory {
			delete(p.pods.lives, name)
			continue
		}
		peer := Peer{Name: name, ID: l.process.id, Gone: l.process.dead, Removed: l.pod == nil}
		if ip := l.address(now); ip != "" {
			peer.Address = net.JoinHostPort(ip, strconv.Itoa(HTTPPort))
		}
		peers = append(peers, peer)
	}
	slices.SortFunc(peers, func(a, b Peer) int { return cmp.Compare(a.Name, b.Name) })
	return peers, p.pods.listed
}
