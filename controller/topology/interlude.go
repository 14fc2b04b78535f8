package topology

import "time"

// interlude is asked while the main stays but the gate is not open.
func (s situation) interlude() *decision {
	return first(
		s.chooseByForce,
		s.refuseUnreplicated,
		s.replaceLostMain,
		s.endLongPause,
		s.awaitData,
		s.waitForGateways,
		s.switchOver,
		s.handOver,
		s.refresh,
		func() *decision { return s.settle(s.r.Main) },
	)
}

// endLongPause closes a gate that was paused for too long: a paused client
// hangs, a cut one learns that it has to wait.
func (s situation) endLongPause() *decision {
	if s.r.Gate != GatePaused || s.now.Sub(s.r.Since) <= s.p.PauseLimit {
		return nil
	}
	return s.save(func(r *Record) { r.Gate = GateClosed }, "the pause for %s takes longer than %s: sessions are cut", s.r.Plan, s.p.PauseLimit)
}

// switchOver goes from a quiet main to its successor: when the main says, after
// the gateways have stopped, that it has everything. A voter is asked about too:
// where the second phase of a commit did not reach it, it lacks an acknowledged
// write until the next heartbeat (memgraph.md F.2.1), and here is time to wait.
// Another target is not left to the heartbeat, which is up to a second away.
func (s situation) switchOver() *decision {
	if s.r.Plan != PlanSwitchover {
		return nil
	}
	target := s.r.Voter
	if s.r.Request != nil && s.r.Request.Target != "" {
		target = s.r.Request.Target
	}
	t, main := s.get(target), s.get(s.r.Main)
	if !s.fit(t) {
		return s.reopen("switchover given up: %s is not fit to be main any more: %s", target, s.unfit(t))
	}
	if !s.clean(t) && (target != s.r.Voter || !main.Terminating || first(s.refreshEpoch, s.electCleanVoter) != nil) {
		return s.reopen("switchover given up: %s restarted and would refuse the others", target)
	}
	if target == s.r.Voter && !s.holds(t) {
		if d := s.vouch(); d != nil {
			return d
		}
		return wait("waiting for %s, which restarted, to show that it has everything that %s has", target, main.Name)
	}
	row, listed := s.row(main.Name, target)
	if !s.heard(main) || !listed || !row.caughtUp() {
		if s.now.Sub(s.r.Since) > s.catchUpLimit() {
			return s.reopen("switchover given up: %s does not catch up", target)
		}
		if s.heard(main) && target != s.r.Voter && s.straggles(main.Name, t) {
			return do(Step{Do: ActRegister, Instance: main.Name, Target: target, Mode: Async},
				"%s has missed a transaction: register it anew, which brings it up to date at once", target)
		}
		return wait("waiting for %s to have everything that %s has", target, main.Name)
	}
	return s.crown(target, PlanSwitchover, GateClosed, "clients are quiet: %s follows %s", target, main.Name)
}

// catchUpLimit is how long after the beginning of a pause its target may lack something:
// five sixths of the pause, 2.5 s of 3. A controller that was deleted by force costs the
// first 1.75 s for as long as it is remembered, 15 s, and whoever is asked only then needs
// time to answer; with half of the pause no switchover was possible in that time.
func (s situation) catchUpLimit() time.Duration { return s.p.PauseLimit * 5 / 6 }

// beginHandover closes the gate: from then on nothing is acknowledged, not even
// what a pause would leave alone.
func (s situation) beginHandover(silent string) *decision {
	return s.save(func(r *Record) { r.Gate, r.Plan = GateClosed, PlanHandover },
		"voter %s is silent and stalls main %s: handing over", silent, s.r.Main)
}

// handOver goes from a main that stalls behind a silent voter to a replica of
// which that main itself says, after the gateways have closed, that it has
// everything. Nothing can have been acknowledged since: the voter is gone. The
// replica may be shown as replicating, because the stalled commit is on its way
// to it; that one was never acknowledged (memgraph-observed 20 M).
//
// Under load an ASYNC replica often misses a transaction, and is brought up to
// date by the main a moment later; while the main stalls it is not. Then the
// main is restarted where that is known to be fast: it has everything, and comes
// back without the commit that stalls it.
func (s situation) handOver() *decision {
	if s.r.Plan != PlanHandover {
		return nil
	}
	main := s.get(s.r.Main)
	if voter := s.get(s.r.Voter); voter.is(RoleReplica) {
		return s.reopen("voter %s answers again", voter.Name)
	}
	best := ""
	for _, i := range s.others(main.Name) {
		row, listed := s.row(main.Name, i.Name)
		has := listed && row.Behind == 0 && (row.Status == StatusReady || row.Status == StatusReplicating)
		if i.Name != s.r.Voter && s.fit(i) && has && (best == "" || s.clean(i) && !s.clean(s.get(best))) {
			best = i.Name
		}
	}
	switch {
	case !s.heard(main):
		return wait("waiting for %s to say that a replica has everything", main.Name)
	case best != "":
		return s.crown(best, PlanHandover, GateClosed, "%s says that %s has every write: it takes over", main.Name, best)
	case s.now.Sub(s.r.Since) < straggle:
		return wait("waiting for a replica to receive what %s has sent", main.Name)
	case s.startsFast(main):
		return s.crown(main.Name, PlanHandover, GateClosed, "no replica has every write, and %s stalls behind the silent voter %s: it is restarted", main.Name, s.r.Voter)
	}
	return wait("waiting for %s, which stalls behind the silent voter %s for up to 30 s: no replica has every write, and its own restart may take longer than that", main.Name, s.r.Voter)
}

// straggle is how long a transaction that was sent to an ASYNC replica may take
// to be shown as received.
const straggle = 300 * time.Millisecond

func (s situation) reopen(format string, args ...any) *decision {
	return s.save(func(r *Record) { r.Gate, r.Plan, r.Request = GateOpen, PlanNone, nil }, format, args...)
}
