package topology

import (
	"fmt"
	"time"
)

// What an instance writes without a write-ahead log, or in another storage mode than
// IN_MEMORY_TRANSACTIONAL, reaches no replica, and nothing that it answers shows it:
// writes succeed, its replicas are ready (memgraph-observed 11; memgraph.md A.9). The
// log is given at the start; the mode any client can change, and change back.
//
// Afterwards the positions of main and replicas say nothing: a replica that lacks what
// was written meanwhile is shown as in sync. Neither a registration nor a restart is
// known to mend that. A registration compares the same positions; a main that took a
// snapshot comes back with what it wrote and at the position of before; and even an
// empty replica is brought up to date from the log alone where that reaches back far
// enough (memgraph.md A.7, A.8). So the record remembers it, for every later leader, and
// only two things end it: a person chooses another instance and gives up what this one
// alone has, or its data are set aside.
//
// What is not known counts for nothing here. The settings of a process are learned
// together with its data, before which one that restarted is not trusted with anything;
// and a leader that has just begun need not learn again what the record says of a main,
// nor ask a voter that has voted for hours.

// Unreplicated is what the record remembers of an instance whose writes reached nobody.
type Unreplicated struct {
	// Reason is the setting, for instance storage_mode=IN_MEMORY_ANALYTICAL.
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	// Process is the one of which it is true, of an instance that was no main: it wrote
	// nothing, but may have been emptied while its main showed it as ready
	// (memgraph-observed 3), until it starts again from its disk. Empty: it was main, and
	// whatever process runs on its data may have what nobody else has.
	Process string `json:"process,omitempty"`
}

// unreplicatedAs is what the record remembers of it, if that is true of this process.
func (m Member) unreplicatedAs(process string) *Unreplicated {
	if u := m.Unreplicated; u != nil && (u.Process == "" || u.Process == process) {
		return u
	}
	return nil
}

// WroteAlone tells that it was main while what it wrote reached nobody.
func (m Member) WroteAlone() bool { return m.Unreplicated != nil && m.Unreplicated.Process == "" }

// unreplicated says why what the instance writes reaches nobody, or once did not; empty
// where nothing is known against it.
func (s situation) unreplicated(i Instance) string {
	if i.Unreplicated != "" {
		return "runs with " + i.Unreplicated
	}
	if u := s.r.Members[i.Name].unreplicatedAs(i.Process); u != nil {
		return fmt.Sprintf("was seen to run with %s (%s)", u.Reason, u.Since.UTC().Format("2006-01-02 15:04:05Z"))
	}
	return ""
}

// UnreplicatedWhy says why what an instance writes reaches nobody, or once did not;
// empty where nothing is known against it.
func UnreplicatedWhy(r Record, i Instance) string { return situation{r: r}.unreplicated(i) }

// alone is the main, or the last one, that has what nobody else has; empty where there
// is none.
func (s situation) alone() string {
	last := []string{s.r.Main}
	if s.r.Main == "" {
		last = []string{s.r.Heir, s.r.From}
	}
	for _, name := range last {
		if name != "" && s.r.Members[name].WroteAlone() {
			return name
		}
	}
	return ""
}

// noteUnreplicated writes down what was seen, before it is forgotten: the setting may be
// back in a moment, and the leader another one. A main loses its voter with that, whose
// vote proves nothing. It is only a note, so it is made in a person's pause too, which
// is when people load data.
func (s situation) noteUnreplicated() *decision {
	for _, name := range s.names {
		i, m := s.get(name), s.r.Members[name]
		known, wrote := m.unreplicatedAs(i.Process), s.wrote(i)
		if i.Unreplicated == "" || m.Quarantined != nil || known != nil && (known.Process == "" || !wrote) {
			continue
		}
		note := &Unreplicated{Reason: i.Unreplicated, Since: s.now, Process: i.Process}
		if !wrote && i.Process == "" {
			continue // nobody could tell when another process has taken its place
		}
		if !wrote {
			return s.save(func(r *Record) { r.setUnreplicated(name, note) }, "%s %s: it is nobody's successor before it restarts without", name, s.unreplicated(i))
		}
		note.Process = ""
		return s.save(func(r *Record) {
			r.setUnreplicated(name, note)
			if r.Main == name {
				r.Voter = ""
				if planned := r.Plan == PlanSwitchover || r.Plan == PlanRefresh || r.Plan == PlanHandover; planned {
					r.Plan = PlanVoter // nobody may follow it, nor may it be restarted
				}
			}
		}, "%s %s: what it writes reaches no replica, and nobody can follow it", name, s.unreplicated(i))
	}
	return nil
}

// wrote: clients may have written to this process. Not to a lost main that came back
// for another start: no gateway was open since. From is judged as the process that it
// was when it was left.
func (s situation) wrote(i Instance) bool {
	if s.r.Main != "" {
		return i.Name == s.r.Main && s.r.Plan != PlanReturn
	}
	m := s.r.Members[i.Name]
	return i.Name == s.r.From && s.r.Plan != PlanReturn && (m.Process == "" || i.Process == "" || m.Process == i.Process)
}

func (r *Record) setUnreplicated(name string, u *Unreplicated) {
	m := r.Members[name]
	m.Unreplicated = u
	r.Members[name] = m
}

// withholdWrites stops the writes that only one instance would hold, as the policy
// strict says. Else they go on without a voter.
func (s situation) withholdWrites() *decision {
	main := s.get(s.r.Main)
	if s.p.DegradeAfter > 0 || !main.is(RoleMain) || s.unreplicated(main) == "" {
		return nil
	}
	return s.pause(PlanVoter, "%s %s: no more writes are taken that no replica gets (policy strict)", main.Name, s.unreplicated(main))
}

// refuseUnreplicated: whatever a main says of its replicas, they lack what it wrote.
func (s situation) refuseUnreplicated() *decision {
	main := s.get(s.r.Main)
	if s.r.Request == nil || s.r.Request.Force || s.unreplicated(main) == "" {
		return nil
	}
	return s.refuse("%s %s, and what it wrote is on no replica: %s", main.Name, s.unreplicated(main), s.remedy(main))
}

// whoCannotVote names a replica that is kept from it by a setting alone.
func (s situation) whoCannotVote(main string) string {
	for _, i := range s.others(main) {
		if why := s.unreplicated(i); why != "" && !s.r.Members[i.Name].WroteAlone() {
			return fmt.Sprintf("; %s %s: correct the setting and restart it", i.Name, why)
		}
	}
	return ""
}

// remedy is what a person can do about a main whose writes reach nobody. Before clients
// have written to it, nothing can be lost.
func (s situation) remedy(main Instance) string {
	if !s.r.Members[main.Name].WroteAlone() {
		return fmt.Sprintf("correct the setting and restart %s", main.Name)
	}
	return fmt.Sprintf("`failover --force --to INSTANCE` gives up what only %s has; to keep that, take a backup of %s and restore it", main.Name, main.Name)
}
