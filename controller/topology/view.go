package topology

import "time"

// Role is what an instance says of itself. It is evidence, never authority.
type Role string

// The roles, as SHOW REPLICATION ROLE spells them.
const (
	RoleUnknown Role = ""
	RoleMain    Role = "main"
	RoleReplica Role = "replica"
)

// Mode is how a replica is registered.
type Mode string

// The modes, as SHOW REPLICAS spells them.
const (
	Async      Mode = "async"
	Sync       Mode = "sync"
	StrictSync Mode = "strict_sync"
)

// Status is what a main says of one of its replicas.
type Status string

// The states, as SHOW REPLICAS spells them. The main's list is a cache: 3 s
// late for a dead replica, 16 s for a silent one.
const (
	StatusReady       Status = "ready"
	StatusReplicating Status = "replicating"
	StatusRecovery    Status = "recovery"
	StatusInvalid     Status = "invalid"
	StatusDiverged    Status = "diverged"
	// StatusPhantom is a registration without data_info, left by a REGISTER
	// that failed: it replicates nothing and has to be dropped.
	StatusPhantom Status = "phantom"
)

// Replica is one row of SHOW REPLICAS.
type Replica struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Mode    Mode   `json:"mode"`
	Status  Status `json:"status"`
	TS      int64  `json:"ts"`
	// Behind is 0 when in sync and negative when the replica lags; the unit is
	// the database's logical timestamps.
	Behind int64 `json:"behind"`
}

// Answer is what an instance answered to one question over a fresh connection.
type Answer struct {
	// Asked is when the question was sent: the answer is evidence of a state
	// that held at some moment after it.
	Asked    time.Time `json:"asked"`
	Role     Role      `json:"role"`
	Replicas []Replica `json:"replicas,omitempty"` // of a main only
}

// Health is the verdict of all observers on one instance.
type Health string

// The verdicts.
const (
	// HealthUnknown: not enough evidence yet. Nothing is done on it.
	HealthUnknown Health = "unknown"
	// HealthUp: it answers.
	HealthUp Health = "up"
	// HealthSuspect: it stopped answering, the evidence is not enough to act on.
	HealthSuspect Health = "suspect"
	// HealthSilent: a majority of the observers has had no answer for the
	// silence time. The process may live and come back.
	HealthSilent Health = "silent"
	// HealthDead: its process is gone (seen by whoever runs it, or its port
	// refuses connections, seen by two observers).
	HealthDead Health = "dead"
)

// Instance is one database instance as the observers see it now.
type Instance struct {
	Name string
	// Bolt and Replication are host:port addresses.
	Bolt, Replication string
	Health            Health
	// Since is when Health became what it is.
	Since time.Time
	// InvalidSince is since when its main shows it as invalid and as nothing else
	// between; zero: it does not.
	InvalidSince time.Time
	// StuckSince is since when its main shows it behind with the same timestamp; zero:
	// it does not.
	StuckSince time.Time
	// Terminating is set while it is being stopped on purpose.
	Terminating bool
	// Moving: the address at which it is registered may not lead to it yet. No main
	// is told to connect to it or to let go of it (memgraph-observed 14g, 1.2).
	Moving bool
	// Process identifies the running process; it changes with every restart.
	// Empty means not known.
	Process string
	// Started is when the process was first seen.
	Started time.Time
	// Recovery is how long its last start took until it answered; 0 not known.
	Recovery time.Duration
	// Failures counts its starts in a row that failed, although nobody ended them,
	// on data with which others succeeded before.
	Failures int
	// Answer is the last answer. Its zero value means that nothing is known: the
	// process changed, or a step changed the instance and it was not asked since.
	Answer Answer
	// Database is the UUID of its data, Empty tells that it holds none, and
	// StorageKnown that both are known for this process.
	Database     string
	Empty        bool
	StorageKnown bool
	// Unreplicated is the setting with which what it writes reaches no replica, for
	// instance storage_mode=IN_MEMORY_ANALYTICAL; empty while nothing is known
	// against it.
	Unreplicated string
	// The rest is what the present leader did to this very process. A new leader
	// knows none of it and does it again: each of these steps may be repeated.

	// Crowned is the reign for which it was promoted.
	Crowned uint64
	// Marked is the reign for which the marker transaction ran on it.
	Marked uint64
	// Vouched tells that it is a voter without whose vote a marker transaction of
	// its main could not have succeeded: it has every write before that one.
	Vouched bool
	// Outlived is the reign in which the function Outlived was true of it.
	Outlived uint64
	// Ended tells that it was told to end, by a restart or a reseed. It may take
	// seconds, and more until another process has started in its place.
	Ended bool
	// Users tells that the configured users were created on it since it was
	// last promoted.
	Users bool
	// Joined is the reign in which it was registered, Refused the reign in which
	// the main refused its data as diverged (REGISTER error 3).
	Joined, Refused uint64
}

// Gateway is the two gateways of one controller as they report themselves. A
// read gateway counts too: a session that reads from the main, or from a replica
// that is about to be promoted, could write there.
type Gateway struct {
	Name string
	// Epoch is the newest epoch whose routes both have carried out to the end, and
	// At is when the leader learned of it; of a gateway that is Gone or Silenced,
	// when it learned that.
	Epoch uint64
	At    time.Time
	// Gone: its process is known to be dead.
	Gone bool
	// Silenced: it has been out of touch for longer than the isolation time
	// after which it silences itself.
	Silenced bool
}

// View is one immutable snapshot of everything that is known.
type View struct {
	Instances map[string]Instance
	Gateways  map[string]Gateway
}
