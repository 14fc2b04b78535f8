package api

import "time"

// FailoverKind is what a failover was for. Planned changes are listed beside
// failovers because they take the same steps and can be measured alike.
type FailoverKind string

// The kinds.
const (
	KindFailover   FailoverKind = "failover"   // the main was lost
	KindSwitchover FailoverKind = "switchover" // the main handed over while it lived
	KindHandover   FailoverKind = "handover"   // the main stalled behind a silent voter
	KindRefresh    FailoverKind = "refresh"    // a new database epoch for a clean history
	KindVoter      FailoverKind = "voter"      // another replica became the voter
)

// Result is how a failover ended.
type Result string

// The results. Running is the zero value.
const (
	ResultRunning    Result = ""
	ResultCompleted  Result = "completed"  // it reached what it was for
	ResultReverted   Result = "reverted"   // the state before it was restored
	ResultSuperseded Result = "superseded" // another failover took its place
)

// PhaseName names a part of a failover.
type PhaseName string

// The phases, in the order in which they usually come. A failover has only those
// that it went through.
const (
	PhaseDetect     PhaseName = "detect"      // from the first sign to the verdict
	PhaseFence      PhaseName = "fence"       // until every gateway has closed
	PhaseDemote     PhaseName = "demote"      // the old main becomes a replica
	PhasePromote    PhaseName = "promote"     // the heir becomes the main
	PhaseRegister   PhaseName = "register"    // the replicas follow the new main
	PhaseVoter      PhaseName = "voter"       // until the new voter holds everything
	PhaseRoute      PhaseName = "route"       // until every gateway has opened
	PhaseFirstWrite PhaseName = "first_write" // until a client's bytes were answered
)

// Phase is one part of a failover.
type Phase struct {
	Name     PhaseName `json:"name"`
	Started  time.Time `json:"started"`
	Duration Duration  `json:"duration_seconds"`
}

// Failover is one change of who takes writes, with its timeline.
type Failover struct {
	// ID is unique. Of one that a person asked for it is Accepted.ID.
	ID   string       `json:"id"`
	Kind FailoverKind `json:"kind"`
	// Reason is one or two words from a small fixed set, such as "dead", "silent",
	// "terminating", "requested": it is a label of the metrics. Detail is the
	// whole sentence.
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
	// From is the main before and To the main after; equal for a refresh and for
	// a change of voter, and To is empty while it is not decided.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Epoch is the record's epoch that began it.
	Epoch uint64 `json:"epoch"`
	// Evidence is what was seen, one sentence each, oldest first.
	Evidence []string  `json:"evidence,omitempty"`
	Started  time.Time `json:"started"`
	// Phases are those that have ended, in order.
	Phases []Phase `json:"phases,omitempty"`
	// SessionsCut counts the sessions that were reset, over both gateways; Held
	// the connections that waited at the write gateway and were let through.
	SessionsCut int `json:"sessions_cut"`
	Held        int `json:"held"`
	// Result is empty and Finished zero while it goes on.
	Result   Result    `json:"result,omitempty"`
	Finished time.Time `json:"finished,omitzero"`
}

// Running tells whether it still goes on.
func (f Failover) Running() bool { return f.Result == ResultRunning }
