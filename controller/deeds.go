package controller

import "memgraph-controller/controller/topology"

// deeds is what this leader did to the running processes. A new leader knows
// nothing of it and does it again: every one of these steps may be repeated. It
// belongs to the loop and needs no lock.
type deeds map[string]deed

// deed is what was done to one process.
type deed struct {
	process                 string
	crowned, marked, joined uint64
	users, vouched, ended   bool
	// refused is the reign in which the main process refusedBy refused it.
	refused   uint64
	refusedBy string
}

// of returns what was done to this very process.
func (d deeds) of(i topology.Instance) deed {
	if known := d[i.Name]; known.process == i.Process {
		return known
	}
	return deed{process: i.Process}
}

// recall writes into an instance what was done to it. A refusal counts only as
// long as the process lives that refused.
func (d deeds) recall(i topology.Instance, mainProcess string) topology.Instance {
	known := d.of(i)
	i.Crowned, i.Marked, i.Joined, i.Users, i.Vouched = known.crowned, known.marked, known.joined, known.users, known.vouched
	i.Ended = known.ended
	if known.refusedBy == mainProcess {
		i.Refused = known.refused
	}
	return i
}

// done keeps what a successful step did.
func (d deeds) done(step topology.Step, reign uint64, view topology.View) {
	subject := step.Instance
	if step.Target != "" {
		subject = step.Target
	}
	i := view.Instances[subject]
	known := d.of(i)
	switch step.Do {
	case topology.ActPromote:
		known.crowned, known.marked, known.users = reign, 0, false
	case topology.ActDemote:
		known = deed{process: i.Process}
	case topology.ActRestart, topology.ActReseed:
		known.ended = true
	case topology.ActEnsureUser:
		known.users = true
	case topology.ActMark:
		if step.Target != "" {
			known.vouched = true
		} else {
			known.marked = reign
		}
	case topology.ActRegister:
		known.joined = reign
		known.refused = 0
	case topology.ActDrop:
		known.joined = 0
	default:
		return
	}
	d[subject] = known
}

// refusedAt keeps that a main refused an instance's data.
func (d deeds) refusedAt(step topology.Step, reign uint64, view topology.View) {
	known := d.of(view.Instances[step.Target])
	known.refused, known.refusedBy = reign, view.Instances[step.Instance].Process
	d[step.Target] = known
}
