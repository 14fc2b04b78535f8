package gateway

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// suspicion is how long an upstream that could not be reached is tried last.
// Having no sessions it would be tried first otherwise, by every connection.
const suspicion = time.Second

// upstream is one address of the route, from the route that brings it to the
// route that does not have it any more. An address that comes back is another
// upstream. The fields below cancel belong to state.
type upstream struct {
	address  string
	left     atomic.Bool     // nothing passes to it or from it any more
	draining atomic.Bool     // its sessions end when they are between two transactions
	dialing  context.Context // ends when it begins to leave
	cancel   context.CancelFunc

	drainFrom, drainUntil time.Time // set while draining

	sessions   map[uint64]*session // by their ids
	connecting int
	suspect    time.Time // until when it is tried last
}

func newUpstream(address string) *upstream {
	u := &upstream{address: address, sessions: make(map[uint64]*session)}
	u.dialing, u.cancel = context.WithCancel(context.Background())
	return u
}

// load is what least connections compares.
func (u *upstream) load() int { return len(u.sessions) + u.connecting }

// leave begins the end of an upstream: at once, or gently until a time.
func (u *upstream) leave(gently bool, now, until time.Time) {
	u.cancel()
	switch {
	case !gently:
		u.left.Store(true)
	case !u.draining.Swap(true):
		u.drainFrom, u.drainUntil = now, until
	}
}

// leaves tells whether a new session must not begin here.
func (u *upstream) leaves() bool { return u.left.Load() || u.draining.Load() }

// retarget changes the upstreams to those of addresses; of the others those in
// gently are drained until a time. No session to one that leaves at once passes
// another byte when it has returned.
func (s *state) retarget(addresses, gently []string, now, until time.Time) {
	var stay []*upstream
	for _, u := range s.leaving {
		if !slices.Contains(addresses, u.address) {
			u.leave(slices.Contains(gently, u.address), now, until)
		}
	}
	for _, u := range s.upstreams {
		if slices.Contains(addresses, u.address) {
			stay = append(stay, u)
			continue
		}
		u.leave(slices.Contains(gently, u.address), now, until)
		s.leaving = append(s.leaving, u)
	}
	changed := len(stay) != len(s.upstreams)
	s.upstreams = s.upstreams[:0:0]
	for _, address := range addresses {
		if slices.ContainsFunc(s.upstreams, func(u *upstream) bool { return u.address == address }) {
			continue
		}
		at := slices.IndexFunc(stay, func(u *upstream) bool { return u.address == address })
		if at >= 0 {
			s.upstreams = append(s.upstreams, stay[at])
			continue
		}
		s.upstreams = append(s.upstreams, newUpstream(address))
		changed = true
	}
	if changed {
		s.stall = stall{} // whoever could not be reached, these are others
	}
}

// departed returns the sessions that have to be cut because their upstream has
// left the route or is drained, and whether some may still go on. It forgets the
// upstreams that have none left.
func (s *state) departed(now time.Time) (cut []*session, draining bool) {
	s.leaving = slices.DeleteFunc(s.leaving, func(u *upstream) bool { return len(u.sessions) == 0 })
	for _, u := range s.leaving {
		if u.draining.Load() && !now.Before(u.drainUntil) {
			u.left.Store(true)
		}
		for _, session := range u.sessions {
			if u.left.Load() || session.drained(now) {
				cut = append(cut, session)
			} else {
				draining = true
			}
		}
	}
	return cut, draining
}

// choose picks the upstream for a new session: the one with the fewest, and by
// turns among equals, those that were not reached lately after all others. It
// returns nil when all were tried.
func (s *state) choose(tried []*upstream, now time.Time) *upstream {
	var best *upstream
	s.turn++
	for i := range s.upstreams {
		u := s.upstreams[(s.turn+i)%len(s.upstreams)]
		if !slices.Contains(tried, u) && (best == nil || u.better(best, now)) {
			best = u
		}
	}
	if best != nil {
		best.connecting++
		if !best.suspect.IsZero() {
			best.suspect = now.Add(suspicion) // one tries; the others wait for what it finds
		}
	}
	return best
}

func (u *upstream) better(than *upstream, now time.Time) bool {
	mine, theirs := now.Before(u.suspect), now.Before(than.suspect)
	if mine != theirs {
		return theirs
	}
	return u.load() < than.load()
}
