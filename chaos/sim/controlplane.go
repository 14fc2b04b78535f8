package sim

import (
	"context"
	"errors"
	"sync/atomic"

	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/controller"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// Where applications connect.
const (
	WriteGateway = "gateway:7687"
	ReadGateway  = "gateway:7688"
)

// errDead is what a controller that was killed gets from the world.
var errDead = errors.New("this controller is dead")

// controlPlane is one process of the controller with its two gateways. It
// remembers nothing of those before it.
type controlPlane struct {
	cluster *Cluster
	*controller.Controller
	host           *pipenet.Host
	dead           atomic.Bool
	fleet, records chan struct{} // changes of the fleet and the record
	stop           context.CancelFunc
	ended          chan error
}

func (c *Cluster) newControlPlane() (*controlPlane, error) {
	p := &controlPlane{
		cluster: c, host: c.network.Host("controller"), fleet: make(chan struct{}, 1), records: make(chan struct{}, 1), ended: make(chan error, 1),
	}
	sighted := func(s gateway.Sighting) { p.Sighted(s) }
	var err error
	p.Controller, err = controller.New(controller.Config{
		Name: "controller", Cluster: "simulation", Version: "simulation",
		Fleet: fleetOf{p}, Store: storeOf{p}, Connect: p.connect,
		Write: gateway.New(gateway.Config{
			Name: "rw", Address: WriteGateway, Listen: p.host.Listen, Dial: p.host.Dial, Log: c.options.Log,
			Track: boltframe.Track, OnSighting: sighted,
		}),
		Read: gateway.New(gateway.Config{
			Name: "ro", Address: ReadGateway, Listen: p.host.Listen, Dial: p.host.Dial, Log: c.options.Log, OnSighting: sighted,
		}),
		Policy: c.options.Policy, Detection: c.options.Detection, Log: c.options.Log,
	})
	return p, err
}

func (p *controlPlane) run() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	go func() { p.ended <- p.Run(ctx) }()
}

// kill ends the process as kill -9 does: at this moment it loses its sockets and
// can change nothing any more; what it still computes has no effect.
func (p *controlPlane) kill() error {
	p.cluster.store.mu.Lock()
	p.dead.Store(true)
	p.cluster.store.mu.Unlock()
	p.host.Kill()
	p.stop()
	return <-p.ended
}

func (p *controlPlane) alive() bool { return !p.dead.Load() }

func (p *controlPlane) connect(process controller.Process) (controller.Database, error) {
	return memgraph.Open(memgraph.Config{
		Name: process.Name, Address: process.Bolt, ReplicationAddress: process.Replication,
		Dial: func(address string) memgraph.Link { return &link{dial: p.host.Dial, address: address} },
		Rand: p.cluster.chance.float, Log: p.cluster.options.Log,
	})
}

// fleetOf is the fleet as one controller sees it.
type fleetOf struct{ *controlPlane }

func (f fleetOf) List() []controller.Process {
	list := make([]controller.Process, len(f.cluster.instances))
	for n, i := range f.cluster.instances {
		list[n] = *i.seen.Load()
	}
	return list
}

func (f fleetOf) Changes() <-chan struct{} { return f.fleet }

func (f fleetOf) Restart(_ context.Context, name string) error {
	return f.order(name, (*instance).restart)
}

func (f fleetOf) Reseed(_ context.Context, name, _ string) error {
	return f.order(name, (*instance).reseed)
}

func (f fleetOf) order(name string, do func(*instance) error) error {
	i := f.cluster.instance(name)
	return i.order(func() error {
		if !f.alive() {
			return errDead
		}
		return do(i)
	})
}

// storeOf is the record store as one controller sees it.
type storeOf struct{ *controlPlane }

func (s storeOf) Load(ctx context.Context) (topology.Record, string, error) {
	return s.cluster.store.load(ctx)
}

func (s storeOf) Save(ctx context.Context, record topology.Record, version string) (string, error) {
	return s.cluster.store.save(ctx, record, version, s.alive)
}

func (s storeOf) Changes() <-chan struct{} { return s.records }
