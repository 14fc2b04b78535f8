package topology

import (
	"fmt"
	"slices"
	"time"
)

// joinAll brings every instance that answers in line with the record, one step
// at a time: stray mains are demoted before anybody is registered, because they
// could still feed a replica.
func (s situation) joinAll(main string) *decision {
	if !s.get(main).is(RoleMain) {
		return nil
	}
	for _, i := range s.others(main) {
		if i.is(RoleMain) && !s.stalled(i) && s.r.Members[i.Name].Quarantined == nil {
			return s.demoteStray(main, i)
		}
	}
	for _, i := range s.others(main) {
		if d := s.join(main, i); d != nil {
			return d
		}
	}
	return nil
}

// demoteStray: somebody made a member a main. What it took meanwhile its main does not
// know, so the record says first that it has to join anew, for whoever leads next.
func (s situation) demoteStray(main string, i Instance) *decision {
	if m := s.r.Members[i.Name]; s.joined(i) {
		return s.save(func(r *Record) {
			r.Members[i.Name] = Member{Process: m.Process, Voted: m.Voted, Unreplicated: m.Unreplicated}
		}, "%s says that it is main, but %s is: it has to join anew", i.Name, main)
	}
	return do(Step{Do: ActDemote, Instance: i.Name}, "%s says that it is main, but %s is", i.Name, main)
}

// joined: the record knows that it follows this main as the process that it is.
func (s situation) joined(i Instance) bool {
	m := s.r.Members[i.Name]
	return m.Process == i.Process && m.Reign == s.r.Reign
}

// join is about one replica. An instance that does not answer, or to which its
// name may not lead yet, is left alone: to register it would lock the main for 10 s
// (memgraph-observed 14g), to drop it could kill the main. One that restarted
// elsewhere is found again by the main's own heartbeats.
func (s situation) join(main string, i Instance) *decision {
	if q := s.r.Members[i.Name].Quarantined; q != nil {
		return s.reseed(main, i, *q)
	}
	if s.keepsFailing(i) && i.Name != s.r.Voter && i.Name != s.r.From {
		return s.quarantine(main, i, fmt.Sprintf("its last %d starts failed, so its data may be unreadable", i.Failures))
	}
	if !i.is(RoleReplica) || i.Terminating || i.Moving {
		return nil
	}
	row, listed := s.row(main, i.Name)
	switch {
	case s.alien(i) != "":
		if s.r.Gate != GateOpen {
			return nil // cureRefusal decides, should nobody else be able to vote
		}
		return s.quarantine(main, i, s.alien(i))
	case row.Address == i.Replication && s.stuck(row, i) && (i.Name != s.r.Voter || s.r.Gate != GateOpen):
		if d := s.unvote(i.Name); d != nil {
			return d
		}
		return do(Step{Do: ActDrop, Instance: main, Target: i.Name}, "%s is %s at %s and was not registered since it became a replica: register it anew", i.Name, row.Status, main)
	case row.Address == i.Replication && s.secondVoter(row):
		return do(Step{Do: ActRegister, Instance: main, Target: i.Name, Mode: Async}, "%s votes beside %s at %s, and only one counts", i.Name, s.r.Voter, main)
	case row.Address == i.Replication && s.hampered(row, i):
		return do(Step{Do: ActRestart, Instance: i.Name}, "%s has not followed %s for %s: a transaction that a client left open on it may be in the way, which a restart ends", i.Name, main, hamperedAfter)
	case listed && row.Status != StatusPhantom && row.Address == i.Replication && (row.Mode == Async || row.Mode == StrictSync):
		return nil
	}
	if s.r.Main == "" && (i.Name == s.r.From || i.Name == s.r.Voter) && !s.ours(i) {
		return s.disown(i)
	}
	if m := s.r.Members[i.Name]; m.Reign < s.r.Reign || m.Process != i.Process && s.fresh(i) {
		next := Member{Process: i.Process, Reign: s.r.Reign, Voted: m.Voted, Unreplicated: m.unreplicatedAs(i.Process)}
		if s.fresh(i) {
			next.Unreplicated = nil // what it wrote went with its disk
		}
		return s.save(func(r *Record) { r.Members[i.Name] = next }, "%s joins in reign %d", i.Name, s.r.Reign)
	}
	return do(Step{Do: ActRegister, Instance: main, Target: i.Name, Mode: s.mode(main, i)}, "register %s at %s", i.Name, main)
}

// secondVoter: somebody registered it as voter beside the one of the record. Every
// write waits for both then, and aborts when either is lost.
func (s situation) secondVoter(row Replica) bool {
	return row.Mode == StrictSync && row.Status == StatusReady && s.r.Gate == GateOpen && s.r.Voter != "" && s.r.Voter != row.Name
}

// stuck: its main will not bring it up to date by itself, because it was registered
// before it was a replica of this main. One that joined may only be out of the main's
// reach, and while clients write, to drop it kills the main then (memgraph-observed
// 1.2, 14f); a controller that has just started did not see it join.
func (s situation) stuck(row Replica, i Instance) bool {
	if i.Joined == s.r.Reign {
		return false
	}
	outOfReach := s.joined(i) && s.r.Gate == GateOpen && s.now.Sub(i.InvalidSince) < reachedAfter
	return row.Status == StatusDiverged || row.Status == StatusInvalid && !outOfReach
}

// reachedAfter is after how long a replica that is invalid all the time counts as
// refused rather than out of its main's reach. The main finds one that it reaches
// again within a second, and a call to one that it does not reach ends after 30 s
// (memgraph-observed 3, 1.3).
const reachedAfter = time.Minute

// hampered: it joined, answers, and cannot follow. Found by schedule 9046: a main was cut
// off with a client's transaction open on it, whose connection it took for alive. What
// that transaction had created was in the way of what its successor created, for as long
// as the connection counted as alive, which may be hours. Its main tries again and again,
// so that it is shown as invalid now and then; one that receives a snapshot for long never
// is. It has to answer for as long: who was away has to be found again first. One restart
// in a reign is tried.
func (s situation) hampered(row Replica, i Instance) bool {
	stuck := !i.StuckSince.IsZero() && s.now.Sub(i.StuckSince) >= hamperedAfter && s.now.Sub(i.Since) >= hamperedAfter
	return row.Status == StatusInvalid && stuck && s.r.Gate == GateOpen && i.Name != s.r.Voter && s.joined(i) && !i.Ended
}

// hamperedAfter is longer than the 30 s after which a main that reaches it again has
// given up its last call, and found it (see reachedAfter).
const hamperedAfter = 45 * time.Second

// failuresToReseed is how many starts in a row have to fail before an instance's
// data are blamed. A first one fails where the process before it still holds the
// data directory (memgraph-observed 3).
const failuresToReseed = 3

// keepsFailing: it does not answer, and starting it again and again does not help.
func (s situation) keepsFailing(i Instance) bool { return !i.up() && i.Failures >= failuresToReseed }

// disown: who came back without its data cannot take the heir's place any more.
// It leaves the record before it is registered, because that gives it the UUID of
// the main: from then on nothing but its emptiness tells.
func (s situation) disown(i Instance) *decision {
	if !i.StorageKnown {
		return nil
	}
	return s.save(func(r *Record) {
		if r.From == i.Name {
			r.From = ""
		}
		if r.Voter == i.Name {
			r.Voter = ""
		}
	}, "%s came back without its data", i.Name)
}

// fresh: it came up on an empty disk, so it has no history that could be unclean.
func (s situation) fresh(i Instance) bool { return i.StorageKnown && i.Empty && !s.ours(i) }

// mode of a new registration. While the gate is not open nobody's write can
// abort, so the first one is registered as voter at once; else it catches up as
// ASYNC first, because a lagging voter aborts every write (memgraph-observed 3).
func (s situation) mode(main string, i Instance) Mode {
	if s.r.Gate == GateOpen || !s.fit(i) {
		return Async
	}
	for _, row := range s.get(main).Answer.Replicas {
		if row.Mode == StrictSync {
			return Async
		}
	}
	return StrictSync
}

// alien says why an instance's data can never follow this main.
func (s situation) alien(i Instance) string {
	switch {
	case i.Refused == s.r.Reign:
		return "its data are refused as diverged"
	case i.StorageKnown && !i.Empty && !s.ours(i):
		return "it holds another database"
	case s.r.Members[i.Name].WroteAlone() && !s.fresh(i):
		// Its data differ from everybody's, and its position may not show it.
		return "it wrote as main what reached nobody: it " + s.unreplicated(i)
	}
	return ""
}

// quarantine decides to reseed an instance: one at a time, never the voter of a
// main that clients write to. Its data are set aside, not deleted.
func (s situation) quarantine(main string, i Instance, why string) *decision {
	if !s.safeWithout(main, i.Name) {
		return nil
	}
	return s.save(func(r *Record) {
		r.Members[i.Name] = Member{Quarantined: &Quarantine{Reason: why, Since: s.now, Process: i.Process}}
		if r.From == i.Name {
			r.From = "" // it cannot take the heir's place any more
		}
		if r.Voter == i.Name {
			r.Voter = ""
		}
	}, "%s is quarantined: %s", i.Name, why)
}

// safeWithout: the data of the named instance are not needed, because the main
// has every acknowledged write; while clients write to it a ready voter must
// have them too. A main that came back alone proves nothing: its node may have
// lost what was not yet on disk, and then the one it refuses has more. Nor does one
// whose writes reach nobody: it may lose them with its process, and the others are
// then the last that have what was replicated before.
func (s situation) safeWithout(main, name string) bool {
	if !s.get(main).is(RoleMain) || name == s.r.Voter && s.r.Main != "" || s.r.Plan == PlanReturn {
		return false
	}
	if s.unreplicated(s.get(main)) != "" || s.reseeding(name) {
		return false
	}
	if s.r.Gate != GateOpen {
		return true
	}
	row, _ := s.row(main, s.r.Voter)
	return s.get(s.r.Voter).is(RoleReplica) && row.Mode == StrictSync && row.within(0)
}

// reseeding: an instance is quarantined, leaving one out.
func (s situation) reseeding(but string) bool {
	return slices.ContainsFunc(s.others(but), func(i Instance) bool { return s.r.Members[i.Name].Quarantined != nil })
}

// reseed carries a quarantine out and ends it.
func (s situation) reseed(main string, i Instance, q Quarantine) *decision {
	row, listed := s.row(main, i.Name)
	joined := s.r.Members[i.Name].Process == i.Process
	switch {
	case i.Ended:
		return nil
	case (i.Process == q.Process || s.keepsFailing(i)) && s.safeWithout(main, i.Name):
		return do(Step{Do: ActReseed, Instance: i.Name}, "set the data of %s aside and start it empty: %s", i.Name, q.Reason)
	case i.Process == q.Process || !i.up() || !joined && !i.StorageKnown:
		return nil
	case !joined && !i.Empty || s.alien(i) != "":
		return s.save(func(r *Record) {
			r.Members[i.Name] = Member{Quarantined: &Quarantine{Reason: q.Reason, Since: q.Since, Process: i.Process}}
		}, "%s restarted with the data that are to be set aside", i.Name)
	case i.is(RoleMain):
		return do(Step{Do: ActDemote, Instance: i.Name}, "%s was reseeded: make it a replica", i.Name)
	case i.Moving:
		return nil
	case !joined || !listed || row.Status == StatusPhantom || row.Status == StatusInvalid && i.Joined != s.r.Reign:
		return s.rejoin(main, i, q, listed)
	case row.Status == StatusReady || row.Status == StatusReplicating && row.within(s.p.SmallLag):
		// Under steady writes an ASYNC replica is hardly ever seen ready (memgraph-observed 23b).
		return s.save(func(r *Record) { r.Members[i.Name] = Member{Process: i.Process, Reign: s.r.Reign} }, "%s was reseeded and is back", i.Name)
	}
	return nil
}

// rejoin registers a reseeded instance. Its new process counts as clean: it
// started without any history.
func (s situation) rejoin(main string, i Instance, q Quarantine, listed bool) *decision {
	m := s.r.Members[i.Name]
	switch {
	case listed:
		return do(Step{Do: ActDrop, Instance: main, Target: i.Name}, "%s started empty: register it anew", i.Name)
	case m.Process != i.Process || m.Reign != s.r.Reign:
		return s.save(func(r *Record) {
			r.Members[i.Name] = Member{Process: i.Process, Reign: s.r.Reign, Quarantined: &q}
		}, "%s started empty and joins in reign %d", i.Name, s.r.Reign)
	}
	return do(Step{Do: ActRegister, Instance: main, Target: i.Name, Mode: Async}, "register %s, which was reseeded, at %s", i.Name, main)
}
