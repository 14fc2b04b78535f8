package gateway

// Authority is where a gateway sends new sessions at one moment, and a way to find
// out afterwards whether that was still so. Of a gateway that follows the main it is
// the main, under the same rules that let a client write: not while the flow is paused
// or closed, and not when nobody confirms any more that the route is current
// (Config.IsolationAfter). Who asks an instance in its name uses the answer only if
// Holds is true after the answer has come.
type Authority struct {
	// Address is host:port; empty: there is none now.
	Address string
	// Changed is closed when it is worth asking for another Authority.
	Changed <-chan struct{}

	gateway *Gateway
	route   uint64
}

// Authority returns where new sessions are sent now.
func (g *Gateway) Authority() Authority {
	_ = g.current() // silences the gateway if it has to be
	g.mu.Lock()
	defer g.mu.Unlock()
	a := Authority{Changed: g.rerouted, gateway: g, route: g.routes}
	if g.flowing() {
		a.Address = g.upstreams[0].address
	}
	return a
}

// Holds tells whether the gateway has followed the same route all the time since and
// may still follow it.
func (a Authority) Holds() bool {
	if a.gateway == nil || a.Address == "" {
		return false
	}
	_ = a.gateway.current()
	a.gateway.mu.Lock()
	defer a.gateway.mu.Unlock()
	return a.gateway.routes == a.route && a.gateway.flowing()
}

// reroute tells the holders of an Authority to ask for another. The caller holds
// Gateway.mu.
func (s *state) reroute() {
	close(s.rerouted)
	s.rerouted = make(chan struct{})
}
