package topology

// Clean tells whether an instance, promoted as it is, would accept the others.
func Clean(r Record, i Instance) bool { return situation{r: r}.clean(i) }

// clean: promoted as it is, the instance would accept the others. It is not
// when its process restarted in this reign: its history then holds this
// database epoch twice, and the check takes the first entry
// (memgraph-observed 1.1). Where nobody can tell processes apart, histories are
// taken for clean; should one be refused, settle heals it.
func (s situation) clean(i Instance) bool {
	m := s.r.Members[i.Name]
	return m.Reign < s.r.Reign || m.Process == "" || i.Process == "" || m.Process == i.Process
}

// declare begins a new reign in r: from now on every process that runs counts
// as clean, and whoever restarts later does not. The main that a handover leaves
// stalled is restarted before it takes a transaction of this reign, so it is
// clean whichever process joins.
func (s situation) declare(r *Record) {
	r.Reign++
	for _, n := range s.names {
		i, m := s.get(n), r.Members[n]
		left := r.Plan == PlanHandover && n == r.From
		if i.up() && m.Quarantined == nil && !left {
			sound := m.Process != "" && m.Process == i.Process && (m.Sound || s.r.Main != "")
			r.Members[n] = Member{Process: i.Process, Reign: r.Reign, Voted: m.Voted, Sound: sound, Unreplicated: m.unreplicatedAs(i.Process)}
		}
	}
}

// crown names the heir of the present main: nobody may take writes until it was
// promoted. The old main and the old voter hold every acknowledged write too
// and stay in the record for the case that the heir is lost.
func (s situation) crown(heir string, plan Plan, gate Gate, format string, args ...any) *decision {
	return s.save(func(r *Record) {
		if r.Main != "" && heir != r.Main && heir != r.Voter {
			r.setVoted(heir, s.get(heir).Process)
		}
		if r.Main != "" {
			r.From = r.Main
		}
		if r.Voter == heir {
			r.Voter = ""
		}
		r.Main, r.Heir, r.Gate, r.Plan, r.Request = "", heir, gate, plan, nil
		s.declare(r)
	}, format, args...)
}

// refreshEpoch gives the cluster a new database epoch when a replica restarted,
// so that it could be promoted again: about a quarter of a second in which
// clients are paused and nobody is cut. Never while something else is wrong;
// an instance that is down is waited for a while, so that the restarts of a
// rolling update share few refreshes. Never on a main that itself restarted and
// has taken writes since: it would refuse everybody.
func (s situation) refreshEpoch() *decision {
	if s.unreplicated(s.get(s.r.Main)) != "" {
		return nil // nobody can follow it, whatever its epoch
	}
	if !s.clean(s.get(s.r.Main)) {
		return nil
	}
	unclean := ""
	for _, i := range s.others(s.r.Main) {
		row, listed := s.row(s.r.Main, i.Name)
		switch {
		case i.lost() && s.now.Sub(i.Since) > s.p.MissingGrace && i.Name != s.r.Voter:
			continue
		case !s.fit(i) || i.Moving || !listed || !row.within(s.p.SmallLag):
			return nil
		case !s.clean(i):
			unclean = i.Name
		}
	}
	if unclean == "" {
		return nil
	}
	return s.pause(PlanRefresh, "%s restarted: a new database epoch makes it promotable again", unclean)
}

// refresh begins the new database epoch once clients are paused. Until the last
// gateway had stopped them, a main that restarted since it was last looked at could
// have taken a write; one that restarts from now on takes none. A request stays: a
// switchover may wait for just this.
func (s situation) refresh() *decision {
	main := s.get(s.r.Main)
	switch {
	case s.r.Plan != PlanRefresh:
		return nil
	case !main.is(RoleMain):
		return wait("waiting for an answer of main %s, which is %s", main.Name, main.Health)
	case !s.clean(main):
		return s.save(func(r *Record) { r.Gate, r.Plan = GateOpen, PlanNone }, "no new database epoch: %s restarted while it took writes", main.Name)
	}
	d := s.crown(main.Name, PlanRefresh, s.r.Gate, "clients are quiet: a new database epoch begins on %s", main.Name)
	d.step.Record.Request = s.r.Request
	return d
}

// leaveRestartedMain: a main that restarted while clients could reach it has
// taken writes since, and a new epoch on it would make it refuse all others
// (memgraph-observed 18 D). It hands over to a clean replica instead. Where no
// clean one is left, one is made: reseeded from the main.
func (s situation) leaveRestartedMain() *decision {
	main := s.get(s.r.Main)
	if !main.is(RoleMain) || s.clean(main) {
		return nil
	}
	if voter := s.get(s.r.Voter); s.fit(voter) && s.clean(voter) {
		return s.leaveMain("%s restarted in place and took writes since: its epoch must end with a switchover to %s", main.Name, voter.Name)
	}
	if d := s.electCleanVoter(); d != nil {
		return d
	}
	for _, i := range s.others(main.Name) {
		switch {
		case i.Name == s.r.Voter || !s.fit(i):
		case s.clean(i):
			return nil // it will become the voter when it has caught up
		default:
			return s.quarantine(main.Name, i, "all histories hold a restart of this epoch; a reseeded one is clean")
		}
	}
	return nil
}
