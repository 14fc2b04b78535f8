package gateway

import (
	"cmp"
	"slices"
	"time"
)

// Flow says what the gateway lets pass.
type Flow string

const (
	// Open: sessions run, new connections get an upstream.
	Open Flow = "open"
	// Paused: nothing goes from clients to servers, answers still drain, open
	// transactions stay open; new connections are held.
	Paused Flow = "paused"
	// Closed: every session is cut at once; new connections are held.
	Closed Flow = "closed"
)

// Route is what a gateway follows. The zero Route holds every connection.
type Route struct {
	// Epoch orders routes: an older one than the current is ignored. A route of
	// the same epoch replaces the current one.
	Epoch uint64 `json:"epoch"`
	// Upstreams are host:port addresses. With an IP address the way to an
	// upstream needs no DNS. Empty: the same as Closed.
	Upstreams []string `json:"upstreams"`
	// Leaving are addresses that may still be heard but get no new session: each
	// session that is left there goes on until it is between two transactions,
	// at most LeaveWithin, and is cut then. An upstream that is named
	// neither here nor in Upstreams is cut at once. Naming one that has no
	// sessions means nothing. See Drain for what it spares clients.
	Leaving []string `json:"leaving,omitempty"`
	// LeaveWithin is how long the sessions of Leaving may go on; 0:
	// Config.DrainLimit. It counts from when an upstream was first named there.
	LeaveWithin time.Duration `json:"-"`
	// Flow is Open, Paused or Closed; anything else counts as Closed.
	Flow Flow `json:"flow"`
	// Drain matters when Paused: a cut will follow, so each session goes on until
	// it is between two transactions, at most Config.DrainLimit.
	//
	// A driver that has sent COMMIT and loses its connection cannot know the
	// outcome, and managed transactions do not retry it (CommitFailedDeadError
	// in neo4j-go-driver). When the session is stopped before its next BEGIN
	// instead, that BEGIN fails, and the driver retries it without any risk.
	Drain bool `json:"drain,omitempty"`
	// CutBusy matters when Paused: what is not quiet after Config.PauseLimit is
	// cut. Otherwise it is left alone and counted in Status.Busy.
	CutBusy bool `json:"cut_busy,omitempty"`
	// Mute matters when Paused: no client hears anything either, until the flow is open
	// again, and nothing is waited for. A request that the network still carried when
	// the server was believed quiet may be answered meanwhile.
	Mute bool `json:"mute,omitempty"`
}

// targets are the upstreams that may have sessions under this route.
func (r Route) targets() []string {
	if r.Flow != Open && r.Flow != Paused {
		return nil
	}
	return r.Upstreams
}

func (r Route) equal(other Route) bool {
	return r.Epoch == other.Epoch && r.Flow == other.Flow && r.Drain == other.Drain &&
		r.CutBusy == other.CutBusy && r.Mute == other.Mute && r.LeaveWithin == other.LeaveWithin &&
		slices.Equal(r.Upstreams, other.Upstreams) && slices.Equal(r.Leaving, other.Leaving)
}

// leaveBy is until when the sessions of Leaving may go on.
func (r Route) leaveBy(now time.Time, limit time.Duration) time.Time {
	return now.Add(cmp.Or(r.LeaveWithin, limit))
}

// mutes tells that nothing passes in either direction.
func (r Route) mutes() bool { return r.Flow == Paused && r.Mute }

// stop is where this route stops sessions on their way to the server.
func (r Route) stop() Stop {
	switch {
	case r.Flow == Open:
		return Nowhere
	case r.Flow != Paused, r.mutes():
		return AtOnce
	case r.Drain:
		return BeforeTransaction
	default:
		return BeforeMessage
	}
}
