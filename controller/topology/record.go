package topology

import "time"

// Format is the layout of the record that this program reads and writes. A
// record with a larger number comes from a newer program and is refused, never
// overwritten.
const Format = 1

// Record is the only authority over who may take writes: one small document,
// changed only by compare-and-swap and only by the leader. Whatever an instance
// says of its own role counts for nothing against it, because a restarted old
// main comes back as main.
type Record struct {
	// Format is the layout that it was written in.
	Format int `json:"format"`
	// Epoch grows by one with each change that a gateway has to follow (main,
	// voter, heir, gate). It never falls.
	Epoch uint64 `json:"epoch"`
	// Main is the only instance that the write gateway may route to. Empty
	// while nobody may take writes.
	Main string `json:"main,omitempty"`
	// Voter is the one STRICT_SYNC replica: it holds every acknowledged write.
	// Empty means that no automatic failover is possible.
	Voter string `json:"voter,omitempty"`
	// Heir is set while Main is empty: the only instance that may be promoted.
	Heir string `json:"heir,omitempty"`
	// From is the main that Heir follows. Like Voter it holds every write that
	// was acknowledged until Main became empty, so either may take Heir's place.
	From string `json:"from,omitempty"`
	// Gate is what the write gateways do with sessions and new connections.
	Gate Gate `json:"gate"`
	// Plan says why the gate is not open, so that the next leader goes on where
	// this one stopped.
	Plan Plan `json:"plan,omitempty"`
	// Since is the time of the last change of Epoch: time budgets count from it.
	Since time.Time `json:"since,omitzero"`
	// Reign counts the database epochs: it grows with every promotion and every
	// epoch refresh. Members are judged clean by it.
	Reign uint64 `json:"reign"`
	// Database is the UUID of the data. An instance with data of another UUID
	// can never be a replica.
	Database string `json:"database,omitempty"`
	// Members is what is known durably of each instance.
	Members map[string]Member `json:"members,omitempty"`
	// Pause stops every automatic action until it ends.
	Pause *Pause `json:"pause,omitempty"`
	// Request is what a person asked for and has not happened yet.
	Request *Request `json:"request,omitempty"`
	// Writer, Written and Reason say who wrote this version, when and why.
	Writer  string    `json:"writer,omitempty"`
	Written time.Time `json:"written,omitzero"`
	Reason  string    `json:"reason,omitempty"`
}

// Gate is the state of the write path.
type Gate string

const (
	// GateOpen lets writes through to Record.Main.
	GateOpen Gate = "open"
	// GatePaused stops sessions from client to server, lets answers drain,
	// keeps open transactions alive and parks new connections.
	GatePaused Gate = "paused"
	// GateClosed cuts every session and parks new connections.
	GateClosed Gate = "closed"
)

// Plan is the reason why the gate is not open.
type Plan string

// The plans. Each is a path through the rules of Next, not a workflow: after a
// crash the record and the view alone say how it goes on.
const (
	PlanNone       Plan = ""
	PlanBootstrap  Plan = "bootstrap"  // empty or adopted instances are made a cluster
	PlanFailover   Plan = "failover"   // the main is lost; the heir is promoted
	PlanSwitchover Plan = "switchover" // the main hands over while it lives
	PlanHandover   Plan = "handover"   // the main stalls behind a silent voter
	PlanRefresh    Plan = "refresh"    // a new database epoch for a clean history
	PlanVoter      Plan = "voter"      // another replica becomes the voter
	PlanReturn     Plan = "return"     // the main is gone and there is no voter: wait for its return
)

// Member is what the record knows of one instance.
type Member struct {
	// Process is the identity of the process that was first registered (or
	// promoted) in Reign. Another process in the same reign means that the
	// instance restarted after it took transactions of this database epoch:
	// promoted as it is, it would refuse all others (memgraph-observed 1.1).
	Process string `json:"process,omitempty"`
	Reign   uint64 `json:"reign,omitempty"`
	// Voted is the process of a voter that is known to hold every acknowledged
	// write. One that was started since may lack the last: the process before it
	// may have died between its vote and the decision, of which the main tells
	// its client nothing (memgraph.md F.2.1). Empty: whatever process runs on the
	// data, they count.
	Voted string `json:"voted,omitempty"`
	// Sound: it was this process already when Reign began, so its history is in order, or
	// it was turned to because it has more than the heir before it. Whom it refuses as the
	// heir has a write that it lacks; a restart of it would help nobody.
	Sound bool `json:"sound,omitempty"`
	// Unreplicated is set where what it wrote reached nobody.
	Unreplicated *Unreplicated `json:"unreplicated,omitempty"`
	// Quarantined is set from the decision to reseed an instance until it is
	// registered again.
	Quarantined *Quarantine `json:"quarantined,omitempty"`
}

// Quarantine is why an instance's data are set aside.
type Quarantine struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Process is the process that held the data; a different one started empty.
	Process string `json:"process,omitempty"`
}

// Pause stops automatic actions.
type Pause struct {
	Until time.Time `json:"until"`
	By    string    `json:"by,omitempty"`
}

// RequestKind is what a person may ask for.
type RequestKind string

// The requests.
const (
	RequestSwitchover RequestKind = "switchover"
	RequestFailover   RequestKind = "failover"
)

// Request is a pending wish of a person.
type Request struct {
	ID     string      `json:"id"`
	Kind   RequestKind `json:"kind"`
	Target string      `json:"target,omitempty"` // empty: the voter
	// Force accepts the loss of writes that the target does not have.
	Force bool      `json:"force,omitempty"`
	By    string    `json:"by,omitempty"`
	At    time.Time `json:"at"`
}
