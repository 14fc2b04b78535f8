package topology

import (
	"cmp"
	"fmt"
	"time"
)

// requestLife bounds how long a wish is kept that could not be granted at once:
// a switchover that happens minutes later surprises whoever asked for it.
const requestLife = 30 * time.Second

// steady is asked while the gate is open. Loss comes first, then what a person
// asked for, then what makes the next loss harmless.
func (s situation) steady() *decision {
	if s.paused() {
		return first(s.chooseByForce, s.honourRequest, func() *decision {
			return wait("paused by %s until %s: nothing is done by itself", s.r.Pause.By, s.r.Pause.Until.UTC().Format("15:04:05Z"))
		})
	}
	return first(
		s.chooseByForce,
		s.replaceLostMain,
		s.awaitData,
		s.withholdWrites,
		s.honourRequest,
		s.evictMain,
		s.replaceVoter,
		s.releaseMain,
		func() *decision { return s.joinAll(s.r.Main) },
		s.electVoter,
		s.vouch,
		s.leaveRestartedMain,
		s.refreshEpoch,
		s.state,
	)
}

// replaceLostMain starts a failover. The voter of the record holds every
// acknowledged write, unless it restarted. Without one only the main itself can
// come back, and if its process is gone the gate is closed, because a main that
// restarts must be refreshed before it takes the first write. Only one that is still
// gone when every gateway has closed has taken none; one that was faster goes on in
// its epoch.
func (s situation) replaceLostMain() *decision {
	why := s.mainLost()
	if why == "" {
		return nil
	}
	heir, none := s.successor()
	switch {
	case heir != "":
		note := ""
		if !s.clean(s.get(heir)) {
			note = "; its history is not clean, so it may have to be restarted once"
		}
		return s.crown(heir, PlanFailover, GateClosed, "main %s is lost (%s): %s follows%s", s.r.Main, why, heir, note)
	case s.get(s.r.Main).Health == HealthSilent:
		return wait("main %s is lost (%s) and %s: waiting for %s; `failover --force --to INSTANCE` gives up what only it has", s.r.Main, why, none, s.r.Main)
	case s.r.Plan != PlanReturn:
		return s.save(func(r *Record) { r.Gate, r.Plan = GateClosed, PlanReturn }, "main %s is lost (%s) and %s: clients must not reach it when it returns", s.r.Main, why, none)
	default:
		if d := s.waitForGateways(); d != nil {
			return d
		}
		return s.crown(s.r.Main, PlanReturn, GateClosed, "main %s is lost (%s) and %s: waiting for its return", s.r.Main, why, none)
	}
}

// mainLost says why the main counts as lost; empty when it does not.
func (s situation) mainLost() string {
	main := s.get(s.r.Main)
	switch {
	case main.Health == HealthDead:
		return "its process is gone"
	case main.Health == HealthSilent:
		return "it does not answer"
	case main.up() && main.StorageKnown && !s.ours(main):
		return "it came back without its data"
	case main.is(RoleReplica):
		return "it says that it is a replica"
	}
	return ""
}

// awaitData: a main that restarted may hold its data or an empty disk. Either
// asks for something else, and neither takes long to learn: to call it lost
// before would begin a new epoch on a main that clients may have written to.
func (s situation) awaitData() *decision {
	if main := s.get(s.r.Main); main.up() && !s.ours(main) {
		return wait("waiting to learn whether main %s, which restarted, still holds its data", main.Name)
	}
	return nil
}

// honourRequest does what a person asked for, or says why not and forgets it.
func (s situation) honourRequest() *decision {
	req := s.r.Request
	if req == nil {
		return nil
	}
	if d := s.refuseUnreplicated(); d != nil {
		return d
	}
	target := req.Target
	if target == "" {
		target = s.r.Voter
	}
	t := s.get(target)
	switch {
	case target == "":
		return s.refuse("there is no voter to take over; name a target")
	case target == s.r.Main:
		return s.refuse("%s is the main", target)
	case req.Kind == RequestFailover && target == s.r.Voter && t.is(RoleReplica) && s.holds(t) && s.unreplicated(t) == "":
		return s.crown(target, PlanFailover, GateClosed, "failover to %s asked for by %s", target, req.By)
	case !s.fit(t):
		return s.refuse("%s is not fit to be main: %s", target, s.unfit(t))
	}
	if row, _ := s.row(s.r.Main, target); row.lag() < 0 {
		return s.refuse("%s is ahead of %s, which has lost something", target, s.r.Main)
	}
	switch why := s.notYet(t); {
	case s.now.Sub(req.At) > requestLife:
		return s.refuse("it could not be done within %s: %s", requestLife, cmp.Or(why, "there was something else to do"))
	case why != "":
		return nil // all other rules go on; state says what it waits for
	}
	return s.pause(PlanSwitchover, "switchover from %s to %s asked for by %s", s.r.Main, target, req.By)
}

// notYet says why a switchover to an instance that is fit cannot begin at this
// moment; empty when it can. It may pass by itself: under load an ASYNC replica
// is in recovery now and then, and a busy machine lets one lag for seconds.
func (s situation) notYet(target Instance) string {
	row, listed := s.row(s.r.Main, target.Name)
	switch moving := s.moving(); {
	case !listed:
		return fmt.Sprintf("%s is not registered at %s", target.Name, s.r.Main)
	case !row.within(s.p.SmallLag):
		return fmt.Sprintf("%s lags too far behind %s", target.Name, s.r.Main)
	case moving != "":
		return fmt.Sprintf("not every main finds %s, which has moved", moving)
	case !s.clean(target):
		return fmt.Sprintf("%s would refuse the others: it needs a new database epoch", target.Name)
	}
	return ""
}

// moving names a replica that a new main could not register at once; empty where
// there is none.
func (s situation) moving() string {
	for _, i := range s.others(s.r.Main) {
		if i.Moving {
			return i.Name
		}
	}
	return ""
}

func (s situation) refuse(format string, args ...any) *decision {
	return s.save(func(r *Record) { r.Request = nil }, string(s.r.Request.Kind)+" refused: "+format, args...)
}

// unfit says why an instance cannot be voter or heir.
func (s situation) unfit(i Instance) string {
	switch {
	case !i.up():
		return "it does not answer"
	case !i.is(RoleReplica):
		return "it is not a replica"
	case i.Terminating:
		return "it is being stopped"
	case s.r.Members[i.Name].Quarantined != nil:
		return "it is quarantined"
	case i.Refused == s.r.Reign:
		return "its data have diverged"
	case s.unreplicated(i) != "":
		return "it " + s.unreplicated(i)
	default:
		return "it holds other data"
	}
}

// evictMain moves the main off a pod that is being stopped: to a clean voter if
// there can be one, else to the voter all the same, as its loss would.
func (s situation) evictMain() *decision {
	voter := s.get(s.r.Voter)
	if !s.get(s.r.Main).Terminating || !s.fit(voter) {
		return nil
	}
	if !s.clean(voter) {
		if d := first(s.vouch, s.refreshEpoch, s.electCleanVoter); d != nil {
			return d
		}
	}
	return s.leaveMain("main %s is being stopped: switching over to %s", s.r.Main, voter.Name)
}

// leaveMain begins a switchover to the voter. Whoever asked for one to another
// instance, which is not possible yet, is not waited for.
func (s situation) leaveMain(format string, args ...any) *decision {
	d := s.pause(PlanSwitchover, format, args...)
	d.step.Record.Request = nil
	return d
}

// replaceVoter begins to give the vote of a replica that cannot cast it to
// another. Until the main is about to lose it (see unvote) it stays the one that
// holds every acknowledged write.
func (s situation) replaceVoter() *decision {
	if s.r.Voter == "" {
		return nil
	}
	voter, other := s.get(s.r.Voter), s.candidate(s.r.Main, false)
	row, listed := s.row(s.r.Main, voter.Name)
	switch {
	case voter.Health == HealthSilent && s.get(s.r.Main).is(RoleMain) && (other != "" || s.startsFast(s.get(s.r.Main)) && (s.recovering() || s.p.DegradeAfter > 0)):
		return s.beginHandover(voter.Name)
	case voter.Health == HealthDead && other != "":
		return s.changeVoter("its process is gone")
	case voter.Health == HealthDead && s.p.DegradeAfter > 0 && s.now.Sub(voter.Since) > s.p.DegradeAfter:
		return s.save(func(r *Record) { r.Voter = "" }, "voter %s has been gone for longer than %s: %s goes on WITHOUT A VOTER; its loss would lose writes", voter.Name, s.p.DegradeAfter, s.r.Main)
	case voter.Health == HealthDead, voter.Health == HealthSilent:
		return wait("voter %s does not answer and no other replica can vote: %s refuses writes until it returns", voter.Name, s.r.Main)
	case s.unreplicated(voter) != "" && other != "":
		return s.changeVoter("it " + s.unreplicated(voter))
	case voter.Terminating && other != "":
		return s.changeVoter("it is being stopped")
	case !voter.up() || !s.get(s.r.Main).is(RoleMain):
		return nil
	case voter.is(RoleMain) || !listed || row.Mode != StrictSync || row.Status == StatusPhantom || row.Address != voter.Replication:
		return s.save(func(r *Record) { r.Voter, r.Gate, r.Plan = "", GatePaused, PlanVoter },
			"main %s does not have %s as voter", s.r.Main, voter.Name)
	case row.Status != StatusReady && row.Status != StatusReplicating && s.now.Sub(voter.Started) > s.p.VoterGrace && !voter.Moving && other != "":
		return s.changeVoter("it is up but not ready")
	}
	return nil
}

// releaseMain drops a voter that the record does not count on any more.
func (s situation) releaseMain() *decision {
	if s.r.Voter != "" || !s.get(s.r.Main).is(RoleMain) {
		return nil
	}
	return s.dropDead(s.r.Main)
}

// recovering: a replica is being brought up to date and lacks little.
func (s situation) recovering() bool {
	for _, i := range s.others(s.r.Main) {
		row, _ := s.row(s.r.Main, i.Name)
		if s.fit(i) && row.Status == StatusRecovery && row.lag() <= s.p.SmallLag {
			return true
		}
	}
	return false
}

func (s situation) changeVoter(why string) *decision {
	return s.pause(PlanVoter, "voter %s is replaced: %s", s.r.Voter, why)
}

// electVoter gives the vote to a replica when nobody has it.
func (s situation) electVoter() *decision {
	if main := s.get(s.r.Main); s.r.Voter != "" || !main.is(RoleMain) || s.unreplicated(main) != "" {
		return nil
	}
	if c := s.candidate(s.r.Main, false); c != "" {
		return s.pause(PlanVoter, "%s becomes the voter", c)
	}
	for _, i := range s.others(s.r.Main) {
		if i.is(RoleReplica) && i.Refused == s.r.Reign && !s.reseeding("") {
			return s.pause(PlanVoter, "%s refuses %s and has no voter: its data have to be set aside while nobody writes", s.r.Main, i.Name)
		}
	}
	return nil
}

// electCleanVoter gives the vote to a replica that can be promoted as it is.
func (s situation) electCleanVoter() *decision {
	if c := s.candidate(s.r.Main, true); c != "" {
		return s.pause(PlanVoter, "%s becomes the voter: its history is clean, that of %s is not", c, s.r.Voter)
	}
	return nil
}

// candidate is the best replica that could become the voter in a short pause:
// clean before unclean, little lag before much. Empty when there is none.
func (s situation) candidate(main string, cleanOnly bool) string {
	best, bestRow := "", Replica{}
	if s.unreplicated(s.get(main)) != "" {
		return "" // who has everything that it has, nobody can tell
	}
	for _, i := range s.others(main) {
		row, _ := s.row(main, i.Name)
		if i.Name == s.r.Voter || !s.fit(i) || i.Moving || !row.within(s.p.SmallLag) || cleanOnly && !s.clean(i) {
			continue
		}
		if best == "" || s.clean(i) && !s.clean(s.get(best)) || s.clean(i) == s.clean(s.get(best)) && row.Behind > bestRow.Behind {
			best, bestRow = i.Name, row
		}
	}
	return best
}

func (s situation) pause(plan Plan, format string, args ...any) *decision {
	return s.save(func(r *Record) { r.Gate, r.Plan = GatePaused, plan }, format, args...)
}

// state says what there is to say when nothing is to be done.
func (s situation) state() *decision {
	main := s.get(s.r.Main)
	switch {
	case !main.up():
		return wait("main %s is %s: not enough evidence to act", main.Name, main.Health)
	case s.unreplicated(main) != "":
		return wait("%s takes writes that reach no replica, because it %s: its loss would lose them: %s", main.Name, s.unreplicated(main), s.remedy(main))
	case s.r.Voter == "":
		return wait("%s takes writes without a voter: its loss would lose what no replica has received", main.Name)
	case !s.get(s.r.Voter).up():
		return wait("voter %s is %s: not enough evidence to act", s.r.Voter, s.get(s.r.Voter).Health)
	}
	if voter := s.get(s.r.Voter); s.unreplicated(voter) != "" {
		return wait("%s takes writes, but nobody would follow it by itself: voter %s %s, and no other replica can vote: correct the setting and restart %s",
			main.Name, voter.Name, s.unreplicated(voter), voter.Name)
	}
	if req := s.r.Request; req != nil {
		return wait("%s takes writes; the %s that %s asked for waits: %s", main.Name, req.Kind, req.By,
			s.notYet(s.get(cmp.Or(req.Target, s.r.Voter))))
	}
	for _, i := range s.others(main.Name) {
		if row, listed := s.row(main.Name, i.Name); !s.fit(i) || !listed || !row.within(s.p.SmallLag) {
			return wait("%s takes writes, %s votes; %s is not in sync yet", main.Name, s.r.Voter, i.Name)
		}
	}
	return wait("%s takes writes, %s votes, all replicas are in sync", main.Name, s.r.Voter)
}
