package topology

import (
	"cmp"
	"slices"
)

// Reads says which instances serve reads. Its lists are sorted by name.
type Reads struct {
	// Pool gets new sessions.
	Pool []string
	// Leaving answer but are not in the pool: what runs there may come to its
	// end. Whoever is in neither list is cut off at once.
	Leaving []string
	// Why says for each instance that is not in the pool what keeps it out.
	Why map[string]string
}

// ReadPool chooses the instances that serve reads: replicas that answer, that
// the main says are in sync or nearly so, and whose data are not in doubt. While
// there is no main, the last word of the one before counts; and as long as
// nobody can write, nobody falls behind, so that an instance which was serving
// then goes on although no main vouches for it. With no replica left the main
// serves reads too, if the policy lets it.
func ReadPool(r Record, v View, p Policy, serving []string) Reads {
	s := situation{r: r, v: v, p: p, names: v.names()}
	main := cmp.Or(r.Main, r.From, r.Heir)
	reads := Reads{Why: map[string]string{}}
	for _, name := range s.names {
		if why := s.unreadable(main, s.get(name), slices.Contains(serving, name)); why != "" {
			reads.Why[name] = why
		} else {
			reads.Pool = append(reads.Pool, name)
		}
	}
	if len(reads.Pool) == 0 && p.ReadFromMain && r.Gate == GateOpen && s.get(r.Main).is(RoleMain) {
		delete(reads.Why, r.Main)
		reads.Pool = []string{r.Main}
	}
	for _, name := range s.names {
		if s.get(name).up() && !slices.Contains(reads.Pool, name) {
			reads.Leaving = append(reads.Leaving, name)
		}
	}
	return reads
}

// unreadable says why an instance cannot serve reads.
func (s situation) unreadable(main string, i Instance, serves bool) string {
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
	case s.unreplicated(i) != "":
		return "it " + s.unreplicated(i)
	case serves && s.r.Gate != GateOpen:
		return ""
	case !listed || row.Status == StatusPhantom:
		return "it is not registered"
	case row.Status == StatusRecovery || row.Status == StatusDiverged:
		return "it is " + string(row.Status)
	case !row.within(s.p.ReadLag):
		return "it lags too far behind"
	}
	return ""
}
