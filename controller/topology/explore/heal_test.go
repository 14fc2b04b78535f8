package explore

import (
	"fmt"
	"strings"
)

// heals ends every fault and lets the cluster run, everything in turn, until nothing
// happens any more. It returns what is not whole then; the empty string if all is,
// or if the leader is right to leave it to a person.
func (m *model) heals(from *state) string {
	s := *from
	return m.mend(&s, nil)
}

// patience bounds the rounds in which a cluster without faults becomes whole. One
// that is not by then never will be: it goes round in circles.
const patience = 300

func (m *model) mend(s *state, trace func(string)) string {
	m.endFaults(s)
	var passed []uint64
	again := false
	for range patience {
		hash := s.hash(m.seed)
		if m.healing.has(hash) {
			m.note(passed)
			return ""
		}
		passed = append(passed, hash)
		moved, broken := m.round(s, trace)
		if broken != "" {
			return broken
		}
		if !moved {
			wrong := m.unhealed(s)
			if wrong != "" && s.refusesInSilence() && !again {
				again = true
				s.changeLeader()
				continue
			}
			if wrong == "" {
				m.note(passed)
			}
			return wrong
		}
	}
	return "it goes round in circles: " + m.unhealed(s)
}

// refusesInSilence: a main whose history is poisoned took a replica while it lacked
// writes, and shows it as invalid ever since it has them. Under load every ASYNC
// replica is shown so now and then, so the leader that registered it leaves it alone;
// the next one registers it anew, is told that it is refused and reseeds it.
func (s *state) refusesInSilence() bool {
	if s.record.main == 0 {
		return false
	}
	main := s.at(s.record.main)
	for k, r := range main.replica {
		if r.mode == async && r.status == invalid && !main.accepts(&s.instance[k]) {
			return true
		}
	}
	return false
}

func (m *model) note(passed []uint64) {
	for _, hash := range passed {
		m.healing.add(hash)
	}
}

func (m *model) endFaults(s *state) {
	s.faults, s.writes, s.cut, s.stale = 0, 0, 0, turn{}
	for g := range m.gates {
		s.gate[g].away = false
	}
	for n := range s.instance {
		i := &s.instance[n]
		if i.terminating {
			s.kill(name(n + 1))
		}
		i.hidden = false
		switch i.life {
		case frozen:
			i.life, i.late = up, false
		case dead:
			s.renew(name(n + 1))
			s.awake(name(n + 1))
		}
		i.noticed = false
	}
	m.tidy(s)
}

// quick are the events that need nobody's patience, slow those that take long.
var (
	quick = []kind{startedUp, commitBegins, commitAdvances, gatewayFollows, gatewayReports, heartbeat, feed}
	slow  = []kind{graceEnds, ageGrows, stallEnds}
)

// round lets everything happen once: what is quick before the leader's next step,
// what takes long only when nothing else happens.
func (m *model) round(s *state, trace func(string)) (moved bool, broken string) {
	for _, kinds := range [][]kind{quick, {leaderLooks, leaderActs}, slow} {
		for _, k := range kinds {
			for _, e := range m.all(k) {
				text := ""
				if trace != nil {
					text = m.tell(s, e)
				}
				changed, broken := m.apply(s, e)
				if changed && trace != nil {
					trace(text)
				}
				if broken != "" {
					return true, broken
				}
				moved = moved || changed
			}
		}
		if moved && kinds[0] != startedUp {
			return true, ""
		}
	}
	return moved, ""
}

// all events of one kind.
func (m *model) all(k kind) []event {
	if m.kinds == nil {
		m.kinds = map[kind][]event{}
		for _, e := range m.eventsOf() {
			m.kinds[e.kind] = append(m.kinds[e.kind], e)
		}
	}
	return m.kinds[k]
}

// unhealed says what keeps the cluster from being whole; empty when it is.
func (m *model) unhealed(s *state) string {
	r := &s.record
	if r.flow != open || r.main == 0 || r.voter == 0 {
		v := m.look(s)
		_, reason := m.ask(&v)
		if s.lostDisk && strings.Contains(reason, "failover --force") {
			return ""
		}
		return fmt.Sprintf("the record is %s: %s", r, reason)
	}
	main := s.at(r.main)
	if s.acked&^main.holds(s.settled) != 0 {
		return fmt.Sprintf("main %s lacks an acknowledged write", r.main)
	}
	for k := range s.instance {
		n, i, row := name(k+1), &s.instance[k], main.replica[k]
		mode := async
		if n == r.voter {
			mode = strict
		}
		switch {
		case n == r.main:
		case r.members[k].quarantined:
			return fmt.Sprintf("%s is quarantined", n)
		case row.mode != mode || row.status != ready:
			return fmt.Sprintf("%s is not registered as it should be, or not ready", n)
		case i.len != main.len || i.log != main.log:
			return fmt.Sprintf("the data of %s differ", n)
		}
	}
	for k, member := range r.members {
		if member.reigns && member.process == former {
			return fmt.Sprintf("%s is not clean", name(k+1))
		}
	}
	return ""
}
