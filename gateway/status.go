package gateway

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Rejection is why a connection got no upstream.
type Rejection string

const (
	RejectAddress     Rejection = "address"      // its address is in none of Config.Allow
	RejectSessions    Rejection = "sessions"     // Config.MaxSessions was reached
	RejectHeld        Rejection = "held"         // Config.MaxHeld was reached
	RejectHoldTimeout Rejection = "hold_timeout" // Config.HoldTimeout passed
	RejectDeserted    Rejection = "deserted"     // its client left while it was held
	RejectShutdown    Rejection = "shutdown"     // Run ended, or is about to: see Retire

	// The following are an Opener's.

	RejectTLS     Rejection = "tls"     // it began with TLS, in which nobody can see the login
	RejectOpening Rejection = "opening" // it opened as no client does: not Bolt, too much, too slowly
	RejectLogin   Rejection = "login"   // the main refused its login
	RejectNoMain  Rejection = "no_main" // there was no main to ask about its login
)

// Login is what became of a login that an Opener has checked.
type Login string

const (
	LoginAccepted   Login = "accepted"   // by the main
	LoginRemembered Login = "remembered" // no main could be asked; one has accepted it before
	LoginRefused    Login = "refused"    // by the main
	LoginUnchecked  Login = "no_main"    // no main could be asked, and nobody knows it
)

// Cut is why a session was reset. A session that both sides ended in order is
// not counted.
type Cut string

const (
	CutRoute      Cut = "route"       // its upstream left the route, or the route was closed
	CutBusy       Cut = "busy"        // it was not quiet after Config.PauseLimit
	CutIsolated   Cut = "isolated"    // the gateway was silenced for too long
	CutSilent     Cut = "silent"      // its client never spoke
	CutHalfClosed Cut = "half_closed" // Config.HalfCloseTimeout passed
	CutClient     Cut = "client"      // its client broke off
	CutUpstream   Cut = "upstream"    // its upstream broke off
	CutShutdown   Cut = "shutdown"    // Run ended
)

// Status is a snapshot of a gateway.
type Status struct {
	Name    string `json:"name"`
	Address string `json:"address"` // where it listens; the configured one while it does not
	Running bool   `json:"running"`

	Epoch     uint64           `json:"epoch"`   // of the route it follows
	Applied   uint64           `json:"applied"` // equals Epoch when the route is carried out in full, less otherwise
	Flow      Flow             `json:"flow"`
	Silenced  bool             `json:"silenced"`
	Upstreams []UpstreamStatus `json:"upstreams"`

	Sessions int `json:"sessions"` // with an upstream
	Held     int `json:"held"`     // without
	Busy     int `json:"busy"`     // sessions that the pause still waits for, or left alone after its limit

	ChecksLogins bool `json:"checks_logins,omitempty"` // Config.Open is set

	LastPauseSeconds float64   `json:"last_pause_seconds"` // how long the flow was not open the last time
	OpenedAt         time.Time `json:"opened_at,omitzero"` // when the flow became open the last time
	FirstAnswerAt    time.Time `json:"first_answer_at,omitzero"`

	Counters Counters `json:"counters"`
}

// UpstreamStatus is one upstream of the route.
type UpstreamStatus struct {
	Address  string `json:"address"`
	Sessions int    `json:"sessions"`
}

// Counters only grow.
type Counters struct {
	Accepted     uint64               `json:"accepted"`
	Rejected     map[Rejection]uint64 `json:"rejected"`
	Cut          map[Cut]uint64       `json:"cut"`
	Logins       map[Login]uint64     `json:"logins,omitempty"` // that an Opener has checked
	Dialed       uint64               `json:"dialed"`           // attempts, failed ones included
	DialFailures uint64               `json:"dial_failures"`
	Held         uint64               `json:"held"`         // connections that had to wait
	Released     uint64               `json:"released"`     // of these, that got an upstream
	HeldSeconds  float64              `json:"held_seconds"` // time they waited in sum, once it is over
	BytesUp      uint64               `json:"bytes_up"`     // from clients to servers
	BytesDown    uint64               `json:"bytes_down"`
}

// Session is a snapshot of one connection.
type Session struct {
	ID        uint64       `json:"id"`
	Client    string       `json:"client"`
	Upstream  string       `json:"upstream,omitempty"`
	Since     time.Time    `json:"since"`
	BytesUp   uint64       `json:"bytes_up"`
	BytesDown uint64       `json:"bytes_down"`
	State     SessionState `json:"state"`
}

// SessionState tells what a connection is doing.
type SessionState string

const (
	SessionActive SessionState = "active"
	SessionHeld   SessionState = "held"   // waits for an upstream
	SessionPaused SessionState = "paused" // has one, and is stopped
)

// Status returns a snapshot.
func (g *Gateway) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := Status{
		Name: g.cfg.Name, Address: g.listening, Running: g.running,
		Epoch: g.route.Epoch, Applied: g.applied, Flow: g.route.Flow, Silenced: g.gate.Load().silenced,
		Held: len(g.hold.queue) + g.connecting, Sessions: len(g.sessions) - len(g.hold.queue) - g.connecting,
		Busy: g.pause.busy, ChecksLogins: g.cfg.Open != nil, LastPauseSeconds: g.pause.lasted.Seconds(),
		Counters: g.counters.clone(),
	}
	s.OpenedAt, s.FirstAnswerAt = g.answers.times()
	if !s.Running {
		s.Address = g.cfg.Address
	}
	for _, u := range g.upstreams {
		s.Upstreams = append(s.Upstreams, UpstreamStatus{Address: u.address, Sessions: len(u.sessions)})
	}
	for _, session := range g.sessions {
		s.Counters.BytesUp += session.up.Load()
		s.Counters.BytesDown += session.down.Load()
	}
	return s
}

// Sessions returns a snapshot of every connection, oldest first.
func (g *Gateway) Sessions() []Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := g.gate.Load()
	sessions := make([]Session, 0, len(g.sessions))
	for _, s := range g.sessions {
		snapshot := Session{
			ID: s.id, Client: s.client.conn.RemoteAddr().String(), Since: s.since,
			BytesUp: s.up.Load(), BytesDown: s.down.Load(), State: SessionHeld,
		}
		if s.upstream != nil {
			snapshot.Upstream, snapshot.State = s.upstream.address, SessionActive
			if gate.muted || gate.stop != Nowhere {
				snapshot.State = SessionPaused
			}
		}
		sessions = append(sessions, snapshot)
	}
	slices.SortFunc(sessions, func(a, b Session) int { return cmp.Compare(a.ID, b.ID) })
	return sessions
}

func (c Counters) clone() Counters {
	c.Rejected, c.Cut, c.Logins = maps.Clone(c.Rejected), maps.Clone(c.Cut), maps.Clone(c.Logins)
	return c
}

func (g *Gateway) countCut(why Cut) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.counters.Cut[why]++
}

// firstAnswer notes when the first byte of an answer came after the flow became
// open: the moment when clients notice that a failover is over.
type firstAnswer struct {
	wanted       atomic.Bool
	opened, came atomic.Int64 // Unix nanoseconds; 0: not yet
}

// arm starts to wait for the answer.
func (f *firstAnswer) arm(opened time.Time) {
	f.opened.Store(opened.UnixNano())
	f.came.Store(0)
	f.wanted.Store(true)
}

// note is called with every piece of an answer.
func (f *firstAnswer) note() {
	if f.wanted.Load() && f.wanted.CompareAndSwap(true, false) {
		f.came.Store(time.Now().UnixNano())
	}
}

func (f *firstAnswer) times() (opened, came time.Time) {
	if at := f.opened.Load(); at != 0 {
		opened = time.Unix(0, at)
	}
	if at := f.came.Load(); at != 0 {
		came = time.Unix(0, at)
	}
	return opened, came
}
