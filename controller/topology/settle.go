package topology

import (
	"cmp"
	"slices"
	"strings"
)

// settle makes a main whose gate is not open ready for clients: every reachable
// replica registered (this fences them from an old main), one of them the
// voter, the marker transaction done; then it opens the gate.
func (s situation) settle(main string) *decision {
	return first(
		func() *decision { return s.awaitMain(main) },
		func() *decision { return s.createUsers(main) },
		func() *decision { return s.clearOldMain(main) },
		func() *decision { return s.dropDead(main) },
		func() *decision { return s.joinAll(main) },
		func() *decision { return s.giveVote(main) },
		func() *decision { return s.turnBack(main) },
		func() *decision { return s.cureRefusal(main) },
		func() *decision { return s.open(main) },
	)
}

func (s situation) awaitMain(main string) *decision {
	if i := s.get(main); !i.is(RoleMain) {
		return wait("waiting for an answer of main %s, which is %s", main, i.Health)
	}
	return nil
}

// createUsers: replicas lose their users when they are registered, so a new main
// would accept any credentials (memgraph-observed 21).
func (s situation) createUsers(main string) *decision {
	if !s.p.Users || s.get(main).Users {
		return nil
	}
	return do(Step{Do: ActEnsureUser, Instance: main}, "create the configured users on %s, which lost them as a replica", main)
}

// clearOldMain restarts the main that a handover left stalled: it cannot be
// demoted before its commit gives up, and it is needed as a replica. Its end takes a
// pod 4 s. Where another replica can vote it is not waited for: who is registered at the
// new main takes nothing from the old one any more. Where only the silent voter is left,
// that may wake up and end the stalled commit with the old main: it is not asked before.
func (s situation) clearOldMain(main string) *decision {
	for _, i := range s.others(main) {
		switch {
		case !i.is(RoleMain) || !s.stalled(i):
		case !i.Terminating && !i.Ended:
			return do(Step{Do: ActRestart, Instance: i.Name}, "restart %s, which still stalls behind the silent voter", i.Name)
		case !s.anotherVotes(main):
			return wait("waiting for the end of %s, which stalls behind the silent voter", i.Name)
		}
	}
	return nil
}

// anotherVotes: besides the voter of before there is a replica that could vote.
func (s situation) anotherVotes(main string) bool {
	return slices.ContainsFunc(s.others(main), func(i Instance) bool { return i.Name != s.r.Voter && s.fit(i) })
}

// dropDead removes a voter whose process is gone, because writes abort while it
// is registered. A silent one is never dropped: that kills the main
// (memgraph-observed 1.2); the vote goes on with the main itself, which hands
// over to the replica that has everything.
func (s situation) dropDead(main string) *decision {
	for _, row := range s.get(main).Answer.Replicas {
		i := s.get(row.Name)
		switch {
		case row.Mode == Async || !i.lost():
		case i.Moving:
			return s.shedVoter(main, i)
		case i.Health == HealthDead && s.unvote(i.Name) != nil:
			return s.unvote(i.Name)
		case i.Health == HealthDead:
			return do(Step{Do: ActDrop, Instance: main, Target: i.Name}, "drop %s: its process is gone, and as %s replica it blocks writes", i.Name, row.Mode)
		case s.bestVoter(main) == "":
		case s.r.Main != "":
			return s.beginHandover(i.Name)
		default:
			return s.save(func(r *Record) {
				r.From, r.Heir, r.Plan, r.Gate = main, s.bestVoter(main), PlanHandover, GateClosed
				r.setVoted(r.Heir, s.get(r.Heir).Process)
				s.declare(r)
			},
				"%s is silent and stalls %s: %s, which has everything, takes over", i.Name, main, s.bestVoter(main))
		}
	}
	return nil
}

// shedVoter frees a main of a voter that it may not drop: a demotion clears its
// list, and waits for the connection to an address that swallows packets for 5 s
// at most (memgraph-observed 20 N). Not where that would poison its history, nor
// before another replica can vote.
func (s situation) shedVoter(main string, voter Instance) *decision {
	if s.r.Main == "" || s.bestVoter(main) == "" || !s.clean(s.get(main)) {
		return wait("waiting until %s finds %s, which has moved", main, voter.Name)
	}
	if d := s.unvote(voter.Name); d != nil {
		return d
	}
	return s.crown(main, PlanRefresh, s.r.Gate, "%s cannot find voter %s, which has moved: a new database epoch begins without it", main, voter.Name)
}

// giveVote makes the best caught-up replica the one STRICT_SYNC replica: never a
// second one beside a voter of which nobody knows yet what became of it. One that
// has missed a transaction is caught up by its next registration at once, and
// otherwise by a heartbeat up to a second later; nobody writes meanwhile. Where the
// policy lets writes go on with nobody to vote, whoever lags must not be registered
// as voter either: it would abort them all.
func (s situation) giveVote(main string) *decision {
	best := cmp.Or(s.bestVoter(main), s.straggler(main))
	why := best + " does"
	if best == "" {
		if !s.degraded() {
			return nil
		}
		why = "it lags, and writes go on without it"
	}
	for _, row := range s.get(main).Answer.Replicas {
		switch {
		case row.Mode != StrictSync || row.Name == best:
		case row.caughtUp() && s.get(row.Name).up() && !s.get(row.Name).StorageKnown:
			// It was just registered. To pass the vote on before its data are known
			// again would go on for ever between two that restarted.
			return wait("waiting to learn what data voter %s holds", row.Name)
		case s.unvote(row.Name) != nil:
			return s.unvote(row.Name)
		case s.get(row.Name).Moving:
			return s.shedVoter(main, s.get(row.Name))
		case s.get(row.Name).is(RoleReplica) && s.get(row.Name).Terminating:
			return do(Step{Do: ActDrop, Instance: main, Target: row.Name}, "%s is being stopped and votes no more: %s", row.Name, why)
		case s.get(row.Name).is(RoleReplica):
			return do(Step{Do: ActRegister, Instance: main, Target: row.Name, Mode: Async}, "%s votes no more: %s", row.Name, why)
		default:
			return wait("waiting to learn what becomes of %s, which is registered as voter of %s", row.Name, main)
		}
	}
	switch row, listed := s.row(main, best); {
	case !listed:
		return nil
	case row.Mode != StrictSync:
		return do(Step{Do: ActRegister, Instance: main, Target: best, Mode: StrictSync}, "%s becomes the voter", best)
	case row.Status != StatusInvalid || row.lag() > 0:
		return nil
	case s.unvote(best) != nil:
		return s.unvote(best)
	}
	// It has everything, and is not ready: a main whose history is poisoned took it
	// while it lacked writes and refuses it now. Only another registration says so;
	// until then it aborts every transaction, the marker too, for ever.
	return do(Step{Do: ActDrop, Instance: main, Target: best}, "voter %s has everything and is not ready: register it anew to learn whether it is refused", best)
}

// straggler is a replica that could vote if it were registered anew; clean before
// unclean.
func (s situation) straggler(main string) string {
	best := ""
	if s.unreplicated(s.get(main)) != "" {
		return ""
	}
	for _, i := range s.others(main) {
		if s.straggles(main, i) && (best == "" || s.clean(i) && !s.clean(s.get(best))) {
			best = i.Name
		}
	}
	return best
}

// straggles: the replica answers and lacks little, but missed a transaction that
// others got, or was left in the midst of one that was aborted: its main shows it
// as invalid, or as replicating although nobody writes, until the next
// transaction. Under load every ASYNC replica is one now and then.
func (s situation) straggles(main string, i Instance) bool {
	row, listed := s.row(main, i.Name)
	missed := row.Status == StatusInvalid || row.Status == StatusReplicating
	return listed && missed && row.within(s.p.SmallLag) && s.fit(i) && !i.Moving
}

// unvote: the record loses a voter before its main does, because an answer that
// a pause left alone may still reach its client.
func (s situation) unvote(name string) *decision {
	if s.r.Main == "" || s.r.Voter != name {
		return nil
	}
	return s.save(func(r *Record) { r.Voter = "" }, "%s is about to lose the vote at %s", name, s.r.Main)
}

// bestVoter is the replica that should vote: fit, with everything that the main
// has; clean before unclean, the present STRICT_SYNC one before others, so that
// the vote does not wander.
func (s situation) bestVoter(main string) string {
	best, bestScore := "", 0
	if s.unreplicated(s.get(main)) != "" {
		return "" // who has everything that it has, nobody can tell
	}
	for _, i := range s.others(main) {
		row, listed := s.row(main, i.Name)
		if !listed || !row.caughtUp() || !s.fit(i) || i.Moving && row.Mode != StrictSync {
			continue
		}
		score := 1
		if s.clean(i) {
			score += 4
		}
		if row.Mode == StrictSync {
			score += 2
		}
		if score > bestScore {
			best, bestScore = i.Name, score
		}
	}
	return best
}

// turnBack makes somebody main whom the heir, whose history is sound, refuses, where
// nobody else can vote: who is refused has more. The old main was killed between its
// commit and the voter's decision, or the silent voter woke up and ended with it the
// commit that stalled both; nobody was told of that write. Nor has anybody written to the
// heir yet, which whoever has more accepts. To keep the heir would cost the data of all
// who have that write. It happened in 3 of 387 failovers of a soak, and cost 14.7 s
// without a main and two reseeds once. Who is refused may have the write from an old main
// that is still starting.
func (s situation) turnBack(heir string) *decision {
	refused := s.r.Main == "" && s.r.From != "" && s.refused() != "" && s.bestVoter(heir) == ""
	if !refused || !s.sound(heir) || s.get(heir).Marked == s.r.Reign {
		return nil
	}
	// The voter before the old main, which is still being started.
	for _, name := range []string{s.r.Voter, s.r.From} {
		if i := s.get(name); s.hasMore(i) {
			return s.save(func(r *Record) {
				// Once: should this one refuse its heir too, that is reseeded.
				r.Heir, r.From, r.Voter, r.Gate, r.Plan = name, "", heir, GateClosed, PlanFailover
				s.declare(r)
				m := r.Members[name]
				m.Sound = true
				r.Members[name] = m
			}, "%s has more than %s, which refuses it, and nobody has written to %s yet: %s is main instead", name, heir, heir, name)
		}
	}
	if from := s.get(s.r.From); !from.up() && s.now.Sub(s.r.Since) < s.p.FastRecovery {
		return wait("%s refuses %s: waiting for %s, which may have the same write and accept everybody", heir, s.refused(), from.Name)
	}
	return nil
}

// hasMore: the main refuses a replica that has every acknowledged write.
func (s situation) hasMore(i Instance) bool {
	return i.Refused == s.r.Reign && i.is(RoleReplica) && !i.Terminating && s.ours(i) && s.holds(i)
}

// sound: whom the heir refuses has a write that the heir lacks. The heir's own history
// is not to blame, and no restart of it would help.
func (s situation) sound(heir string) bool {
	m := s.r.Members[heir]
	return m.Sound && m.Process == s.get(heir).Process
}

// cureRefusal heals a main that refuses everybody, though it held every acknowledged
// write. Where its history may be poisoned, a restart cures it as long as it took no
// snapshot since its promotion, so only at once and only where its start is fast; else
// the others are reseeded one at a time.
func (s situation) cureRefusal(name string) *decision {
	if s.bestVoter(name) != "" {
		return nil
	}
	main, m := s.get(name), s.r.Members[name]
	if s.unreplicated(main) != "" {
		return nil // a restart could cost what only it has, and a reseed the last good copy
	}
	curable := m.Process != "" && m.Process == main.Process && !m.Sound && s.startsFast(main) && s.r.Main == ""
	for _, i := range s.others(name) {
		if s.alien(i) == "" || !i.is(RoleReplica) {
			continue
		}
		restart := curable && i.Refused == s.r.Reign
		switch {
		case main.Ended:
			return wait("waiting for the restart of %s, which refuses %s", name, i.Name)
		case s.r.Main == "" && m.Voted != "":
			// It was promoted as the process that voted. From here on its data count
			// whichever process runs on them, or nobody's would if it ended now.
			return s.save(func(r *Record) { r.setVoted(name, "") }, "%s, which has every acknowledged write, is about to be restarted or to be left alone", name)
		case s.r.Main == "" && !restart && main.Marked != s.r.Reign && (s.r.From != "" || s.r.Voter != ""):
			// Once it is written to, two have what the other lacks. Either, turned to when the
			// other ends, would refuse it: they took turns for 54 s.
			return s.save(func(r *Record) { r.From, r.Voter = "", "" }, "%s is about to be written to: nobody else takes its place any more", name)
		case !restart && main.Marked != s.r.Reign:
			return s.mark(name) // or the reseeded one would know only the poisoned epoch and be refused again
		case restart:
			return do(Step{Do: ActRestart, Instance: name}, "%s refuses %s although it holds every acknowledged write: its history is poisoned, a restart cures it", name, i.Name)
		}
		return s.quarantine(name, i, s.alien(i))
	}
	return nil
}

// open runs the marker transaction and opens the gate.
func (s situation) open(main string) *decision {
	voter, why := s.bestVoter(main), s.unreplicated(s.get(main))
	switch {
	case voter == "" && !s.degraded() && why != "":
		return wait("%s %s: what it writes reaches no replica, so none can vote (policy strict: no write is taken that only one instance holds): %s", main, why, s.remedy(s.get(main)))
	case voter == "" && !s.degraded() && s.refused() != "":
		return wait("%s came back alone and refuses the data of %s, which may have more: `failover --force --to INSTANCE` chooses whose data count", main, s.refused())
	case voter == "" && !s.degraded():
		return wait("waiting for a replica that has everything to become the voter of %s (policy strict: no write is taken that only one instance holds)%s", main, s.whoCannotVote(main))
	case voter != "" && !s.vouched(s.get(voter)):
		return s.askForVote(main, voter)
	case s.get(main).Marked != s.r.Reign:
		return s.mark(main)
	}
	reason := "main " + main + ", voter " + voter
	switch {
	case voter == "" && why != "":
		reason = "main " + main + " WITHOUT A VOTER: it " + why + ", so what it writes reaches no replica; the loss of " + main + " would lose writes"
	case voter == "":
		reason = "main " + main + " WITHOUT A VOTER: no replica was ready in time; the loss of " + main + " would lose writes"
	}
	return s.save(func(r *Record) {
		r.Main, r.Voter, r.Heir, r.From, r.Gate, r.Plan = main, voter, "", "", GateOpen, PlanNone
		i := s.get(main)
		if i.StorageKnown {
			r.Database = i.Database
		}
		if i.Crowned == r.Reign {
			r.Members[main] = Member{Process: i.Process, Reign: r.Reign, Unreplicated: r.Members[main].unreplicatedAs(i.Process)}
		}
		r.setVoted(main, "")
		if voter != "" {
			r.setVoted(voter, s.get(voter).Process)
		}
	}, "%s", reason)
}

// degraded: the policy lets writes go on without a voter by now.
func (s situation) degraded() bool {
	return s.p.DegradeAfter > 0 && s.now.Sub(s.r.Since) > s.p.DegradeAfter
}

// refused lists whose data the main refuses.
func (s situation) refused() string {
	var list []string
	for _, name := range s.names {
		if s.get(name).Refused == s.r.Reign {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}

func (s situation) mark(main string) *decision {
	return do(Step{Do: ActMark, Instance: main}, "marker transaction: an epoch without one counts for nothing")
}
