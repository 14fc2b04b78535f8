package topology

// WriteRoute says what the write gateways do under a record: which instance
// sessions belong to (empty: none), and the gate. Before a planned switchover
// (drain) every session is stopped between two transactions if it can be, because
// a cut will follow; whoever is still busy at the end of the pause is cut then.
func WriteRoute(r Record) (instance string, gate Gate, drain bool) {
	switch r.Gate {
	case GateOpen:
		return r.Main, GateOpen, false
	case GatePaused:
		if r.Main == "" {
			return r.From, GatePaused, false
		}
		return r.Main, GatePaused, r.Plan == PlanSwitchover
	default:
		return "", GateClosed, false
	}
}
