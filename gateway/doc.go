// Package gateway is a TCP gateway that follows a Route.
//
// A client connects to the gateway and is carried to one of the route's
// upstreams. When the route changes, the gateway carries the change out on
// what is already there: it pauses sessions, holds new connections, cuts the
// sessions whose upstream left, and says when it has done so. That is what
// makes a failover behind it safe and, when it was planned, invisible.
//
//	g := gateway.New(gateway.Config{Name: "rw", Address: "127.0.0.1:7687"})
//	go g.Run(ctx)
//	g.Follow(gateway.Route{Epoch: 1, Flow: gateway.Open, Upstreams: []string{"10.0.0.4:7687"}})
//	...
//	g.Follow(gateway.Route{Epoch: 2, Flow: gateway.Paused, Upstreams: []string{"10.0.0.4:7687"}})
//	for g.Status().Applied < 2 { <-g.Changes() } // every session stands still, open transactions live
//	g.Follow(gateway.Route{Epoch: 3, Flow: gateway.Open, Upstreams: []string{"10.0.0.5:7687"}})
//
// # What it is not
//
// It decides nothing: which upstream is right, and when, is its owner's
// business. It knows no protocol: bytes go through as they are, TLS included.
// Where a pause needs to know whether a session is between transactions, a
// Tracker looks on (package boltframe has one for Bolt); without one, timing
// decides.
//
// # How it works
//
// Each session has two goroutines, one a direction, which own no buffer while
// nothing arrives. Before they move bytes they look at the gate, one immutable
// value that the whole gateway shares: what may pass now. Follow and Confirm
// replace the gate and return; a single goroutine, steer, then does what needs
// time: it finds out whether a pause has come to rest, cuts what has to go and
// releases held connections at a bounded rate.
//
// No lock is held while anything waits, so a gateway also runs inside a
// testing/synctest bubble, over the connections that Config.Listen and
// Config.Dial bring.
package gateway
