package gateway

// gate is what may pass, for all sessions at once. It is never changed but
// replaced, so that a pump sees one consistent value with one atomic load;
// changed is closed then and wakes the pumps that wait for another gate.
type gate struct {
	stop     Stop // from client to server
	muted    bool // in both directions: by the route, or because it is silenced
	silenced bool // by isolation
	changed  chan struct{}
}

// setGate replaces the gate by one for the present route. The caller holds g.mu.
func (g *Gateway) setGate(stop Stop, silenced bool) {
	old, muted := g.gate.Load(), silenced || g.route.mutes()
	if old.stop == stop && old.silenced == silenced && old.muted == muted {
		return
	}
	g.gate.Store(&gate{stop: stop, muted: muted, silenced: silenced, changed: make(chan struct{})})
	close(old.changed)
}

// current returns the gate as it is at this moment. It compares times on every
// call instead of trusting that a timer has fired: a process that was stopped
// and goes on must not pass a byte before it has noticed how late it is.
func (g *Gateway) current() *gate {
	if g.stale() {
		g.silence()
	}
	return g.gate.Load()
}
