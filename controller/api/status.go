package api

import (
	"time"

	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// Status is everything that one controller knows, in one consistent snapshot.
type Status struct {
	// Version is the program's version.
	Version string `json:"version"`
	// Cluster names the cluster, Controller this controller, and Leader the one
	// that decides; Leader is empty while nobody does or it is not known.
	Cluster    string `json:"cluster"`
	Controller string `json:"controller"`
	Leader     string `json:"leader,omitempty"`
	// Time is when the snapshot was taken, by this controller's clock.
	Time time.Time `json:"time"`
	// Epoch is the record's.
	Epoch uint64 `json:"epoch"`
	// Record is the last record that could be read.
	Record topology.Record `json:"record"`
	// Instances are sorted by name.
	Instances []Instance `json:"instances"`
	// Gateways are this controller's: "rw", then "ro", where there is one.
	Gateways []gateway.Status `json:"gateways"`
	// Controllers are all that are known, this one included, sorted by name.
	Controllers []ControllerStatus `json:"controllers"`
	Routing     Routing            `json:"routing"`
	// Paused is set while automatic actions are paused; the record may still
	// hold a pause that has ended.
	Paused *topology.Pause `json:"paused,omitempty"`
	// Transitions are the last ones, oldest first.
	Transitions []Transition `json:"transitions"`
	// WriteUnavailable is for how long, since this controller started, its write
	// gateway had nowhere to send new connections to.
	WriteUnavailable Duration `json:"write_unavailable_seconds"`
}

// ControllerStatus is what one controller knows of another, or of itself.
type ControllerStatus struct {
	Name string `json:"name"`
	// Gone: its process is known to be dead.
	Gone bool `json:"gone,omitempty"`
	// Answered is when it was asked for what the rest says; absent: never.
	Answered time.Time `json:"answered,omitzero"`
	// Epoch is the newest that it knows, Applied the one that its gateways have carried
	// out, and Silenced whether its write gateway lets nothing through because it is out
	// of touch.
	Epoch    uint64 `json:"epoch"`
	Applied  uint64 `json:"applied"`
	Silenced bool   `json:"silenced,omitempty"`
	// Gateways are what its gateways serve: added up over all controllers, the clients of
	// the whole cluster.
	Gateways []GatewayCount `json:"gateways,omitempty"`
}

// Leading tells whether this controller is the leader.
func (s Status) Leading() bool { return s.Leader != "" && s.Leader == s.Controller }

// Replicas returns the instances other than the main that the record names.
func (s Status) Replicas() []Instance {
	replicas := make([]Instance, 0, len(s.Instances))
	for _, instance := range s.Instances {
		if instance.Name != s.Record.Main {
			replicas = append(replicas, instance)
		}
	}
	return replicas
}

// Routing is where traffic goes now, and why.
type Routing struct {
	// Epoch is the one that this controller's gateways were given last.
	Epoch uint64        `json:"epoch"`
	Gate  topology.Gate `json:"gate"`
	Plan  topology.Plan `json:"plan,omitempty"`
	// Write and Read are the addresses that new sessions go to, by gateway.
	// Write has at most one.
	Write []string `json:"write"`
	Read  []string `json:"read"`
	// Decision is what the core wants done at this moment.
	Decision Decision `json:"decision"`
}

// Decision is one answer of the decision core.
type Decision struct {
	// Step is what is to be done, with its objects, as a few words.
	Step string `json:"step"`
	// Reason is the whole sentence; of a refusal it says what a person can do.
	Reason string `json:"reason"`
	// Since is when this decision was first reached in a row.
	Since time.Time `json:"since,omitzero"`
}

// Transition is something that changed, as one sentence.
type Transition struct {
	Time time.Time      `json:"time"`
	Kind TransitionKind `json:"kind"`
	Text string         `json:"text"`
}

// TransitionKind is what changed, in one word: one of these, or a plan of the
// record that has Begun or is Done, such as FailoverBegun.
type TransitionKind string

// The kinds that are no plans.
const (
	TransitionVoter        TransitionKind = "VoterChanged"
	TransitionEpoch        TransitionKind = "EpochChanged"
	TransitionRefused      TransitionKind = "Refused"      // a main refuses the data of a replica as diverged
	TransitionQuarantined  TransitionKind = "Quarantined"  // an instance's data are set aside
	TransitionUnreplicated TransitionKind = "Unreplicated" // what an instance writes reaches no replica
	TransitionRejoined     TransitionKind = "Rejoined"
	TransitionAsked        TransitionKind = "RequestTaken"   // somebody asked for something, and it is taken down
	TransitionGivenUp      TransitionKind = "RequestGivenUp" // what a person asked for was not done, and why
)

// Connection is one client's session through a gateway.
type Connection struct {
	// Gateway is "rw" or "ro".
	Gateway string `json:"gateway"`
	gateway.Session
}
