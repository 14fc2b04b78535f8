package kube

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"memgraph-controller/controller"
)

// peerMemory is how long a controller is listed after its pod object is gone, if
// nothing proves that its process is: far longer than the 3 s that a kubelet that works
// takes to kill it, and than a gateway that is cut off takes to silence itself. Until
// then it counts where a majority of the controllers is needed: a failover waits that
// long if someone deletes two of three controllers by force, or one just before the
// node of another is lost. A minute cost 11.3 s without a main in a soak.
const peerMemory = 15 * time.Second

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

var _ controller.Peers = (*Peers)(nil)

// Run follows the pods until ctx ends.
func (p *Peers) Run(ctx context.Context) error {
	p.pods.feed(p.client, p.config.Namespace, p.config.Controllers).follow(ctx, p.log)
	return nil
}

// List returns every controller pod, this one included, sorted by name, and for a
// while those that are no more. It is empty until the pods were read.
func (p *Peers) List() (peers []controller.Peer) {
	p.pods.mu.Lock()
	defer p.pods.mu.Unlock()
	now := time.Now()
	for name, l := range p.pods.lives {
		if l.pod == nil && now.Sub(l.left) > peerMemory {
			delete(p.pods.lives, name)
			continue
		}
		peer := controller.Peer{Name: name, Gone: l.process.dead}
		if ip := l.address(now); ip != "" {
			peer.Address = net.JoinHostPort(ip, strconv.Itoa(HTTPPort))
		}
		peers = append(peers, peer)
	}
	slices.SortFunc(peers, func(a, b controller.Peer) int { return cmp.Compare(a.Name, b.Name) })
	return peers
}

// Refresh reads the pods from the API server's storage, never from a cache, and
// adds those that the watch has not told of yet. It removes none: only the watch
// sees the last state of a pod object, which may prove that its process is dead.
func (p *Peers) Refresh(ctx context.Context) error {
	list, err := p.client.CoreV1().Pods(p.config.Namespace).List(ctx, metav1.ListOptions{LabelSelector: p.config.Controllers})
	if err != nil {
		return fmt.Errorf("list the controller pods: %w", err)
	}
	p.pods.update(func() {
		for n := range list.Items {
			p.pods.see(&list.Items[n])
		}
	})
	return nil
}
