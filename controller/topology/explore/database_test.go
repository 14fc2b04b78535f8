package explore

// What a database does, as it was seen to (memgraph-observed), one event at a
// time. A method that reports false could not happen and changed nothing.

func (i *instance) running() bool  { return i.life == up }
func (i *instance) observed() bool { return i.life == up && !i.hidden }

// broken: the link between two instances is cut.
func (s *state) broken(a, b name) bool { return s.cut&(1<<(a+b-3)) != 0 }

func (s *state) reaches(a, b name) bool {
	return s.at(a).running() && s.at(b).running() && !s.broken(a, b)
}

// silent: b does not refuse what a sends, it says nothing.
func (s *state) silent(a, b name) bool { return s.broken(a, b) || s.at(b).life == frozen }

// follows: what main sends to replica arrives and is taken.
func (s *state) follows(main, replica name) bool {
	t, r := s.at(replica), s.at(main).replica[replica-1]
	return r.mode != 0 && r.linked && s.reaches(main, replica) && !t.main && t.obeys == main
}

// kill ends a process. A commit that was under way is never acknowledged; one that
// it has voted for may be, without it (memgraph.md F.2.1).
func (s *state) kill(n name) {
	i := s.at(n)
	i.life, i.noticed, i.late, i.terminating, i.commit = dead, false, false, false, commit{}
	s.loseVotes(n)
	for g := range s.gate {
		if s.gate[g].upstream == n {
			s.gate[g].write, s.gate[g].sent = 0, false
		}
	}
}

// loseVotes: what the instance has voted for is discarded.
func (s *state) loseVotes(voter name) {
	for n := range s.instance {
		if c := &s.instance[n].commit; c.voter == voter {
			c.voter = 0
		}
	}
}

// renew gives an instance another process.
func (s *state) renew(n name) {
	for m := range s.instance {
		s.instance[m].replica[n-1].linked = false
		if s.deeds[m].refusedBy == n {
			s.deeds[m].refused, s.deeds[m].refusedBy = false, 0
		}
	}
	outlived := s.deeds[n-1].outlived
	s.deeds[n-1] = deed{outlived: outlived} // which is known of the data, whatever runs on them
	s.record.members[n-1].age()
	for _, t := range []*turn{&s.leader, &s.stale} {
		t.record.members[n-1].age()
		t.void, t.lapsed = t.void || t.instance == n, t.lapsed || t.target == n
	}
}

func (m *member) age() {
	for _, p := range []*process{&m.process, &m.voted, &m.quarantine} {
		if *p == current {
			*p = former
		}
	}
}

// awake makes a process answer: role and registrations are those of the disk.
func (s *state) awake(n name) {
	i := s.at(n)
	i.life, i.noticed, i.late = up, false, false
	i.recover(s.newEpoch())
	for k := range i.replica {
		if r := &i.replica[k]; r.mode != 0 {
			*r = registration{mode: r.mode}
		}
	}
}

// forgetRole is a start without the replication state.
func (s *state) forgetRole(n name) {
	i := s.at(n)
	i.main, i.obeys, i.replica = true, 0, [size]registration{}
	s.identify(n)
}

// identify gives a main an id that none of its former replicas obeys.
func (s *state) identify(n name) {
	for k := range s.instance {
		if s.instance[k].obeys == n {
			s.instance[k].obeys = 0
		}
	}
}

// wipe is an empty data directory.
func (s *state) wipe(n name) {
	i := s.at(n)
	i.ours, i.len, i.log, i.marks, i.history = false, 0, [maxLog]txn{}, 0, [maxMarks]mark{}
	s.forgetRole(n)
}

// promote makes it main with a new epoch and no replicas. What it had voted for and
// not committed is discarded.
func (s *state) promote(n name) bool {
	i := s.at(n)
	if i.main {
		return true
	}
	i.track()
	i.main, i.epoch, i.obeys, i.replica = true, s.newEpoch(), 0, [size]registration{}
	s.identify(n)
	s.loseVotes(n)
	return true
}

// demote makes it a replica that nobody feeds. Success proves that no commit was
// under way.
func (s *state) demote(n name) bool {
	i := s.at(n)
	if i.main && i.commit.phase != idle {
		return false
	}
	if i.main {
		i.main, i.obeys, i.replica = false, 0, [size]registration{}
	}
	return true
}

// register reports too whether the main refused the data as diverged.
func (s *state) register(main, replica name, mode uint8) (ok, diverged bool) {
	d, t := s.at(main), s.at(replica)
	r := &d.replica[replica-1]
	switch {
	case d.commit.phase != idle || !d.main:
		return false, false
	case r.mode == mode:
		return true, false
	}
	*r = registration{}
	if !s.reaches(main, replica) || t.main {
		return false, false
	}
	t.obeys = main
	s.loseVotes(replica)
	if t.len == 0 {
		t.ours = d.ours
	}
	if t.ours == d.ours && !d.accepts(t) {
		return false, true
	}
	r.mode = mode
	s.look(main, replica)
	return true, false
}

// look sets the status by what the replica answers. Within an epoch more than the
// main holds is fine.
func (s *state) look(main, replica name) {
	d, t := s.at(main), s.at(replica)
	r := &d.replica[replica-1]
	if t.main || t.obeys != main || t.len != 0 && t.ours != d.ours || !d.accepts(t) {
		r.status = invalid
		return
	}
	t.ours = d.ours
	r.linked, r.ts, r.status = true, t.len, recovery
	if t.len >= d.len {
		r.status = ready
	}
}

// heartbeat is what a main notices of a replica in time.
func (s *state) heartbeat(main, replica name) bool {
	d := s.at(main)
	r := &d.replica[replica-1]
	if !d.running() || !d.main || r.mode == 0 || d.commit.phase == stalled && r.mode == strict {
		return false
	}
	before, ours := *r, s.at(replica).ours
	if s.reaches(main, replica) {
		s.look(main, replica)
	} else {
		r.status = invalid
	}
	return *r != before || s.at(replica).ours != ours
}

// feed sends an ASYNC or recovering replica what it lacks.
func (s *state) feed(main, replica name) bool {
	d, t := s.at(main), s.at(replica)
	r := &d.replica[replica-1]
	if !d.running() || !d.main || !s.follows(main, replica) || r.status == invalid || t.len >= d.len ||
		d.commit.phase != idle && r.mode == strict {
		return false
	}
	for t.len < d.len {
		t.append(d.log[t.len])
	}
	r.ts, r.status = t.len, ready
	return true
}

// begin starts a commit. It fails where a voter cannot vote, and waits for one that
// says nothing. It reports whether the commit is under way.
func (s *state) begin(main name, c commit) bool {
	d := s.at(main)
	c.phase = voted
	for k := range d.replica {
		r, replica := &d.replica[k], name(k+1)
		switch {
		case r.mode != strict:
		case s.silent(main, replica) && r.status != invalid:
			c.phase, r.status = stalled, replicating
		case !s.vote(main, replica):
			return false
		default:
			c.voter = replica
		}
	}
	d.commit = c
	return true
}

// vote asks a voter.
func (s *state) vote(main, voter name) bool {
	r := &s.at(main).replica[voter-1]
	if r.status != ready && r.status != replicating {
		return false
	}
	if !s.follows(main, voter) || s.at(voter).len != s.at(main).len {
		r.status = invalid
		return false
	}
	r.status = ready
	return true
}

// advance takes a commit one step further.
func (s *state) advance(main name) bool {
	d := s.at(main)
	if !d.running() {
		return false
	}
	switch c := &d.commit; c.phase {
	case stalled:
		return s.wake(main)
	case voted:
		d.append(made(d.epoch, c.write))
		c.phase = decided
	case decided:
		s.secondPhase(main)
	case done:
		s.acknowledge(main)
	default:
		return false
	}
	return true
}

// wake goes on with a stalled commit when the voter answers again.
func (s *state) wake(main name) bool {
	d := s.at(main)
	for k, r := range d.replica {
		if r.mode == strict && s.silent(main, name(k+1)) {
			return false
		}
	}
	c := d.commit
	d.commit = commit{}
	if !s.begin(main, commit{write: c.write, gate: c.gate}) {
		s.abort(c)
	}
	return true
}

// giveUp ends a commit that has stalled for 30 s.
func (s *state) giveUp(main name) bool {
	d := s.at(main)
	if !d.running() || d.commit.phase != stalled {
		return false
	}
	for k := range d.replica {
		if d.replica[k].mode == strict {
			d.replica[k].status = invalid
		}
	}
	c := d.commit
	d.commit = commit{}
	s.abort(c)
	return true
}

// abort: the client hears that its write failed.
func (s *state) abort(c commit) {
	if c.gate > 0 {
		s.gate[c.gate-1].write = 0
	}
}

// secondPhase tells the voter of the decision. Whether it gets there is not
// reported: the main acknowledges the write all the same (memgraph-observed 1.6).
func (s *state) secondPhase(main name) {
	d := s.at(main)
	if v := d.commit.voter; v != 0 && s.follows(main, v) {
		s.at(v).append(d.log[d.len-1])
		d.replica[v-1].ts = s.at(v).len
	}
	d.commit.voter, d.commit.phase = 0, done
	if d.commit.gate == 0 {
		d.commit = commit{}
	}
}

func (s *state) acknowledge(main name) {
	c := &s.at(main).commit
	if c.gate > 0 {
		s.acked |= bit(c.write)
		s.gate[c.gate-1].write = 0
	}
	*c = commit{}
}

// marker is the marker transaction of the leader, as a whole.
func (s *state) marker(main name) bool {
	if d := s.at(main); d.commit.phase != idle || !d.main || !s.begin(main, commit{}) {
		return false
	}
	if s.at(main).commit.phase == stalled {
		return false
	}
	s.advance(main)
	s.advance(main)
	return true
}
