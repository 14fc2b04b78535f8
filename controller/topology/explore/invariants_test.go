package explore

import (
	"fmt"

	"memgraph-controller/controller/topology"
)

// check looks at what has to hold in every state.
func (m *model) check(s *state) string {
	if text := m.checkSpeakers(s); text != "" {
		return text
	}
	if text := s.checkHolders(); text != "" {
		return text
	}
	return s.checkVoters()
}

// checkSpeakers: at most one instance can be heard by clients as main.
func (m *model) checkSpeakers(s *state) string {
	var heard name
	for n := range m.gates {
		g := &s.gate[n]
		if !g.passes() || g.upstream == 0 || g.flow != open && g.write == 0 {
			continue
		}
		if i := s.at(g.upstream); i.life != up || !i.main {
			continue
		}
		if heard != 0 && heard != g.upstream {
			return fmt.Sprintf("two instances can acknowledge writes: %s and %s", heard, g.upstream)
		}
		heard = g.upstream
	}
	return ""
}

// checkHolders: whom the record names holds every acknowledged write, but for one
// whose disk was lost and a voter that restarted and has not voted since.
func (s *state) checkHolders() string {
	r := &s.record
	for _, who := range [...]struct {
		what string
		name name
	}{{"main", r.main}, {"voter", r.voter}, {"heir", r.heir}, {"from", r.from}} {
		if who.name == 0 {
			continue
		}
		i := s.at(who.name)
		if i.damaged || !s.trusted(who.name) {
			continue
		}
		if missing := s.acked &^ i.holds(s.settled); missing != 0 {
			return fmt.Sprintf("%s %s lacks an acknowledged write", who.what, who.name)
		}
	}
	return ""
}

func (s *state) trusted(n name) bool {
	voted := s.record.members[n-1].voted
	alive := s.at(n).life == up || s.at(n).life == frozen
	return voted == noProcess || s.record.main == 0 && s.deeds[n-1].outlived || alive && voted == current
}

// checkVoters: whoever is main by the record has one voter at most.
func (s *state) checkVoters() string {
	main := max(s.record.main, s.record.heir)
	if main == 0 || !s.at(main).main {
		return ""
	}
	voters := 0
	for _, r := range s.at(main).replica {
		if r.mode == strict {
			voters++
		}
	}
	if voters > 1 {
		return fmt.Sprintf("%s has %d voters", main, voters)
	}
	return ""
}

// checkStep looks at a step with the eyes of the leader that decides on it.
func checkStep(step topology.Step, record topology.Record, view topology.View) string {
	i, t := view.Instances[step.Instance], view.Instances[step.Target]
	switch step.Do {
	case topology.ActDrop:
		if t.Health != topology.HealthUp && t.Health != topology.HealthDead {
			return fmt.Sprintf("DROP of %s, which is %s", t.Name, t.Health)
		}
	case topology.ActRegister:
		if t.Health != topology.HealthUp {
			return fmt.Sprintf("REGISTER of %s, which is %s", t.Name, t.Health)
		}
	case topology.ActReseed:
		if step.Instance == record.Main || step.Instance == record.Heir || step.Instance == record.Voter && record.Gate == topology.GateOpen {
			return fmt.Sprintf("reseed of %s, which the record counts on", step.Instance)
		}
	}
	switch step.Do {
	case topology.ActWait, topology.ActSave, topology.ActRestart, topology.ActReseed:
	default:
		if i.Health != topology.HealthUp {
			return fmt.Sprintf("%s at %s, which is %s", step.Do, i.Name, i.Health)
		}
	}
	return ""
}

// checkTruth looks at a step with the eyes of one who sees everything.
func (m *model) checkTruth(s *state, t *turn) string {
	switch t.do {
	case actPromote:
		return m.checkPromotion(s, t.instance)
	case actRegister:
		for k := range s.instance {
			n, i := name(k+1), &s.instance[k]
			if n != t.instance && i.observed() && i.main && i.replica[t.target-1].mode != 0 && s.at(t.target).obeys == n {
				return fmt.Sprintf("REGISTER of %s at %s while main %s still feeds it", t.target, t.instance, n)
			}
		}
	case actReseed:
		return s.checkReseed(t.instance)
	case actSave:
		return s.checkOpening(t)
	}
	return ""
}

// checkPromotion: every gateway that could let a client hear an old main follows
// the record, nobody who answers says that it is main, but for the one that a
// handover leaves stalled, and a promotion that is a choice leaves nobody refused.
func (m *model) checkPromotion(s *state, heir name) string {
	for n := range m.gates {
		if g := &s.gate[n]; g.passes() && !g.follows {
			return fmt.Sprintf("promotion of %s while gateway g%d follows an older epoch", heir, n+1)
		}
	}
	for k := range s.instance {
		n, i := name(k+1), &s.instance[k]
		if n != heir && i.observed() && i.main && !(s.record.plan == planHandover && n == s.record.from) {
			return fmt.Sprintf("promotion of %s while %s answers as main", heir, n)
		}
	}
	// A main that is being stopped goes to its voter in any case.
	planned := s.record.plan == planSwitchover && !m.faults[terminates] || s.record.plan == planRefresh
	if from := s.record.from; planned && from != 0 && s.at(from).observed() && !s.deeds[heir-1].crowned {
		return s.checkRefusals(heir)
	}
	return ""
}

// checkRefusals: a planned promotion must not leave an instance refused whose data
// are all in the new main, as long as somebody clean was there to choose: anybody when
// the heir was chosen, and whom the record knows to be clean and to hold every write
// should the heir have restarted since.
func (s *state) checkRefusals(heir name) string {
	h := s.at(heir)
	for k := range s.instance {
		n, i := name(k+1), &s.instance[k]
		if n != heir && i.observed() && !i.damaged && i.len == h.len && !h.wouldAccept(i) && s.cleanChoice(heir) {
			return fmt.Sprintf("planned promotion of %s leaves %s refused", heir, n)
		}
	}
	return ""
}

func (s *state) cleanChoice(heir name) bool {
	for k := range s.instance {
		c := &s.instance[k]
		if n := name(k + 1); n == heir || !c.observed() || c.terminating || c.len != s.at(heir).len ||
			s.record.members[heir-1].process != current && !s.knownHolder(n) {
			continue
		}
		accepts := true
		for other := range s.instance {
			accepts = accepts && (other == k || c.wouldAccept(&s.instance[other]))
		}
		if accepts {
			return true
		}
	}
	return false
}

func (s *state) knownHolder(n name) bool {
	m := s.record.members[n-1]
	return (n == s.record.from || n == s.record.voter) && (!m.reigns || m.process == current)
}

// checkReseed: data are set aside only while somebody else who answers holds every
// acknowledged write; two while clients write.
func (s *state) checkReseed(n name) string {
	holders, need := 0, 1
	if s.record.flow == open {
		need = 2
	}
	for k := range s.instance {
		i := &s.instance[k]
		if name(k+1) != n && (i.observed() || i.life != up && !i.noticed) && i.len > 0 && s.acked&^i.holds(s.settled) == 0 {
			holders++
		}
	}
	if holders < need {
		return fmt.Sprintf("reseed of %s while only %d others hold every acknowledged write", n, holders)
	}
	return ""
}

// checkOpening: the gate opens for a main whose voter has everything and whose
// database epoch has a transaction.
func (s *state) checkOpening(t *turn) string {
	next := &t.record
	if next.flow != open || next.voter == s.record.voter && next.main == s.record.main {
		return ""
	}
	main := s.at(next.main)
	if m := main.last(); main.marks > 0 && m.ts == main.len && m.epoch != main.epoch {
		return fmt.Sprintf("the gate opens on %s without a transaction in its database epoch", next.main)
	}
	if next.voter == 0 {
		return ""
	}
	if main.replica[next.voter-1].mode != strict {
		return fmt.Sprintf("the gate opens with voter %s, which %s does not have as such", next.voter, next.main)
	}
	if v := s.at(next.voter); v.len < main.len && !v.damaged {
		return fmt.Sprintf("the gate opens with voter %s, which is behind", next.voter)
	}
	return ""
}
