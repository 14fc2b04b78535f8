package explore

import (
	"hash/maphash"
	"time"
	"unsafe"

	"memgraph-controller/controller/topology"
)

// The compact record's plans and flows, and the actions, are indexes of these.
var (
	plans = []topology.Plan{topology.PlanNone, topology.PlanBootstrap, topology.PlanFailover, topology.PlanSwitchover,
		topology.PlanHandover, topology.PlanRefresh, topology.PlanVoter, topology.PlanReturn}
	flows   = []topology.Gate{topology.GateClosed, topology.GatePaused, topology.GateOpen}
	actions = []topology.Action{topology.ActWait, topology.ActSave, topology.ActDemote, topology.ActPromote, topology.ActRegister,
		topology.ActDrop, topology.ActMark, topology.ActRestart, topology.ActReseed}
	modes  = []topology.Mode{"", topology.Async, topology.StrictSync}
	states = []topology.Status{topology.StatusInvalid, topology.StatusReady, topology.StatusReplicating, topology.StatusRecovery}
	health = []topology.Health{topology.HealthUp, topology.HealthSuspect, topology.HealthSilent, topology.HealthDead}
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	// ages are how long the record's epoch has lasted: below every limit, longer
	// than a replica may straggle, than a switchover waits, than a pause may last.
	ages = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, 1600 * time.Millisecond, 3500 * time.Millisecond}
)

const (
	planSwitchover = 3
	planHandover   = 4
	planRefresh    = 5

	actWait     = 0
	actSave     = 1
	actDemote   = 2
	actPromote  = 3
	actRegister = 4
	actDrop     = 5
	actMark     = 6
	actRestart  = 7
	actReseed   = 8
)

const (
	healthUp uint8 = iota
	healthSuspect
	healthSilent
	healthDead
)

func index[T comparable](list []T, value T) uint8 {
	for n, v := range list {
		if v == value {
			return uint8(n)
		}
	}
	panic("not in the model")
}

// number of an instance's name.
func number(text string) name {
	if text == "" {
		return 0
	}
	return name(text[0] - 'a' + 1)
}

// seen is what the leader knows of one instance, row of a replica, and sight of
// everything: what a decision depends on and nothing else.
type seen struct {
	health                  uint8
	fresh                   bool // it answered just now
	main, late, terminating bool
	ours, empty             bool
	replica                 [size]row
	deed                    deed
	unknown                 bool // it is starting
}

type row struct {
	mode, status uint8
	behind       int8
}

type sight struct {
	instance [size]seen
	gate     [maxGates]uint8 // waited for, confirmed, silenced
	record   record
	age      uint8
}

const (
	waitedFor uint8 = iota
	confirmed
	known // to have silenced itself
)

// look is a snapshot.
func (m *model) look(s *state) sight {
	v := sight{record: s.record, age: s.age}
	for n := range s.instance {
		v.instance[n] = s.see(name(n + 1))
	}
	for n := range m.gates {
		switch g := &s.gate[n]; {
		case g.silenced, g.away && m.flaw.neverSilent:
			v.gate[n] = known
		case g.follows && g.reported:
			v.gate[n] = confirmed
		}
	}
	return v
}

// see is one instance. Until a loss is noticed the last answer counts, which a dead
// or frozen process cannot have outdated.
func (s *state) see(n name) seen {
	i := s.at(n)
	v := seen{main: i.main, late: i.late, terminating: i.terminating, ours: i.ours, empty: i.len == 0, deed: s.deeds[n-1]}
	switch {
	case i.observed():
		v.health, v.fresh = healthUp, true
	case i.life == starting:
		v.health, v.unknown = healthSuspect, true
	case i.life == dead && i.noticed && !i.hidden:
		v.health = healthDead
	case i.noticed:
		v.health = healthSilent
	case i.hidden:
		v.health, v.unknown = healthSuspect, true
	}
	if v.unknown {
		v.main = false
		return v
	}
	for k, r := range i.replica {
		if r.mode != 0 && i.main {
			v.replica[k] = row{r.mode, r.status, int8(r.ts) - int8(i.len)}
		}
	}
	return v
}

const reign = 5

func (p process) of(n name) string {
	return [...]string{"", n.String() + "/2", n.String() + "/1"}[p]
}

func processOf(text string) process {
	switch {
	case text == "":
		return noProcess
	case text[2:] == "2":
		return current
	default:
		return former
	}
}

// full is the record that a compact one stands for.
func (r *record) full(age time.Duration) topology.Record {
	full := topology.Record{
		Format: topology.Format, Epoch: 9, Main: r.main.String(), Voter: r.voter.String(), Heir: r.heir.String(), From: r.from.String(),
		Gate: flows[r.flow], Plan: plans[r.plan], Since: noon.Add(-age), Reign: reign, Database: "ours",
		Members: make(map[string]topology.Member, size),
	}
	if r.request > 0 {
		full.Request = &topology.Request{ID: "r", Kind: topology.RequestSwitchover, Target: r.target.String(), By: "ann", At: noon}
	}
	for k, m := range r.members {
		n := name(k + 1)
		member := topology.Member{Process: m.process.of(n), Voted: m.voted.of(n), Reign: reign - 1}
		if m.reigns {
			member.Reign = reign
		}
		if m.quarantined {
			member.Quarantined = &topology.Quarantine{Reason: "its data are refused", Process: m.quarantine.of(n)}
		}
		full.Members[n.String()] = member
	}
	return full
}

// compact is the reverse of full.
func compact(r topology.Record) record {
	c := record{main: number(r.Main), voter: number(r.Voter), heir: number(r.Heir), from: number(r.From),
		flow: index(flows, r.Gate), plan: index(plans, r.Plan)}
	if r.Request != nil {
		c.request, c.target = 1, number(r.Request.Target)
	}
	for k := range c.members {
		m := r.Members[name(k+1).String()]
		c.members[k] = member{process: processOf(m.Process), voted: processOf(m.Voted), reigns: m.Reign == r.Reign}
		if m.Quarantined != nil {
			c.members[k].quarantined, c.members[k].quarantine = true, processOf(m.Quarantined.Process)
		}
	}
	return c
}

// view is the snapshot as the decision core takes it.
func (m *model) view(v *sight) (topology.Record, topology.View) {
	record := v.record.full(ages[v.age])
	view := topology.View{Instances: make(map[string]topology.Instance, size), Gateways: make(map[string]topology.Gateway, m.gates)}
	for k := range v.instance {
		n := name(k + 1)
		view.Instances[n.String()] = m.instance(n, &v.instance[k])
	}
	for k := range m.gates {
		g := topology.Gateway{Name: [...]string{"g1", "g2"}[k], At: noon.Add(-10 * time.Millisecond), Epoch: record.Epoch - 1}
		switch v.gate[k] {
		case confirmed:
			g.Epoch = record.Epoch
		case known:
			g.Silenced = true
		}
		view.Gateways[g.Name] = g
	}
	return record, view
}

func (m *model) instance(n name, s *seen) topology.Instance {
	since := noon.Add(-100 * time.Millisecond)
	if s.late {
		since = noon.Add(-time.Hour)
	}
	i := topology.Instance{
		Name: n.String(), Bolt: n.String() + ":7687", Replication: n.String() + ":10000", Health: health[s.health], Since: since,
		Terminating: s.terminating, Process: current.of(n), Started: since, Recovery: m.recovery, Vouched: s.deed.vouched,
	}
	if s.deed.outlived {
		i.Outlived = reign
	}
	for _, d := range []struct {
		done bool
		in   *uint64
	}{{s.deed.crowned, &i.Crowned}, {s.deed.marked, &i.Marked}, {s.deed.joined, &i.Joined}, {s.deed.refused, &i.Refused}} {
		if d.done {
			*d.in = reign
		}
	}
	if s.unknown {
		return i
	}
	i.Database, i.Empty, i.StorageKnown = "ours", s.empty, true
	if !s.ours {
		i.Database = "own of " + n.String()
	}
	i.Answer = topology.Answer{Asked: noon.Add(-time.Minute), Role: topology.RoleReplica}
	if s.fresh {
		i.Answer.Asked = noon.Add(-time.Millisecond)
	}
	if s.main {
		i.Answer.Role = topology.RoleMain
	}
	for k, r := range s.replica {
		if r.mode != 0 {
			t := name(k + 1).String()
			i.Answer.Replicas = append(i.Answer.Replicas, topology.Replica{
				Name: t, Address: t + ":10000", Mode: modes[r.mode], Status: states[r.status], TS: int64(r.behind), Behind: 2 * int64(r.behind),
			})
		}
	}
	return i
}

// decision is what the core answers to one snapshot.
type decision struct {
	step     turn
	outlived [size]bool
	broken   string
}

// decide asks the core, once for every snapshot.
func (m *model) decide(v *sight) *decision {
	key := maphash.Bytes(m.seed, unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)))
	if d, ok := m.decisions[key]; ok {
		return d
	}
	d, _ := m.ask(v)
	m.decisions[key] = d
	return d
}

func (m *model) ask(v *sight) (*decision, string) {
	record, view := m.view(v)
	d := &decision{}
	for k := range d.outlived {
		n := name(k + 1).String()
		d.outlived[k] = topology.Outlived(record, view, n)
		if i := view.Instances[n]; d.outlived[k] {
			i.Outlived = reign
			view.Instances[n] = i
		}
	}
	asked, seen := record, view
	if m.flaw.sees != nil {
		asked, seen = m.flaw.sees(record, view)
	}
	step, reason := topology.Next(asked, seen, m.policy, noon)
	if m.flaw.does != nil {
		step = m.flaw.does(asked, seen, step, m.policy)
	}
	d.step = turn{do: index(actions, step.Do), instance: number(step.Instance), target: number(step.Target), mode: index(modes, step.Mode)}
	if step.Do == topology.ActSave {
		d.step.record = compact(step.Record)
		d.step.epoch, d.step.reign = step.Record.Epoch > record.Epoch, step.Record.Reign > record.Reign
		if step.Record.Epoch > record.Epoch+1 || step.Record.Epoch < record.Epoch || step.Record.Reign < record.Reign {
			d.broken = "the epoch does not grow by one"
		}
	}
	if d.broken == "" && !m.flaw.unchecked {
		d.broken = checkStep(step, record, view)
	}
	return d, reason
}

// route is what a write gateway does under a record.
func route(r *record) (upstream name, flow uint8, cutBusy bool) {
	full := topology.Record{Main: r.main.String(), From: r.from.String(), Gate: flows[r.flow], Plan: plans[r.plan]}
	instance, gate, _ := topology.WriteRoute(full)
	return number(instance), index(flows, gate), topology.CutsBusy(full)
}

// think is the leader's look and decision. It reports whether anything came of it.
// No statement of the leader before comes after it: its lease has ended, and what was
// seen before that does not count. A record that it saves may still be on its way,
// until this leader has saved one.
func (m *model) think(s *state) (bool, string) {
	if s.leader.do != actWait {
		return false, ""
	}
	changed := false
	if s.stale.do != actSave && !m.flaw.lateStatements {
		changed, s.stale = s.stale.do != actWait, turn{}
	}
	v := m.look(s)
	d := m.decide(&v)
	changed = changed || d.step.do != actWait
	for k, outlived := range d.outlived {
		if outlived && !s.deeds[k].outlived {
			s.deeds[k].outlived, changed = true, true
		}
	}
	s.leader = d.step
	if d.step.do != actWait && d.step.do != actSave && !s.wrote && !m.flaw.neverWrites {
		s.leader = turn{do: actSave, record: s.record}
	}
	if m.flaw.unchecked || d.broken != "" {
		return changed, d.broken
	}
	return changed, m.checkTruth(s, &s.leader)
}

// perform is the leader's step, on its way since it was decided on.
func (m *model) perform(s *state) bool {
	t := s.leader
	if t.do == actWait {
		return false
	}
	s.leader = turn{}
	s.wrote = s.wrote || t.do == actSave
	m.carryOut(s, t, true)
	return true
}

// performStale is the step of the leader before.
func (m *model) performStale(s *state) bool {
	t := s.stale
	if t.do == actWait {
		return false
	}
	s.stale = turn{}
	m.carryOut(s, t, false)
	return true
}

func (m *model) carryOut(s *state, t turn, remember bool) {
	if t.do == actSave {
		m.save(s, t)
		return
	}
	i := s.at(t.instance)
	if t.do == actRestart || t.do == actReseed {
		if !i.hidden && i.life != dead {
			s.kill(t.instance)
		}
		if !i.hidden {
			s.again(t)
		}
		return
	}
	// A connection does not outlive its process, and no process starts between a look
	// and the statement that follows it.
	if t.void || !i.observed() || t.target != 0 && t.do != actMark && !s.knock(t) {
		return
	}
	ok, diverged := s.statement(t)
	if remember && !t.lapsed {
		s.remember(t, ok, diverged)
	}
}

// again starts a process without the replication state, or without data.
func (s *state) again(t turn) {
	i := s.at(t.instance)
	if t.do == actReseed {
		s.wipe(t.instance)
		i.damaged = true
	}
	s.forgetRole(t.instance)
	s.renew(t.instance)
	i.life = starting
}

// knock asks the replica of a registration before the main is told anything.
func (s *state) knock(t turn) bool {
	i := s.at(t.target)
	return i.observed() || t.do == actDrop && i.life == dead && !i.hidden
}

func (s *state) statement(t turn) (ok, diverged bool) {
	switch t.do {
	case actDemote:
		return s.demote(t.instance), false
	case actPromote:
		return s.promote(t.instance), false
	case actRegister:
		return s.register(t.instance, t.target, t.mode)
	case actDrop:
		if s.at(t.instance).commit.phase != idle {
			return false, false
		}
		s.at(t.instance).replica[t.target-1] = registration{}
		return true, false
	case actMark:
		return s.marker(t.instance), false
	}
	panic("not in the model")
}

// remember keeps what a step did, as the controller does.
func (s *state) remember(t turn, ok, diverged bool) {
	subject := t.instance
	if t.target != 0 {
		subject = t.target
	}
	d := &s.deeds[subject-1]
	switch {
	case diverged:
		d.refused, d.refusedBy = !t.outdated, t.instance
	case !ok:
	case t.do == actPromote:
		d.crowned, d.marked = !t.outdated, false
	case t.do == actDemote:
		*d = deed{outlived: d.outlived}
	case t.do == actMark && t.target != 0:
		d.vouched = true
	case t.do == actMark:
		d.marked = !t.outdated
	case t.do == actRegister:
		d.joined, d.refused, d.refusedBy = !t.outdated, false, 0
	case t.do == actDrop:
		d.joined = false
	}
}

// save writes the record by compare-and-swap: whoever else decided on the one
// before comes too late.
func (m *model) save(s *state, t turn) {
	s.record = t.record
	if t.epoch {
		s.age = 0
		for g := range m.gates {
			s.gate[g].follows, s.gate[g].reported = false, false
		}
	}
	if t.reign {
		for n := range s.deeds {
			s.deeds[n] = deed{vouched: s.deeds[n].vouched}
		}
	}
	for _, other := range []*turn{&s.leader, &s.stale} {
		switch {
		case other.do == actSave && !m.flaw.blindSaves:
			*other = turn{}
		case t.reign:
			other.outdated = true
		}
	}
}

// changeLeader lets another controller lead, which knows the record and nothing of
// what the one before did. What that one has decided on is still on its way.
func (s *state) changeLeader() {
	s.stale, s.leader, s.wrote, s.deeds = s.leader, turn{}, false, [size]deed{}
}
