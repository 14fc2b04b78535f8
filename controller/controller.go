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
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// transitionsKept bounds the memory of past transitions.
const transitionsKept = 50

// Controller runs one cluster's control loop and this process's two gateways.
type Controller struct {
	config    Config
	observers *observers
	peers     *peers
	wake      chan struct{}
	commands  chan func()
	published atomic.Pointer[snapshot]
	faults    [2]atomic.Pointer[string] // why a gateway does not run: write, read

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
	timeline    timeline
	transitions []api.Transition
	failure     string
	lastStep    string
	retryAt     time.Time
	unavailable time.Duration
	turned      time.Time
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
		stale:    true,
		timeline: timeline{ended: config.OnFailover},
		deeds:    deeds{}, outlived: map[string]uint64{}, health: since{}, applied: since{}, decisions: since{}, lag: since{},
	}
	c.observers = &observers{
		fleet: config.Fleet, connect: config.Connect, detection: config.Detection,
		now: config.Now, log: config.Log, changed: c.rouse, all: map[string]*watched{},
	}
	c.peers = &peers{
		self: config.Name, source: config.Peers, ask: config.AskPeer,
		now: config.Now, log: config.Log, changed: c.rouse, all: map[string]*peer{},
	}
	c.publish(topology.View{}, config.Now())
	return c, nil
}

// Run runs the control loop and both gateways until ctx ends. A gateway that
// cannot listen is tried again and stops nothing else.
func (c *Controller) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { c.observers.run(ctx); return nil })
	group.Go(func() error { c.peers.run(ctx); return nil })
	group.Go(func() error { c.keepGateway(ctx, c.config.Write, 0); return nil })
	group.Go(func() error { c.keepGateway(ctx, c.config.Read, 1); return nil })
	group.Go(func() error { c.loop(ctx); return nil })
	return group.Wait()
}

// gatewayRetry is the time between two tries to start a gateway.
const gatewayRetry = time.Second

// keepGateway runs a gateway for ever. Its failure is its own.
func (c *Controller) keepGateway(ctx context.Context, g *gateway.Gateway, slot int) {
	for ctx.Err() == nil {
		err := g.Run(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		text := err.Error()
		if old := c.faults[slot].Swap(&text); old == nil || *old != text {
			c.config.Log.Error("gateway does not run; trying again", "every", gatewayRetry, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(gatewayRetry):
		}
	}
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

// transition keeps a line for people. It belongs to the loop.
func (c *Controller) transition(format string, args ...any) {
	c.transitions = append(c.transitions, api.Transition{Time: c.config.Now(), Text: fmt.Sprintf(format, args...)})
	if extra := len(c.transitions) - transitionsKept; extra > 0 {
		c.transitions = append([]api.Transition(nil), c.transitions[extra:]...)
	}
}
