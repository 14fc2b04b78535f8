package gateway

import "time"

// pollInterval is how often a pause asks its sessions whether they are quiet.
// So no session has to report anything while it runs; and one that was found
// quiet is not asked again.
const pollInterval = time.Millisecond

// lateInterval is the same once a pause has exceeded its limit and lives with
// the sessions that are left.
const lateInterval = 50 * time.Millisecond

// pause is how far the gateway has come in carrying out a route that pauses.
type pause struct {
	since      time.Time // when the flow stopped being open; zero while it is
	began      time.Time // when the current route was taken
	drainUntil time.Time // sessions may finish their transaction until then
	until      time.Time // no session is waited for any longer
	round      uint64    // names this pause; sessions found quiet in it carry it
	busy       int       // sessions that were not quiet when last asked
	lasted     time.Duration
}

// begin starts the clocks for a route that has just been taken.
func (p *pause) begin(route Route, now time.Time, cfg Config) {
	p.round++
	p.busy = 0
	p.began = now
	if route.Flow == Open {
		if !p.since.IsZero() {
			p.lasted, p.since = now.Sub(p.since), time.Time{}
		}
		return
	}
	if p.since.IsZero() {
		p.since = now
	}
	p.drainUntil = now
	if route.Drain {
		p.drainUntil = now.Add(cfg.DrainLimit)
	}
	p.until = p.drainUntil.Add(cfg.PauseLimit)
}

// settle is the part of steer that carries the route out: it cuts the sessions
// that have to go and finds out when everything has come to rest.
func (g *Gateway) settle(now time.Time) (next time.Time) {
	g.mu.Lock()
	leaving, draining := g.departed(now)
	busy, again := g.judge(now)
	g.mu.Unlock()
	severAll(leaving, CutRoute)
	severAll(busy, CutBusy)
	if draining {
		again = earliest(again, now.Add(pollInterval))
	}
	return again
}

// judge marks the route as applied when nothing is left to wait for. It returns
// the sessions that exceed the pause's limit and must go, and when it wants to
// be called again. The caller holds g.mu.
func (g *Gateway) judge(now time.Time) (cut []*session, next time.Time) {
	if g.applied == g.route.Epoch && g.pause.busy == 0 {
		return nil, time.Time{}
	}
	if g.route.Flow == Paused && !g.route.mutes() {
		busy := g.restless(now)
		g.pause.busy = len(busy)
		if len(busy) > 0 {
			if now.Before(g.pause.until) {
				return nil, now.Add(pollInterval)
			}
			g.freeze()
			if g.route.CutBusy {
				return busy, now.Add(pollInterval)
			}
			next = now.Add(lateInterval)
		}
	}
	if len(g.leaving) == 0 && g.applied != g.route.Epoch {
		g.applied = g.route.Epoch
		g.announce()
	}
	return nil, next
}

// restless returns the sessions that are not quiet. Sessions are asked twice
// before it returns none: the second time after everything was stopped, since a
// session may have woken up behind the back of the first round.
func (g *Gateway) restless(now time.Time) []*session {
	if g.gate.Load().stop == BeforeTransaction && !now.Before(g.pause.drainUntil) {
		g.setGate(BeforeMessage, g.gate.Load().silenced)
	}
	busy := g.ask(now)
	if len(busy) > 0 || g.gate.Load().stop == AtOnce {
		return busy
	}
	g.freeze()
	return g.ask(now)
}

// freeze lets nothing pass to the servers any more, not even the rest of a
// message, and has every session asked again.
func (g *Gateway) freeze() {
	gate := g.gate.Load()
	if gate.stop == AtOnce {
		return
	}
	g.setGate(AtOnce, gate.silenced)
	g.pause.round++
}

// ask returns the sessions that were not found quiet in this round, neither now
// nor before. Where a cut will follow, a session is quiet only when its client's
// kernel has everything: a reset would destroy the last answer otherwise.
func (g *Gateway) ask(now time.Time) (busy []*session) {
	draining := g.gate.Load().stop == BeforeTransaction
	for _, s := range g.sessions {
		if s.quietIn == g.pause.round || s.upstream == nil {
			continue
		}
		if s.quiet(now, g.pause.began, draining) && (!g.route.Drain || s.client.flushed()) {
			s.quietIn = g.pause.round
		} else {
			busy = append(busy, s)
		}
	}
	return busy
}
