package main

import (
	"context"
	"sync/atomic"
	"time"

	"memgraph-controller/bench/remote"
	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// The write gateway falls silent without a confirmation for so long, and the
// controller confirms it so often: as in the product (isolation in run.go and
// reloadEvery of package controller).
const (
	isolation    = 1500 * time.Millisecond
	confirmEvery = 500 * time.Millisecond
)

// config is that of the product's gateways, but for one limit: MaxSessions is 10,000
// by default, and so many idle sessions are opened here.
func config(kind string) gateway.Config {
	cfg := gateway.Config{Name: kind, Address: "127.0.0.1:0", MaxSessions: 12_000, Track: boltframe.Track}
	if kind == "writes" {
		cfg.IsolationAfter = isolation
	}
	return cfg
}

// owner gives a gateway its routes.
type owner struct {
	*gateway.Gateway
	upstream string
	epoch    atomic.Uint64
}

// serveGateway makes this process a gateway.
func serveGateway(kind, upstream string, handlers map[string]remote.Handler, failed chan<- error) {
	o := &owner{Gateway: gateway.New(config(kind)), upstream: upstream}
	o.Confirm(time.Now())
	o.follow(gateway.Open)
	go func() { failed <- o.Run(context.Background()) }()
	go o.confirm()
	for !o.Status().Running {
		time.Sleep(time.Millisecond)
	}
	handlers["address"] = remote.Func(func(remote.Nothing) (string, error) { return o.Status().Address, nil })
	for name, flow := range map[string]gateway.Flow{"hold": gateway.Paused, "open": gateway.Open, "cut": gateway.Closed} {
		handlers[name] = remote.Func(func(nothing remote.Nothing) (remote.Nothing, error) {
			o.follow(flow)
			return nothing, nil
		})
	}
}

// follow has the gateway follow the next route. It does not wait until that is
// carried out: clients tell when it is.
func (o *owner) follow(flow gateway.Flow) {
	o.Follow(gateway.Route{Epoch: o.epoch.Add(1), Flow: flow, Upstreams: []string{o.upstream}})
}

// confirm vouches for the routes, as the controller does as long as it reads its
// record.
func (o *owner) confirm() {
	for now := range time.Tick(confirmEvery) {
		o.Confirm(now)
	}
}
