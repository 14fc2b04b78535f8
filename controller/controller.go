// Package controller brings the parts together: it observes the instances,
// asks topology what to do, does it, and tells the two gateways of this process
// where to go. It knows neither Kubernetes nor processes nor files: Config takes
// a Fleet, a Store and the rest as small interfaces.
//
//	c, err := controller.New(controller.Config{Fleet: fleet, Store: store, Connect: connect, Write: rw, Read: ro})
//	err = c.Run(ctx) // until ctx ends
//
// Everything is decided in one goroutine (loop.go): look, decide, do one step,
// look again. The observers ask the instances beside it (observer.go), Judge
// merges what they see (evidence.go), and the timeline files every failover.
// Controller is the api.Backend (status.go, requests.go).
package controller

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// Controller runs one cluster's control loop and this process's two gateways.
type Controller struct {
	config    Config
	observers *observers
	peers     *peers
	wake      chan struct{}
	commands  chan func()
	published atomic.Pointer[snapshot]
	gateways  []*served
	resigned  chan struct{} // closed when this controller has done its last step

	// The rest belongs to the loop's goroutine.
	record      topology.Record
	version     string
	adopted     bool   // record holds what was stored
	listed      uint64 // the epoch for which the controllers were listed
	known       knownEpoch
	stale       bool // it may have changed
	loaded      time.Time
	recordErr   error
	reads       topology.Reads
	writes      writeTarget
	deeds       deeds
	outlived    map[string]uint64 // see topology.Outlived
	health      since
	applied     since
	decisions   since
	decision    api.Decision
	lag         since
	invalid     since
	stuck       since
	timeline    timeline
	transitions []api.Transition
	failure     string
	lastStep    string
	retryAt     time.Time
	unavailable time.Duration
	turned      time.Time
	well        bool // the record is known, nothing is to be done, and everybody answers
	retired     bool // it leads no more, whatever the lease says
	led         bool // at the last look
	ledSince    time.Time
	// wrote: it has saved the record since. What the leader before saved may still be on
	// its way, and would open the gate on what this one has changed: after this it fails.
	wrote bool
}

// New checks config and makes a controller. Nothing happens before Run.
func New(config Config) (*Controller, error) {
	if err := config.complete(); err != nil {
		return nil, err
	}
	c := &Controller{
		config:   config,
		wake:     make(chan struct{}, 1),
		commands: make(chan func()),
		resigned: make(chan struct{}),
		stale:    true,
		timeline: timeline{ended: config.OnFailover},
		deeds:    deeds{}, outlived: map[string]uint64{}, health: since{}, applied: since{}, decisions: since{}, lag: since{}, invalid: since{}, stuck: since{},
	}
	c.observers = &observers{
		fleet: config.Fleet, connect: config.Connect, detection: config.Detection,
		now: config.Now, log: config.Log, changed: c.rouse, all: map[string]*watched{},
	}
	c.peers = &peers{
		self: config.Name, source: config.Peers, ask: config.AskPeer,
		now: config.Now, log: config.Log, changed: c.rouse, answered: c.vouch,
		poke: make(chan struct{}, 1), all: map[string]*peer{},
	}
	c.gateways = []*served{{Gateway: config.Write}}
	if config.Read != nil {
		c.gateways = append(c.gateways, &served{Gateway: config.Read})
	}
	c.publish(topology.View{}, config.Now())
	return c, nil
}

// Run runs the control loop and the gateways until ctx ends; then it does no
// further step, and lets the gateways retire. A gateway that cannot listen is
// tried again and stops nothing else.
func (c *Controller) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, work := errgroup.WithContext(work)
	group.Go(func() error { c.observers.run(work); return nil })
	group.Go(func() error { c.peers.run(work); return nil })
	for _, g := range c.gateways {
		group.Go(func() error { c.keepGateway(work, g); return nil })
	}
	group.Go(func() error { c.loop(work); return nil })
	<-ctx.Done()
	c.retire(work)
	stop()
	return group.Wait()
}

// Sighted takes what a gateway's sockets saw; it is meant for
// gateway.Config.OnSighting. It never blocks.
func (c *Controller) Sighted(s gateway.Sighting) { c.sighted(s) }

func (c *Controller) rouse() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
