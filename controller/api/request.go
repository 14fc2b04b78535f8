package api

// SwitchoverRequest asks the main to hand over while it lives. Nothing is lost
// and no session sees an error.
type SwitchoverRequest struct {
	// Target is the instance to become main; empty: the voter.
	Target string `json:"target,omitempty"`
	// By is who asks, for the record.
	By string `json:"by,omitempty"`
}

// FailoverRequest asks for another main although the present one may be lost.
type FailoverRequest struct {
	// Target is the instance to become main; empty: the voter.
	Target string `json:"target,omitempty"`
	// Force: do it although the main still answers.
	Force bool `json:"force,omitempty"`
	// AcceptLoss: acknowledged writes that the target does not have may be lost.
	// Without it a request that would lose one is refused.
	AcceptLoss bool `json:"accept_loss,omitempty"`
	// By is who asks, for the record.
	By string `json:"by,omitempty"`
}

// MaxPause is the longest pause that may be asked for: a forgotten pause is a
// cluster without failover.
const MaxPause = Period(24 * 60 * 60 * 1e9)

// PauseRequest stops every automatic action for a time.
type PauseRequest struct {
	// For is the length, from 0 to MaxPause; 0 resumes.
	For Period `json:"for"`
	// By is who asks, for the record.
	By string `json:"by,omitempty"`
}

// Accepted tells that a request was taken down durably. It has not happened yet.
type Accepted struct {
	// ID is the Failover.ID under which a switchover or failover appears.
	ID string `json:"id,omitempty"`
	// Message says in a sentence what will happen.
	Message string `json:"message"`
}
