// Package fault breaks a cluster on purpose, natively: through the Kubernetes API,
// the container runtime of a node, and the network of a pod. Nothing has to be
// installed in the cluster for that.
//
//	f := fault.Kill(target, fault.Main)
//	err := f.Prepare(ctx)  // finds out who is main, and which process that is
//	err = f.Inject(ctx)
//	err = f.Injected(ctx)  // ask until nil: the process was seen to be another one
//	err = f.Heal(ctx)
//	err = f.Healed(ctx)    // ask until nil: nothing is left of the fault
//
// A fault whose effect was not seen proves nothing: who injects one asks Injected
// until it says nil, and calls the run void where it does not. Package mesh
// implements the same interface by objects of Chaos Mesh.
package fault

import (
	"context"
	"errors"
)

// ErrUnavailable is wrapped by the error of Prepare where a fault cannot be had on this
// machine, whoever is broken: its kernel lacks something.
var ErrUnavailable = errors.New("not to be had on this machine")

// Fault is one thing that is done to a cluster and taken back. Its methods are
// called from one goroutine, in the order in which they stand here; after Healed
// it may be prepared again, and then concerns whoever has the roles by then.
type Fault interface {
	// Name says what is done to whom, by roles: "kill main". It is the same for
	// each use of the fault, because figures are collected by it.
	Name() string
	// Prepare finds whom it concerns, and whatever takes time, without any
	// effect on the cluster. See ErrUnavailable.
	Prepare(ctx context.Context) error
	// Inject does it. After an error some of it may be done: Heal takes that back.
	Inject(ctx context.Context) error
	// Injected returns nil once the fault was seen to act, by somebody else's
	// word than that of the one who injected it: the kernel's count of dropped
	// packets, another process. It looks once and does not wait.
	Injected(ctx context.Context) error
	// Heal takes it back. It may be called again, and without Inject; it does
	// nothing for faults that heal by themselves.
	Heal(ctx context.Context) error
	// Healed returns nil once nothing is left of the fault. It looks once. The
	// cluster may still be busy with what the fault did to it.
	Healed(ctx context.Context) error
}
