package gateway

import (
	"math"
	"time"
)

// never is the value of Gateway.confirmed before the first Confirm.
const never = math.MinInt64 / 2

// Confirm is a dead man's switch: its owner says that at asOf it was in touch
// with the authority that decides about routes, and that the route which the
// gateway follows was the current one. Follow that route first, then confirm.
//
// asOf must be a time before the authority was asked, taken by time.Now. The
// time of the answer, or of this call, will not do: the process may have been
// stopped in between, for as long as it takes to promote somebody else.
func (g *Gateway) Confirm(asOf time.Time) {
	at := int64(min(asOf.Sub(g.base), time.Since(g.base))) // nobody can vouch for the future
	for {
		last := g.confirmed.Load()
		if at <= last {
			return
		}
		if g.confirmed.CompareAndSwap(last, at) {
			break
		}
	}
	if g.gate.Load().silenced {
		g.unsilence()
	}
}

// stale tells whether the last confirmation is too old to let anything pass.
func (g *Gateway) stale() bool {
	return g.cfg.IsolationAfter > 0 && g.unconfirmed() > g.cfg.IsolationAfter
}

// unconfirmed is the time since the last confirmation.
func (g *Gateway) unconfirmed() time.Duration {
	last := time.Duration(g.confirmed.Load())
	return time.Since(g.base) - last
}

// silence stops all sessions in both directions.
func (g *Gateway) silence() {
	if !g.setSilenced(true) {
		return
	}
	g.cfg.Log.Warn("silenced: nobody confirms that the route is current", "after", g.cfg.IsolationAfter)
	g.announce()
}

// unsilence lets sessions go on as the route says.
func (g *Gateway) unsilence() {
	if !g.setSilenced(false) {
		return
	}
	g.cfg.Log.Info("confirmed: the route is current")
	g.announce()
}

// setSilenced changes the gate, and tells whether it did. It judges the
// confirmation once more under the lock, since silence and unsilence may be
// called at the same time.
func (g *Gateway) setSilenced(silenced bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	gate := g.gate.Load()
	if gate.silenced == silenced || g.stale() != silenced {
		return false
	}
	if silenced {
		g.silencedAt = time.Now()
	}
	g.setGate(gate.stop, silenced)
	g.reroute()
	return true
}

// isolate is the part of steer that falls silent in time, and cuts what is still
// there after the grace.
func (g *Gateway) isolate(now time.Time) (next time.Time) {
	if g.cfg.IsolationAfter <= 0 {
		return time.Time{}
	}
	if !g.current().silenced {
		// One nanosecond more: stale asks for more than IsolationAfter.
		return now.Add(g.cfg.IsolationAfter - g.unconfirmed() + 1)
	}
	g.mu.Lock()
	end := g.silencedAt.Add(g.cfg.IsolationGrace)
	var cut []*session
	if !now.Before(end) {
		end = time.Time{}
		cut = g.attached()
	}
	g.mu.Unlock()
	severAll(cut, CutIsolated)
	return end
}
