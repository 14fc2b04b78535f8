package topology

import (
	"fmt"
	"slices"
	"strings"
)

// succession is asked while there is no main: failover, switchover, handover,
// refresh, return and the first start are one path.
func (s situation) succession() *decision {
	return first(
		s.chooseByForce,
		s.refuseFailover,
		s.endLongPause,
		s.waitForGateways,
		s.replaceHeir,
		s.fenceMains,
		s.promoteHeir,
		func() *decision { return s.settle(s.r.Heir) },
	)
}

// chooseByForce lets a person name the next main at any time, with the price that
// was shown. It comes before every rule that waits for somebody else. Where the data
// of this cluster are not, there is nothing to choose: the record would forget who
// has them, for an heir that can never be promoted.
func (s situation) chooseByForce() *decision {
	req := s.r.Request
	if req == nil || req.Kind != RequestFailover || !req.Force || req.Target == s.r.Main || !s.get(req.Target).up() ||
		req.Target == s.r.Heir && s.holds(s.get(s.r.Heir)) {
		return nil
	}
	switch target := s.get(req.Target); {
	case s.ours(target):
	case !target.StorageKnown:
		return wait("waiting to learn what data %s holds, which %s has chosen", target.Name, req.By)
	default:
		return s.refuse("%s has none of this cluster's data: choose an instance that has", target.Name)
	}
	d := s.crown(req.Target, PlanFailover, GateClosed, "%s was chosen by %s, giving up what it does not have", req.Target, req.By)
	if alone := s.alone(); alone != "" && alone != req.Target {
		d.step.Record.From, d.step.Record.Voter = "", "" // what it alone has is given up
	}
	m := d.step.Record.Members[req.Target]
	m.Voted, m.Sound = "", false // whom it refuses is given up, and not turned back to
	d.step.Record.Members[req.Target] = m
	return d
}

func (s situation) refuseFailover() *decision {
	if s.r.Request == nil || s.r.Request.Kind != RequestFailover {
		return nil
	}
	return s.refuse("%s is on its way to be main; only `failover --force` to another instance that answers can change that", s.r.Heir)
}

// replaceHeir turns to the old main or the old voter when the heir is lost
// before it has taken a write: all three hold every acknowledged one. One that
// restarted since it was chosen may have been fed by the old main until that was
// demoted, and would refuse the others: it gives way to a clean one, if there is one.
func (s situation) replaceHeir() *decision {
	heir := s.get(s.r.Heir)
	why, unclean := "does not answer", s.restartedHeir(heir)
	switch {
	case unclean:
		why = "restarted and may refuse the others"
	case heir.up() && s.ours(heir) && s.holds(heir):
		return nil
	case heir.up() && s.ours(heir) && s.alone() != "":
		why = fmt.Sprintf("lacks what %s wrote, which %s", s.alone(), s.unreplicated(s.get(s.alone())))
	case heir.up() && s.ours(heir):
		why = "restarted and may lack the last acknowledged write"
	case heir.up() && !heir.StorageKnown:
		return wait("waiting to learn whether %s still holds its data", heir.Name)
	case heir.up():
		why = "came back without its data"
	case !heir.lost():
		return wait("waiting for an answer of %s, which is to be main", heir.Name)
	}
	for _, name := range []string{s.r.From, s.r.Voter} {
		i := s.get(name)
		proven := i.up() && s.ours(i) && s.holds(i) && (s.unreplicated(i) == "" || s.alone() == name)
		if name != heir.Name && proven && (!unclean || s.clean(i) && !i.Terminating) {
			return s.succeed(heir, i, why)
		}
	}
	if unclean {
		return nil
	}
	return wait("%s %s, nor does anybody else answer who holds every acknowledged write (%s): start one of them; `failover --force --to INSTANCE` gives up what another instance does not have",
		heir.Name, why, s.holders())
}

// restartedHeir: the heir is a replica, has everything, and is not the process that
// was chosen. One that was promoted before, and restarted to cure its history, has no
// Voted process any more.
func (s situation) restartedHeir(heir Instance) bool {
	return heir.is(RoleReplica) && s.ours(heir) && s.holds(heir) && !s.clean(heir) && s.r.Members[heir.Name].Voted != ""
}

// succeed puts another holder of all writes in the heir's place. The lost heir
// stays a holder, unless its data are gone.
func (s situation) succeed(heir, next Instance, why string) *decision {
	return s.save(func(r *Record) {
		var holders []string
		for _, name := range []string{r.From, r.Voter, heir.Name} {
			known := slices.Contains(holders, name) || name == "" || name == next.Name
			if !known && (name != heir.Name || heir.lost()) {
				holders = append(holders, name)
			}
		}
		holders = append(holders, "", "")
		r.Heir, r.From, r.Voter = next.Name, holders[0], holders[1]
		r.Gate, r.Plan = GateClosed, PlanFailover
		s.declare(r)
	}, "%s %s: %s holds every acknowledged write too and is main instead", heir.Name, why, next.Name)
}

// fenceMains demotes whoever else says that it is main. A successful demotion
// proves that no commit is in flight there. The one exception is a main that
// stalls behind a silent voter and cannot be demoted: there the gateways, which
// all have confirmed, are what makes the promotion safe.
func (s situation) fenceMains() *decision {
	for _, i := range s.others(s.r.Heir) {
		if i.is(RoleMain) && !s.stalled(i) {
			return do(Step{Do: ActDemote, Instance: i.Name}, "%s still says that it is main: demote it before %s is promoted", i.Name, s.r.Heir)
		}
	}
	return nil
}

// stalled: the main that a handover leaves behind, until it was restarted.
func (s situation) stalled(i Instance) bool {
	m := s.r.Members[i.Name]
	return s.r.Plan == PlanHandover && i.Name == s.r.From && m.Process != "" && m.Process == i.Process
}

// promoteHeir promotes the heir in this reign. One that says it is main but was
// not promoted by this leader for this reign is demoted first: it is the main of
// a refresh, or came back as main, or another leader promoted it and died. A
// new epoch is right for all three, and no client is let in before.
func (s situation) promoteHeir() *decision {
	heir := s.get(s.r.Heir)
	switch {
	case heir.is(RoleReplica):
		return do(Step{Do: ActPromote, Instance: heir.Name}, "promote %s", heir.Name)
	case heir.Crowned == s.r.Reign:
		return nil
	case s.stalled(heir):
		return do(Step{Do: ActRestart, Instance: heir.Name}, "restart %s, which cannot be demoted while it stalls", heir.Name)
	}
	for _, i := range s.others(heir.Name) {
		row, listed := s.row(heir.Name, i.Name)
		if !listed || row.lag() >= 0 || !s.fit(i) {
			continue
		}
		if s.alone() != "" {
			return wait("%s lost writes that %s has, which lacks what %s wrote: it %s: `failover --force --to INSTANCE` chooses whose data count",
				heir.Name, i.Name, heir.Name, s.unreplicated(heir))
		}
		return s.save(func(r *Record) {
			if r.From == heir.Name {
				r.From = "" // it cannot stand in for anybody
			}
			r.Heir, r.Gate, r.Plan = i.Name, GateClosed, PlanFailover
			r.setVoted(i.Name, i.Process)
			s.declare(r)
		}, "%s lost writes that %s has: %s is main instead", heir.Name, i.Name, i.Name)
	}
	return do(Step{Do: ActDemote, Instance: heir.Name}, "begin a new database epoch on %s", heir.Name)
}

// holders lists who holds every acknowledged write.
func (s situation) holders() string {
	var list []string
	for _, name := range []string{s.r.Heir, s.r.From, s.r.Voter} {
		if name != "" && !slices.Contains(list, name) && s.holds(s.get(name)) {
			list = append(list, name)
		}
	}
	return strings.Join(list, ", ")
}
