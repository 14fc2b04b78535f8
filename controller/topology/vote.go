package topology

import "fmt"

// A voter has every acknowledged write as long as its process lives. When it dies
// between its vote and the decision, the main acknowledges the write all the
// same, and what starts on the voter's data lacks it, until it has caught up with
// the main. SHOW REPLICAS does not tell: it says ready from before. So a voter
// that restarted counts for nothing until it has voted again, for a marker
// transaction if for nothing else (memgraph.md F.2.1, F.4).

// holds: the voter or heir has every acknowledged write, if its data are ours.
func (s situation) holds(i Instance) bool {
	if alone := s.alone(); alone != "" && alone != i.Name {
		return false
	}
	voted := s.r.Members[i.Name].Voted
	return voted == "" || i.Process == "" || voted == i.Process || s.r.Main == "" && i.Outlived == s.r.Reign
}

// Outlived tells that the process that voted answered a question that was put
// when all gateways had closed: nothing was acknowledged since. From then on, and
// as long as there is no main, its data count, whatever process runs on them. The
// caller remembers it in Instance.Outlived.
func Outlived(r Record, v View, name string) bool {
	s := situation{r: r, v: v}
	i := s.get(name)
	return r.Main == "" && Fenced(r, v) && s.heard(i) && i.Process == r.Members[name].Voted
}

// successor is the instance that follows a lost main; empty when there is none that
// is known to have every acknowledged write. why is what keeps it out.
func (s situation) successor() (name, why string) {
	voter := s.get(s.r.Voter)
	switch {
	case s.alone() != "":
		return "", fmt.Sprintf("it %s, so what it wrote is on no replica", s.unreplicated(s.get(s.r.Main)))
	case s.r.Voter == "":
		return "", "there is no voter"
	case s.unreplicated(voter) != "":
		return "", fmt.Sprintf("voter %s %s, so its data may not be what they seem", voter.Name, s.unreplicated(voter))
	case !s.holds(voter):
		return "", "voter " + s.r.Voter + " restarted and may lack the last acknowledged write"
	}
	return s.r.Voter, ""
}

// vouch has a voter that restarted show that it has every write.
func (s situation) vouch() *decision {
	voter, main := s.get(s.r.Voter), s.get(s.r.Main)
	row, listed := s.row(main.Name, voter.Name)
	able := voter.is(RoleReplica) && main.is(RoleMain) && listed && row.Mode == StrictSync && row.caughtUp()
	switch {
	case s.r.Voter == "" || s.holds(voter) || !able:
		return nil
	case !voter.Vouched:
		return s.askForVote(main.Name, voter.Name)
	}
	return s.save(func(r *Record) { r.setVoted(voter.Name, voter.Process) }, "%s restarted and has every write", voter.Name)
}

func (s situation) askForVote(main, voter string) *decision {
	return do(Step{Do: ActMark, Instance: main, Target: voter}, "a marker transaction that %s votes for shows that it has every write of %s", voter, main)
}

// vouched: a replica that is about to become the voter has every write of its
// main. One that was registered since it started was asked for its position.
func (s situation) vouched(i Instance) bool {
	return i.Process == "" || i.Vouched || i.Joined == s.r.Reign || s.r.Members[i.Name].Voted == i.Process
}

func (r *Record) setVoted(name, process string) {
	m := r.Members[name]
	m.Voted = process
	r.Members[name] = m
}
