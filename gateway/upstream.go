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
// upstream. The fields below left belong to state.
type upstream struct {
	address string
	left    atomic.Bool     // it is not in the route any more
	dialing context.Context // ends when it leaves
	cancel  context.CancelFunc

	sessions   map[*session]struct{}
	connecting int
	suspect    time.Time // until when it is tried last
}

func newUpstream(address string) *upstream {
	u := &upstream{address: address, sessions: make(map[*session]struct{})}
	u.dialing, u.cancel = context.WithCancel(context.Background())
	return u
}

// load is what least connections compares.
func (u *upstream) load() int { return len(u.sessions) + u.connecting }

// retarget changes the upstreams to those of addresses. No session to one that
// leaves passes another byte once it has returned.
func (s *state) retarget(addresses []string) {
	var stay []*upstream
	for _, u := range s.upstreams {
		if slices.Contains(addresses, u.address) {
			stay = append(stay, u)
			continue
		}
		u.left.Store(true)
		u.cancel()
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

// departed returns the sessions whose upstream has left the route, and forgets
// the upstreams that have none left.
func (s *state) departed() (sessions []*session) {
	s.leaving = slices.DeleteFunc(s.leaving, func(u *upstream) bool { return len(u.sessions) == 0 })
	for _, u := range s.leaving {
		for session := range u.sessions {
			sessions = append(sessions, session)
		}
	}
	return sessions
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
