package sim

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/assert"

	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/controller"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// isolation is when a write gateway that is out of touch falls silent.
const isolation = 1500 * time.Millisecond

// Where applications connect.
func writeGateway(controller string) string { return controller + ":7687" }
func readGateway(controller string) string  { return controller + ":7688" }

// errDead is what a controller that was killed gets from the world.
var errDead = errors.New("this controller is dead")

// controlPlane is one process of a controller with its two gateways. It
// remembers nothing of those before it.
type controlPlane struct {
	cluster *Cluster
	name    string
	*controller.Controller
	lease          *lease // nil: there are no others
	host           *pipenet.Host
	dead           atomic.Bool
	fleet, records chan struct{} // changes of the fleet and the record
	processes      knowledge[[]controller.Process]
	others         knowledge[[]controller.Peer]
	blind          atomic.Bool   // its watches bring nothing
	skew           time.Duration // by how much its clock shows more than others
	callsLeft      atomic.Int64  // the call that makes this 0 is its last
	doomed         atomic.Bool   // that call is being made
	stop           context.CancelFunc
	ended          sync.WaitGroup
}

func (c *Cluster) newControlPlane(name string) (*controlPlane, error) {
	p := &controlPlane{
		cluster: c, name: name, host: c.network.Host(name), fleet: make(chan struct{}, 1), records: make(chan struct{}, 1),
		skew: c.skews[name],
	}
	sighted := func(s gateway.Sighting) { p.Sighted(s) }
	write := gateway.Config{
		Name: "rw", Address: writeGateway(name), Listen: p.host.Listen, Dial: p.host.Dial, Log: c.options.Log,
		Track: boltframe.Track, OnSighting: sighted,
	}
	config := controller.Config{
		Name: name, Cluster: "simulation", Version: "simulation",
		Fleet: fleetOf{p}, Store: storeOf{p}, Connect: p.connect,
		Read: gateway.New(gateway.Config{
			Name: "ro", Address: readGateway(name), Listen: p.host.Listen, Dial: p.host.Dial, Log: c.options.Log, OnSighting: sighted,
		}),
		Policy: c.options.Policy, Detection: c.options.Detection, Log: c.options.Log,
	}
	if n := len(c.planes); n > 1 {
		p.lease = newLease(p)
		write.IsolationAfter = isolation
		config.Lease, config.Peers, config.AskPeer, config.Controllers, config.Isolation = p.lease, peersOf{p}, p.askPeer, n, isolation
	}
	config.Write = gateway.New(write)
	var err error
	p.Controller, err = controller.New(config)
	return p, err
}

func (p *controlPlane) run() {
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	p.ended.Go(func() { assert.NoError(p.cluster.t, p.Run(ctx), p.name) })
	if p.lease != nil {
		p.ended.Go(func() { p.lease.run(ctx) })
	}
}

// kill ends the process as kill -9 does: at this moment it loses its sockets and
// can change nothing any more; what it still computes has no effect.
func (p *controlPlane) kill() {
	p.cluster.store.mu.Lock()
	p.dead.Store(true)
	p.cluster.store.mu.Unlock()
	p.cluster.setControlPlane(p.name, nil)
	p.host.Kill()
	p.stop()
}

// called counts a call that changes something. The one that is counted to dies with
// its caller, at chance before or behind what it changes.
func (p *controlPlane) called(do func() error) error {
	if p.callsLeft.Load() == 0 || p.callsLeft.Add(-1) != 0 {
		return do()
	}
	p.doomed.Store(true)
	if p.cluster.chance.float() < 0.5 {
		_ = do()
	}
	if p.doomed.Load() {
		p.kill()
	}
	return errDead
}

func (p *controlPlane) leads() bool { return p.lease == nil || !p.lease.Until().IsZero() }

func (p *controlPlane) alive() bool { return !p.dead.Load() }

func (p *controlPlane) connect(process controller.Process) (controller.Database, error) {
	return memgraph.Open(memgraph.Config{
		Name: process.Name, Address: process.Bolt, ReplicationAddress: process.Replication,
		Dial: func(address string) memgraph.Link { return &link{plane: p, instance: process.Name, address: address} },
		Rand: p.cluster.chance.float, Log: p.cluster.options.Log,
	})
}

// fleetOf is the fleet as one controller sees it.
type fleetOf struct{ *controlPlane }

func (f fleetOf) List() []controller.Process {
	return f.processes.update(f.watches(), func() []controller.Process {
		list := make([]controller.Process, len(f.cluster.instances))
		for n, i := range f.cluster.instances {
			list[n] = *i.seen.Load()
			list[n].Started = list[n].Started.Add(-f.skew)
		}
		return list
	})
}

func (f fleetOf) Changes() <-chan struct{} { return f.fleet }

func (f fleetOf) Restart(ctx context.Context, name string) error {
	return f.order(ctx, name, (*instance).restart)
}

func (f fleetOf) Reseed(ctx context.Context, name, _ string) error {
	f.judgeReseed(name)
	return f.order(ctx, name, (*instance).reseed)
}

func (f fleetOf) order(ctx context.Context, name string, do func(*instance) error) error {
	i := f.cluster.instance(name)
	return f.called(func() error {
		return f.request(ctx, func() error {
			return i.order(func() error {
				if !f.alive() {
					return errDead
				}
				return do(i)
			})
		})
	})
}

// storeOf is the record store as one controller sees it.
type storeOf struct{ *controlPlane }

func (s storeOf) Load(ctx context.Context) (record topology.Record, version string, err error) {
	err = s.request(ctx, func() error {
		record, version, err = s.cluster.store.load(ctx)
		return err
	})
	return shifted(record, -s.skew), version, err
}

func (s storeOf) Save(ctx context.Context, record topology.Record, version string) (written string, err error) {
	s.judgeChoice(record)
	err = s.called(func() error {
		return s.request(ctx, func() error {
			written, err = s.cluster.store.save(ctx, shifted(record, s.skew), version, s.alive)
			return err
		})
	})
	return written, err
}

// shifted is a record as a clock has it that shows more. What a controller measures
// by itself is right, whatever its clock shows; only what others wrote is not.
func shifted(r topology.Record, by time.Duration) topology.Record {
	if by == 0 {
		return r
	}
	r.Since, r.Written = r.Since.Add(by), r.Written.Add(by)
	if r.Request != nil {
		request := *r.Request
		request.At = request.At.Add(by)
		r.Request = &request
	}
	if r.Pause != nil {
		pause := *r.Pause
		pause.Until = pause.Until.Add(by)
		r.Pause = &pause
	}
	r.Members = maps.Clone(r.Members)
	for name, m := range r.Members {
		if m.Quarantined != nil {
			q := *m.Quarantined
			q.Since = q.Since.Add(by)
			m.Quarantined = &q
			r.Members[name] = m
		}
	}
	return r
}

func (s storeOf) Changes() <-chan struct{} { return s.records }
