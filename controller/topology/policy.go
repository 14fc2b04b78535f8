package topology

import "time"

// Policy is what the rules may choose between safety, speed and patience.
type Policy struct {
	// DegradeAfter is how long writes wait for a voter before they are let
	// through without one. 0 is the policy "strict": they wait for ever. With
	// it, the loss of the main while there is no voter loses what no replica
	// has received.
	DegradeAfter time.Duration
	// SmallLag is how far an ASYNC replica may be behind (in the database's
	// logical timestamps, about two per write) when clients are paused to make
	// it the voter. Under load it is hardly ever at 0 (memgraph-observed 3); in
	// the pause it catches up in milliseconds.
	SmallLag int64
	// ReadLag is how far a replica may be behind and still serve reads.
	ReadLag int64
	// ReadFromMain lets reads go to the main when no replica can serve them.
	ReadFromMain bool
	// PauseLimit bounds a pause; after it the gate is closed, so that clients
	// learn that they wait for something that takes longer.
	PauseLimit time.Duration
	// VoterGrace is how long a restarted voter may take to be ready before
	// another replica takes its place. By itself it is back in under a second.
	VoterGrace time.Duration
	// MissingGrace is how long an epoch refresh waits for an instance that is
	// down, so that one refresh serves several restarts.
	MissingGrace time.Duration
	// FastRecovery is the longest start after which a main is restarted where a
	// restart cures what else takes longer: one that refuses all others (or its
	// replicas are reseeded), and one that stalls behind a silent voter while no
	// replica has everything (or writes wait for up to 30 s). 0 never restarts.
	FastRecovery time.Duration
	// Users tells that credentials are configured: they are created on every
	// new main before the gate opens, because replicas lose theirs.
	Users bool
}

// DefaultPolicy is strict: no acknowledged write depends on a single instance.
func DefaultPolicy() Policy {
	return Policy{
		SmallLag:     2000,
		ReadLag:      20000,
		ReadFromMain: true,
		PauseLimit:   3 * time.Second,
		VoterGrace:   1500 * time.Millisecond,
		MissingGrace: 15 * time.Second,
		FastRecovery: 5 * time.Second,
	}
}
