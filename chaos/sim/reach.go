package sim

import (
	"context"
	"errors"
	"sync"

	"memgraph-controller/controller"
	"memgraph-controller/controller/api"
)

// hears tells whether what a party sends reaches this controller.
func (p *controlPlane) hears(party string) bool { return !p.cluster.network.IsCut(party, p.name) }

// watches tells whether what changes at the API server reaches this controller by
// itself.
func (p *controlPlane) watches() bool { return p.hears(APIServer) && !p.blind.Load() }

// request does something at the API server.
func (p *controlPlane) request(ctx context.Context, do func() error) error {
	p.cluster.traffic.api.Add(1)
	return p.reach(ctx, do)
}

// reach is the way to the API server and back. Where the way there is cut nothing is
// done, and where the way back is cut it is done and nobody is told.
func (p *controlPlane) reach(ctx context.Context, do func() error) error {
	if p.cluster.network.IsCut(p.name, APIServer) {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := sleep(ctx, p.cluster.network.Delay(p.name, APIServer)); err != nil {
		return err
	}
	err := do()
	if !p.hears(APIServer) {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.Join(sleep(ctx, p.cluster.network.Delay(APIServer, p.name)), err)
}

// knowledge is what a watch has last brought.
type knowledge[T any] struct {
	mu   sync.Mutex
	last T
}

// update returns what is known: the truth while the watch brings it, else what it
// was before.
func (k *knowledge[T]) update(watching bool, truth func() T) T {
	k.mu.Lock()
	defer k.mu.Unlock()
	if watching {
		k.last = truth()
	}
	return k.last
}

// peersOf is the controllers as one of them sees them.
type peersOf struct{ *controlPlane }

// List implements controller.Peers.
func (p peersOf) List() []controller.Peer {
	return p.others.update(p.watches(), func() (list []controller.Peer) {
		for _, name := range p.cluster.Controllers() {
			list = append(list, controller.Peer{Name: name, Address: name, Gone: p.cluster.controlPlane(name) == nil})
		}
		return list
	})
}

// Refresh implements controller.Peers.
func (p peersOf) Refresh(ctx context.Context) error {
	return p.request(ctx, func() error { return sleep(ctx, p.cluster.options.StoreLatency) })
}

var errRefused = errors.New("no such controller runs")

// askPeer asks over the network in memory, but for its sockets.
func (p *controlPlane) askPeer(ctx context.Context, one controller.Peer) (report api.Report, err error) {
	network, latency := p.cluster.network, p.cluster.options.Latency
	p.cluster.traffic.peers.Add(1)
	if err := sleep(ctx, latency+network.Delay(p.name, one.Name)); err != nil {
		return api.Report{}, err
	}
	if network.IsCut(p.name, one.Name) {
		<-ctx.Done()
		return api.Report{}, ctx.Err()
	}
	asked := p.cluster.controlPlane(one.Name)
	if asked == nil {
		return api.Report{}, errRefused
	}
	report = asked.Report()
	if !p.hears(one.Name) {
		<-ctx.Done()
		return api.Report{}, ctx.Err()
	}
	return report, sleep(ctx, latency+network.Delay(one.Name, p.name))
}
