package controller

import (
	"context"
	"errors"
	"time"

	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

// Fleet is where instances come from and how their processes are handled: pods
// of a StatefulSet, or processes on this machine.
type Fleet interface {
	// List returns every instance there is, sorted by name. It never blocks.
	List() []Process
	// Changes receives a value after each change of what List returns. Several
	// changes may be reported by one value.
	Changes() <-chan struct{}
	// Restart ends an instance's process without mercy and starts it again; it
	// comes back as a main that knows no replicas, with its data.
	Restart(ctx context.Context, name string) error
	// Reseed ends an instance's process, sets its data aside (it never deletes
	// them) and starts it empty.
	Reseed(ctx context.Context, name, reason string) error
}

// Process is what a Fleet knows of one instance without talking to it.
type Process struct {
	Name string
	// Bolt and Replication are host:port addresses; Replication is what a main
	// is told to register.
	Bolt, Replication string
	// ID identifies the running process and changes with every start; empty
	// when not known.
	ID      string
	Started time.Time
	// Dead: the process is known to be gone. This is proof, not suspicion.
	Dead bool
	// Terminating: it is being stopped on purpose.
	Terminating bool
	// Moving: Replication is a name that may still lead to where the instance was
	// before, since names change late, or to where nobody is any more. A statement that
	// makes a main connect there locks it for 10 s (memgraph-observed 14g).
	Moving bool
	// Failures counts the starts in a row whose process ended by itself before it
	// was settled. After Reseed none counts until one start has held: an empty
	// instance that fails does not do so for its data.
	Failures int
}

// Store keeps the topology record. Only compare-and-swap changes it.
type Store interface {
	// Load returns the record and its version. ErrNoRecord when there is none
	// yet. Any other error means that the record cannot be read or understood,
	// and that nothing may be decided.
	Load(ctx context.Context) (topology.Record, string, error)
	// Save writes record if the stored version still is version ("" when there
	// is none yet) and returns the new version; else ErrConflict. It returns
	// only after the record is durable.
	Save(ctx context.Context, record topology.Record, version string) (string, error)
	// Changes receives a value after each change of the stored record.
	Changes() <-chan struct{}
}

// ErrNoRecord is returned by Store.Load when no record was ever written.
var ErrNoRecord = errors.New("no topology record yet")

// ErrConflict is returned by Store.Save when somebody else wrote first.
var ErrConflict = errors.New("the topology record was changed by somebody else")

// Database is one instance over Bolt. Every call ends with its context. Errors
// keep their cause: errors.Is finds syscall.ECONNREFUSED, syscall.ECONNRESET
// and context.DeadlineExceeded in them.
type Database interface {
	// Ask asks for the role and, of a main, for its replicas. It starts no
	// transaction.
	Ask(ctx context.Context) (topology.Answer, error)
	// Storage tells what data it holds, and how.
	Storage(ctx context.Context) (memgraph.Storage, error)
	// Settings tells which flags of its process are unsafe.
	Settings(ctx context.Context) (memgraph.Settings, error)
	// Promote makes it main; nil when it already is.
	Promote(ctx context.Context) error
	// Demote makes it a replica that listens on its replication address; nil
	// when it already is one.
	Demote(ctx context.Context) error
	// Register registers a replica; memgraph.ErrDiverged when the main refuses
	// its data. A phantom of the same name is dropped first.
	Register(ctx context.Context, name string, mode topology.Mode, address string) error
	// Drop removes a registration; nil when there is none of that name. It must
	// never be called for a replica that is silent: it kills the main.
	Drop(ctx context.Context, name string) error
	// Mark runs the marker transaction.
	Mark(ctx context.Context) error
	// EnsureUser creates the user if it does not exist.
	EnsureUser(ctx context.Context, user, password string) error
	// Close closes its connections.
	Close()
}
