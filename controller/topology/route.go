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

// CutsBusy tells that a pause under this record ends with nothing under way: what is
// not quiet by then is cut. A switchover cuts every session anyway. In a refresh a
// write that goes on could commit at the main after its demotion has dropped the
// voter and before that is registered again, and be acknowledged by nobody else.
func CutsBusy(r Record) bool {
	return r.Gate == GatePaused && (r.Plan == PlanSwitchover || r.Plan == PlanRefresh)
}

// Mutes tells that no client may hear an answer although sessions live on: there is no
// voter, or the main has dropped everybody for a new database epoch. A write that the
// network carried until now, from a gateway that was believed silent or quiet, would be
// acknowledged while nobody but the main has it (simulation, seed 355).
func Mutes(r Record) bool {
	return r.Gate == GatePaused && (r.Main == "" || r.Voter == "")
}

// Planned tells that nothing forces what is going on, if anything is: nobody waits
// for writes who did not have to.
func Planned(r Record) bool {
	return r.Plan != PlanFailover && r.Plan != PlanHandover && r.Plan != PlanReturn
}

// Serves tells that an instance was seen to be main and to hold the cluster's
// data. Before that no client is sent to it, whatever the record says: it may
// have come back empty, or not at all.
func Serves(r Record, v View, name string) bool {
	s := situation{r: r, v: v}
	i := s.get(name)
	return i.is(RoleMain) && s.ours(i)
}
