package topology_test

import (
	"fmt"
	"slices"
	"strings"

	"memgraph-controller/controller/topology"
)

// breaks records that something happened which must never happen.
func (w *world) breaks(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.trace("BROKEN: " + text)
	w.broken = append(w.broken, text)
}

// lacks returns the first acknowledged write that an instance does not hold.
func (d *database) lacks() (id int, missing bool) {
	for ; d.verified < len(d.w.acked); d.verified++ {
		if id := d.w.acked[d.verified]; !d.written[id] {
			return id, true
		}
	}
	return 0, false
}

// check looks at what has to hold at every moment.
func (w *world) check() {
	w.checkSpeakers()
	w.checkModes()
	if !w.forced {
		w.checkHolders()
	}
}

// checkSpeakers: at most one instance can be heard by clients as main.
func (w *world) checkSpeakers() {
	heard := map[string]string{}
	for _, g := range w.gateways {
		d := w.databases[g.upstream]
		if g.passes() && (g.gate == topology.GateOpen || g.pending > 0) && d != nil && d.running() && d.away == g.away && d.role == topology.RoleMain {
			heard[d.name] = g.name
		}
	}
	if len(heard) > 1 {
		w.breaks("two instances can acknowledge writes: %v", heard)
	}
}

// checkModes: one voter at most at whoever is main by the record, never SYNC
// once clients are let in.
func (w *world) checkModes() {
	name := w.record.Main
	if name == "" {
		name = w.record.Heir
	}
	d := w.databases[name]
	if d == nil || d.role != topology.RoleMain || w.record.Plan == topology.PlanBootstrap {
		return
	}
	var voters []string
	for _, r := range d.replicas {
		switch {
		case r.mode == topology.StrictSync && !r.phantom:
			voters = append(voters, r.name)
		case r.mode == topology.Sync:
			w.breaks("%s is registered SYNC at %s", r.name, name)
		}
	}
	if len(voters) > 1 {
		w.breaks("%s has %d voters: %v", name, len(voters), voters)
	}
}

// checkHolders: whom the record names holds every acknowledged write, but for a
// voter that restarted and has not voted since.
func (w *world) checkHolders() {
	if w.record.Epoch == 0 {
		return
	}
	for _, who := range []struct{ what, name string }{
		{"main", w.record.Main}, {"voter", w.record.Voter}, {"heir", w.record.Heir}, {"from", w.record.From},
	} {
		d := w.databases[who.name]
		if d == nil || !w.vouchedFor(d) {
			continue
		}
		id, missing := d.lacks()
		if !missing {
			d.damaged = false
		} else if !d.damaged {
			w.breaks("%s %s lacks acknowledged write %d", who.what, who.name, id)
		}
	}
}

func (w *world) vouchedFor(d *database) bool {
	if alone := w.alone(); alone != "" && alone != d.name {
		return false
	}
	voted := w.record.Members[d.name].Voted
	outlived := w.record.Main == "" && w.outlived[d.name] == w.record.Reign
	return voted == "" || outlived || d.up && voted == d.process()
}

func (w *world) checkAcknowledgement(d *database) {
	givenUp := w.forced && w.noted(w.record, d.name) != nil // until its gateways are closed
	if w.record.Main != d.name && w.record.From != d.name && !givenUp {
		w.breaks("%s acknowledges a write, but the record says main=%s from=%s", d.name, w.record.Main, w.record.From)
	}
}

// checkSave: epochs only grow, by one, and every record can be stored and read.
func (w *world) checkSave(next topology.Record) {
	before, after := w.record, next
	if after.Epoch < before.Epoch || after.Epoch > before.Epoch+1 || after.Reign < before.Reign {
		w.breaks("epoch %d after %d, reign %d after %d", after.Epoch, before.Epoch, after.Reign, before.Reign)
	}
	beforeInstance, beforeGate, beforeDrain := topology.WriteRoute(before)
	afterInstance, afterGate, afterDrain := topology.WriteRoute(after)
	if same := beforeInstance == afterInstance && beforeGate == afterGate && beforeDrain == afterDrain; !same && after.Epoch == before.Epoch {
		w.breaks("the route changed within epoch %d", after.Epoch)
	}
	data, err := topology.Encode(next)
	if err == nil {
		_, err = topology.Decode(data)
	}
	if err != nil {
		w.breaks("the record cannot be stored: %s", err)
	}
}

// checkStep looks at a step before it is done.
func (w *world) checkStep(step topology.Step, view topology.View) {
	i, t := view.Instances[step.Instance], view.Instances[step.Target]
	switch step.Do {
	case topology.ActDrop:
		if t.Health != topology.HealthUp && t.Health != topology.HealthDead {
			w.breaks("DROP of %s, which is %s", t.Name, t.Health)
		}
		w.checkAddress(step, t)
		w.checkUp(step, i)
	case topology.ActRegister:
		w.checkRegister(step, t)
		w.checkAddress(step, t)
		w.checkUp(step, i)
	case topology.ActPromote:
		w.checkPromotion(step.Instance, view)
		w.checkUp(step, i)
	case topology.ActDemote, topology.ActMark, topology.ActEnsureUser:
		w.checkUp(step, i)
	case topology.ActReseed:
		w.checkReseed(step.Instance)
	case topology.ActSave:
		w.checkOpening(step.Record)
	}
}

func (w *world) checkUp(step topology.Step, i topology.Instance) {
	if i.Health != topology.HealthUp {
		w.breaks("%s at %s, which is %s", step.Do, i.Name, i.Health)
	}
}

// checkAddress: no main has to do with an address that may be somebody else's.
func (w *world) checkAddress(step topology.Step, t topology.Instance) {
	if t.Moving {
		w.breaks("%s of %s, whose name may lead elsewhere", step.Do, t.Name)
	}
}

// checkRegister: never SYNC, never to a silent replica, and never while a second
// main could still feed it; the one that a handover leaves stalled has lost its replica
// with the registration elsewhere (memgraph-observed, [09]).
func (w *world) checkRegister(step topology.Step, t topology.Instance) {
	if step.Mode != topology.Async && step.Mode != topology.StrictSync {
		w.breaks("REGISTER of %s as %s", step.Target, step.Mode)
	}
	if t.Health != topology.HealthUp {
		w.breaks("REGISTER of %s, which is %s", t.Name, t.Health)
	}
	for _, name := range w.names {
		m, r := w.databases[name], w.databases[step.Target]
		left := w.record.Plan == topology.PlanHandover && name == w.record.From
		if name != step.Instance && !left && m.observed() && m.role == topology.RoleMain && w.observers[name].health == topology.HealthUp &&
			w.observers[name].answer.Role == topology.RoleMain && m.replica(step.Target) != nil && r.obeys == m.identity {
			w.breaks("REGISTER of %s at %s while main %s still feeds it", step.Target, step.Instance, name)
		}
	}
}

// checkPromotion: every gateway that could still let a client hear an old main
// has carried out the epoch; nobody else says that it is main, but the one that
// a handover leaves stalled; and a promotion that was a choice, and arrives, leaves
// nobody refused who was in sync.
func (w *world) checkPromotion(name string, view topology.View) {
	for _, g := range w.gateways {
		if g.passes() && g.following < w.record.Epoch {
			w.breaks("promotion of %s while gateway %s follows epoch %d of %d", name, g.name, g.following, w.record.Epoch)
		}
	}
	for _, i := range view.Instances {
		left := w.record.Plan == topology.PlanHandover && i.Name == w.record.From
		if i.Name != name && i.Health == topology.HealthUp && i.Answer.Role == topology.RoleMain && !left {
			w.breaks("promotion of %s while %s answers as main", name, i.Name)
		}
	}
	planned := (w.record.Plan == topology.PlanSwitchover || w.record.Plan == topology.PlanRefresh) && w.promoted < w.record.Reign
	if from := w.databases[w.record.From]; planned && from != nil && from.observed() && w.databases[name].observed() {
		w.checkRefusals(name)
	}
}

// checkRefusals: a planned promotion must not leave an instance refused whose
// data are all in the new main, as long as somebody clean was there to choose.
func (w *world) checkRefusals(name string) {
	heir := w.databases[name]
	for _, n := range w.names {
		r := w.databases[n]
		if n == name || !r.observed() || r.damaged || r.storage != heir.storage || w.record.Members[n].Quarantined != nil {
			continue
		}
		if r.ldt() == heir.ldt() && !heir.wouldAccept(r) && w.cleanChoice(name) {
			w.breaks("planned promotion of %s leaves %s refused", name, n)
			return
		}
	}
}

// cleanChoice: somebody else that answers holds the same data, and would have
// accepted everybody.
func (w *world) cleanChoice(name string) bool {
	for _, n := range w.names {
		c := w.databases[n]
		if n == name || !c.observed() || c.terminating || c.spared == w.record.Reign || c.ldt() != w.databases[name].ldt() {
			continue
		}
		accepts := true
		for _, other := range w.names {
			accepts = accepts && (other == n || c.wouldAccept(w.databases[other]))
		}
		if accepts {
			return true
		}
	}
	return false
}

// checkReseed: the data of an instance are set aside only while somebody else
// holds every acknowledged write who answers, as far as the leader can know; two
// while clients write.
func (w *world) checkReseed(name string) {
	holders := 0
	for _, n := range w.names {
		d := w.databases[n]
		if _, missing := d.lacks(); n != name && w.observers[n].health == topology.HealthUp && !missing && (d.ldt() > 0 || len(w.acked) == 0) {
			holders++
		}
	}
	need := 1
	if w.record.Gate == topology.GateOpen {
		need = 2
	}
	if holders < need && !w.forced {
		w.breaks("reseed of %s while only %d others hold every acknowledged write", name, holders)
	}
	if name == w.record.Main || name == w.record.Voter && w.record.Gate == topology.GateOpen || name == w.record.Heir {
		w.breaks("reseed of %s, which the record counts on", name)
	}
}

// checkOpening: the gate opens for a main whose voter has everything, whose
// epoch has a transaction (in analytical mode none counts), and which has users if there are to be any.
func (w *world) checkOpening(next topology.Record) {
	if next.Gate != topology.GateOpen || next.Voter == w.record.Voter && next.Main == w.record.Main {
		return
	}
	m, v := w.databases[next.Main], w.databases[next.Voter]
	if v != nil {
		r := m.replica(next.Voter)
		if r == nil || r.mode != topology.StrictSync || r.phantom {
			w.breaks("the gate opens with voter %s, which %s does not have as such", next.Voter, next.Main)
		} else if v.ldt() < m.ldt() && !v.damaged {
			w.breaks("the gate opens with voter %s, which is behind", next.Voter)
		}
	}
	if n := len(m.history); n > 0 && !m.unmarked && m.history[n-1].ts == m.ldt() && m.history[n-1].epoch != m.epoch {
		w.breaks("the gate opens on %s without a transaction in its database epoch", next.Main)
	}
	if w.policy.Users && !m.users {
		w.breaks("the gate opens on %s without users", next.Main)
	}
}

// settleLosses takes over what a person has accepted: what the main holds once
// the gate opens is what counts.
func (w *world) settleLosses() {
	if m := w.databases[w.record.Main]; w.forced && m != nil && w.record.Gate == topology.GateOpen {
		w.acked = slices.DeleteFunc(w.acked, func(id int) bool { return !m.written[id] })
		for _, d := range w.databases {
			d.verified = 0
		}
		w.forced = false
	}
}

// unhealed says what keeps the cluster from being whole; empty when it is.
func (w *world) unhealed() string {
	var wrong []string
	note := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	r, main := w.record, w.databases[w.record.Main]
	if r.Gate != topology.GateOpen || main == nil {
		return fmt.Sprintf("the gate is %s, main=%q heir=%q plan=%q", r.Gate, r.Main, r.Heir, r.Plan)
	}
	if r.Voter == "" && len(w.names) > 1 {
		note("there is no voter")
	}
	if voter := w.databases[r.Voter]; voter != nil {
		if voted := r.Members[r.Voter].Voted; voted != "" && voted != voter.process() {
			note("voter %s restarted and has not voted since", r.Voter)
		}
	}
	if id, missing := main.lacks(); missing {
		note("main %s lacks acknowledged write %d", main.name, id)
	}
	for _, name := range w.names {
		if name != main.name {
			w.outOfStep(main, w.databases[name], note)
		}
	}
	if unclean := w.unclean(); len(unclean) > 0 && !(len(w.names) == 2 && len(unclean) == 2) {
		note("not clean: %v", unclean)
	}
	return strings.Join(wrong, "; ")
}

// unclean lists whose history is not clean by the record. Of two instances both
// may stay so: neither can begin a new epoch, nor is there a third to turn to.
func (w *world) unclean() []string {
	var names []string
	view := w.view()
	for _, name := range w.names {
		if !topology.Clean(w.record, view.Instances[name]) {
			names = append(names, name)
		}
	}
	return names
}

// outOfStep notes what distinguishes a replica from one in sync.
func (w *world) outOfStep(main, d *database, note func(string, ...any)) {
	row, mode := main.replica(d.name), topology.Async
	if d.name == w.record.Voter {
		mode = topology.StrictSync
	}
	switch {
	case w.record.Members[d.name].Quarantined != nil:
		note("%s is quarantined", d.name)
	case row == nil || row.phantom:
		note("%s is not registered", d.name)
	case row.mode != mode:
		note("%s is registered %s, not %s", d.name, row.mode, mode)
	case row.status != topology.StatusReady:
		note("%s is %s", d.name, row.status)
	case !slices.Equal(d.log, main.log):
		note("the data of %s differ", d.name)
	}
}
