package api

import (
	"time"

	"memgraph-controller/controller/topology"
)

// Instance is one database instance as this controller sees it.
type Instance struct {
	Name string `json:"name"`
	// Bolt and Replication are host:port addresses.
	Bolt        string `json:"bolt"`
	Replication string `json:"replication"`
	// Role is what the instance says of itself: evidence, not authority. The
	// main is whoever Record.Main names.
	Role   topology.Role   `json:"role"`
	Health topology.Health `json:"health"`
	// Process identifies the running process and changes with every start.
	Process string `json:"process,omitempty"`
	// PID is the process number, where the instance runs on this machine.
	PID     string    `json:"pid,omitempty"`
	Started time.Time `json:"started,omitzero"`
	// Answered is when it answered last; zero when it never did.
	Answered time.Time `json:"answered,omitzero"`
	// Ready: it does what it is there for. The main: writes may go to it. A
	// replica: the main calls it ready, and it answers.
	Ready bool `json:"ready"`
	// Mode, Status and Behind are the main's word on this replica; empty for the
	// main and for an instance that is not registered. Behind is 0 when in sync
	// and negative when it lags, in the database's logical timestamps.
	Mode   topology.Mode   `json:"mode,omitempty"`
	Status topology.Status `json:"status,omitempty"`
	Behind int64           `json:"behind"`
	// Lag is for how long it has not been seen in sync; 0 when it is.
	Lag Duration `json:"lag_seconds"`
	// InReadPool: the read gateway sends sessions to it. Otherwise OutOfPool is
	// the reason.
	InReadPool bool   `json:"in_read_pool"`
	OutOfPool  string `json:"out_of_pool,omitempty"`
	// Terminating: it is being stopped on purpose.
	Terminating bool `json:"terminating"`
	// Refused: the current main refused its data as diverged.
	Refused bool `json:"refused"`
	// Quarantined is set while its data are set aside.
	Quarantined *topology.Quarantine `json:"quarantined,omitempty"`
	// Unreplicated says why what it writes reaches no replica, or once did not; empty
	// where nothing is known against it.
	Unreplicated string `json:"unreplicated,omitempty"`
	// Warnings are settings with which replication stops without any error, or does not
	// survive a restart, and what to do.
	Warnings []string `json:"warnings,omitempty"`
	// Clean: promoted as it is, no other instance would be refused.
	Clean bool `json:"clean"`
	// Sessions counts the sessions to it per gateway ("rw", "ro").
	Sessions map[string]int `json:"sessions,omitempty"`
}

// Action is what can be done to an instance of a local cluster.
type Action string

// The actions.
const (
	ActionKill    Action = "kill"    // end the process without mercy; it is started again
	ActionStop    Action = "stop"    // freeze the process: it lives and is silent
	ActionCont    Action = "cont"    // let a frozen process go on
	ActionRestart Action = "restart" // end it politely and start it again
)

// Actions returns every action.
func Actions() []Action { return []Action{ActionKill, ActionStop, ActionCont, ActionRestart} }

// InstanceAction is something to do to one instance.
type InstanceAction struct {
	Instance string
	Do       Action
}
