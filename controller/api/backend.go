package api

import "context"

// Backend is what the server asks of a controller. Every method may be called
// from many goroutines at once. The reading methods return a snapshot that the
// controller does not change afterwards, and never block; the others return as
// soon as the request is taken down durably, and end with their context.
//
// A refusal is an *[Error] (see [Invalid], [Conflict], [Unavailable]) or
// [ErrUnsupported]; any other error is answered as a fault of the controller.
type Backend interface {
	// Status is everything in one consistent snapshot.
	Status() Status
	// Failovers returns the newest failovers, oldest first, with those that are
	// still running.
	Failovers() []Failover
	// Report is what this controller tells the others.
	Report() Report
	// Connections returns the sessions of both gateways.
	Connections() []Connection
	Switchover(ctx context.Context, request SwitchoverRequest) (Accepted, error)
	Failover(ctx context.Context, request FailoverRequest) (Accepted, error)
	Pause(ctx context.Context, request PauseRequest) (Accepted, error)
	// Instance does something to the process of one instance; ErrUnsupported
	// outside local mode.
	Instance(ctx context.Context, action InstanceAction) error
	// Ready returns what decides whether this process should get traffic. It is
	// about this process alone: a cluster without a main is no reason to send
	// clients away from a gateway that would hold their connections.
	Ready() []Check
	// Live returns what decides whether this process should be restarted.
	Live() []Check
}

// Check is one named part of a health report.
type Check struct {
	Name string
	OK   bool
	// Reason says why it failed; for one that is OK, what is worth knowing
	// about it.
	Reason string
}
