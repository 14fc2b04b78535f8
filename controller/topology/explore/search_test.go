package explore

import (
	"fmt"
	"hash/maphash"
	"strings"
	"time"

	"memgraph-controller/controller/topology"
)

// model is a small cluster and what may happen to it.
type model struct {
	gates    int
	writes   uint8
	budget   uint8 // of faults
	faults   map[kind]bool
	policy   topology.Policy
	recovery time.Duration // of a start, as far as it is known
	flaw     flaw

	seed      maphash.Seed
	decisions map[uint64]*decision
	healing   *hashes // states from which the cluster is known to become whole
	kinds     map[kind][]event
}

// flaw makes the model's leader wrong in one way.
type flaw struct {
	// sees changes what the core is asked about, does what it answers.
	sees func(topology.Record, topology.View) (topology.Record, topology.View)
	does func(topology.Record, topology.View, topology.Step, topology.Policy) topology.Step
	// unchecked leaves the checks of single steps out: what comes of them has to show.
	unchecked bool
	// lateStatements outlive the lease, blindSaves do not compare, a new leader
	// neverWrites before it acts, a gateway that is out of touch is neverSilent, and one
	// that is paused for a refresh leavesBusy sessions alone.
	lateStatements, blindSaves, neverWrites, neverSilent, leavesBusy bool
}

func newModel(gates int, writes, budget uint8, faults ...kind) *model {
	m := &model{
		gates: gates, writes: writes, budget: budget, faults: map[kind]bool{}, policy: topology.DefaultPolicy(), recovery: 300 * time.Millisecond,
		seed: maphash.MakeSeed(), decisions: map[uint64]*decision{}, healing: newHashes(),
	}
	for _, k := range faults {
		m.faults[k] = true
	}
	return m
}

// whole is a cluster at rest: main a, voter b, ASYNC c.
func (m *model) whole() state {
	s := state{faults: m.budget, writes: m.writes, wrote: true}
	s.record = record{main: 1, voter: 2, flow: open}
	for n := range s.instance {
		s.instance[n] = instance{life: up, late: true, ours: true, len: 1, epoch: 1, obeys: 1}
		s.instance[n].log[0] = made(1, 0)
		s.record.members[n] = member{process: current, reigns: true}
		s.deeds[n].joined = true
	}
	a := &s.instance[0]
	a.main, a.obeys = true, 0
	a.replica[1] = registration{mode: strict, status: ready, ts: 1, linked: true}
	a.replica[2] = registration{mode: async, status: ready, ts: 1, linked: true}
	s.record.members[1].voted = current
	s.deeds[0] = deed{crowned: true, marked: true}
	for g := range m.gates {
		s.gate[g] = gate{upstream: 1, flow: open, follows: true, reported: true}
	}
	m.tidy(&s)
	return s
}

// node is how a state was reached first.
type node struct {
	parent uint32
	event  event
}

// result is what an exploration found.
type result struct {
	states, transitions, snapshots, healed int
	depth                                  int
	complete                               bool
	broken                                 string
	timeline                               []string
}

func (r result) String() string {
	text := fmt.Sprintf("%d states, %d transitions, depth %d, %d snapshots decided on, %d states on the way to being whole", r.states, r.transitions, r.depth, r.snapshots, r.healed)
	if !r.complete {
		text += " (not all)"
	}
	return text
}

// explore visits every state that can be reached, breadth first, up to a number of
// states. The first violation ends it: no shorter sequence of events leads to one.
func (m *model) explore(limit int) result {
	x := &exploration{model: m, events: m.eventsOf(), visited: newHashes()}
	first := m.whole()
	x.visited.add(first.hash(m.seed))
	x.nodes, x.frontier = []node{{}}, []state{first}
	r := result{}
	for len(x.frontier) > 0 && len(x.nodes) < limit && x.broken == "" {
		x.level()
		r.depth++
	}
	r.states, r.transitions, r.snapshots, r.healed = len(x.nodes), x.transitions, len(m.decisions), m.healing.count
	r.complete = len(x.frontier) == 0
	if r.broken = x.broken; r.broken != "" {
		r.timeline = x.timeline()
	}
	return r
}

type exploration struct {
	*model
	events      []event
	visited     *hashes
	nodes       []node
	frontier    []state // the last nodes
	transitions int
	broken      string
	at          uint32 // the node before the violation
	by          event
	stuck       bool // the violation is that the cluster does not heal from there
}

// level visits every state that is one event away.
func (x *exploration) level() {
	var next []state
	base := uint32(len(x.nodes) - len(x.frontier))
	for k := range x.frontier {
		from := &x.frontier[k]
		if wrong := x.heals(from); wrong != "" {
			x.broken, x.at, x.stuck = wrong, base+uint32(k), true
			return
		}
		after := *from
		for _, e := range x.events {
			changed, broken := x.apply(&after, e)
			if broken != "" {
				x.broken, x.at, x.by = broken, base+uint32(k), e
				return
			}
			if !changed {
				continue
			}
			x.transitions++
			if x.visited.add(after.hash(x.seed)) {
				x.nodes = append(x.nodes, node{base + uint32(k), e})
				next = append(next, after)
			}
			after = *from
		}
	}
	x.frontier = next
}

// timeline tells the events that led to the violation.
func (x *exploration) timeline() []string {
	var path []event
	if !x.stuck {
		path = append(path, x.by)
	}
	for at := x.at; at != 0; at = x.nodes[at].parent {
		path = append(path, x.nodes[at].event)
	}
	s := x.whole()
	var lines []string
	for n := len(path) - 1; n >= 0; n-- {
		text := x.tell(&s, path[n])
		_, broken := x.apply(&s, path[n])
		lines = append(lines, fmt.Sprintf("%3d  %-60s %s", len(path)-n, text, s.short()))
		if broken != "" {
			lines = append(lines, "     BROKEN: "+broken)
		}
	}
	if x.stuck {
		lines = append(lines, "     all faults end")
		x.healing = newHashes()
		x.mend(&s, func(text string) { lines = append(lines, "     "+text) })
		lines = append(lines, "     BROKEN: "+x.broken)
	}
	return lines
}

// tell describes an event, a decision with its reason.
func (m *model) tell(s *state, e event) string {
	switch e.kind {
	case leaderLooks:
		v := m.look(s)
		d, reason := m.ask(&v)
		return "the leader decides: " + d.step.String() + ": " + reason
	case leaderActs:
		return "the leader does: " + s.leader.String()
	case staleActs:
		return "the leader before does: " + s.stale.String()
	}
	return e.String()
}

func (t turn) String() string {
	switch {
	case t.do == actWait:
		return "wait"
	case t.do == actSave:
		return "save " + t.record.String()
	case t.target != 0 && t.mode != 0:
		return fmt.Sprintf("%s %s %s at %s", actions[t.do], t.target, modes[t.mode], t.instance)
	case t.target != 0:
		return fmt.Sprintf("%s %s at %s", actions[t.do], t.target, t.instance)
	}
	return fmt.Sprintf("%s %s", actions[t.do], t.instance)
}

func (r record) String() string {
	text := string(flows[r.flow])
	for _, f := range []struct {
		what string
		name name
	}{{"main", r.main}, {"heir", r.heir}, {"from", r.from}, {"voter", r.voter}} {
		if f.name != 0 {
			text += " " + f.what + "=" + f.name.String()
		}
	}
	if r.plan != 0 {
		text += " plan=" + string(plans[r.plan])
	}
	return text
}

// short is a state on one line: role and log of every instance.
func (s *state) short() string {
	var parts []string
	for n := range s.instance {
		i := &s.instance[n]
		text := name(n+1).String() + ":" + [...]string{"dead", "starting", "", "frozen"}[i.life]
		if i.hidden {
			text += "hidden"
		}
		if i.main {
			text += "M"
		}
		text += "["
		for _, t := range i.log[:i.len] {
			text += fmt.Sprintf(" %d", t.epoch())
			if t.write() != 0 {
				text += fmt.Sprintf("w%d", t.write())
			}
		}
		parts = append(parts, text+"]")
	}
	return strings.Join(parts, " ") + fmt.Sprintf(" acked %b", s.acked)
}

// hashes is a set of hashes, open addressing: a map of that size costs thrice.
type hashes struct {
	slots []uint64
	count int
}

func newHashes() *hashes { return &hashes{slots: make([]uint64, 1<<16)} }

// add reports whether the hash is new.
func (h *hashes) add(hash uint64) bool {
	hash = max(hash, 1)
	if h.count*3 > len(h.slots)*2 {
		h.grow()
	}
	mask := uint64(len(h.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch h.slots[at] {
		case hash:
			return false
		case 0:
			h.slots[at] = hash
			h.count++
			return true
		}
	}
}

func (h *hashes) has(hash uint64) bool {
	mask := uint64(len(h.slots) - 1)
	for at := max(hash, 1) & mask; ; at = (at + 1) & mask {
		if h.slots[at] == max(hash, 1) || h.slots[at] == 0 {
			return h.slots[at] != 0
		}
	}
}

func (h *hashes) grow() {
	old := h.slots
	*h = hashes{slots: make([]uint64, 2*len(old))}
	for _, hash := range old {
		if hash != 0 {
			h.add(hash)
		}
	}
}
