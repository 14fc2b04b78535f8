package topology

import "cmp"

// ReadPool names the instances that serve reads, in a fixed order: replicas that
// answer, that the main says are in sync or nearly so, and whose data are not in
// doubt. While there is no main, the last word of the one before counts. With no
// replica left the main serves reads too, if the policy lets it. why says for
// each instance that does not serve what keeps it out.
func ReadPool(r Record, v View, p Policy) (pool []string, why map[string]string) {
	s := situation{r: r, v: v, p: p}
	main := cmp.Or(r.Main, r.From, r.Heir)
	why = map[string]string{}
	for _, name := range s.names() {
		if reason := s.unreadable(main, s.get(name)); reason != "" {
			why[name] = reason
		} else {
			pool = append(pool, name)
		}
	}
	if len(pool) == 0 && p.ReadFromMain && r.Gate == GateOpen && s.get(r.Main).is(RoleMain) {
		delete(why, r.Main)
		return []string{r.Main}, why
	}
	return pool, why
}

func (s situation) unreadable(main string, i Instance) string {
	row, listed := s.row(main, i.Name)
	switch {
	case i.Name == main || i.Name == s.r.Heir:
		return "it is the main"
	case s.r.Members[i.Name].Quarantined != nil:
		return "it is quarantined"
	case i.Terminating:
		return "it is being stopped"
	case !i.up():
		return "it does not answer"
	case !i.is(RoleReplica):
		return "it is not a replica"
	case i.Refused == s.r.Reign:
		return "its data have diverged"
	case !listed || row.Status == StatusPhantom:
		return "it is not registered"
	case row.Status == StatusRecovery || row.Status == StatusDiverged:
		return "it is " + string(row.Status)
	case !row.within(s.p.ReadLag):
		return "it lags too far behind"
	}
	return ""
}
