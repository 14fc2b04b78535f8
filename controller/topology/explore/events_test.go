package explore

import "fmt"

// kind of an event.
type kind uint8

const (
	leaderLooks kind = iota
	leaderActs
	staleActs
	gatewayFollows
	gatewayReports
	gatewaySilent
	clientSends
	commitBegins
	commitAdvances
	heartbeat
	feed
	starts
	startedUp
	thaws
	linkHeals
	shows
	rejoins
	notices
	ageGrows
	graceEnds
	stallEnds
	// The rest are faults and people's wishes: their number is bounded.
	leaderChanges
	kills
	freezes
	linkBreaks
	hides
	cutsOff
	startsEmpty
	terminates
	asks
)

// event is one thing that can happen. a and b say to whom; gateways and links count
// from 0, instances from 1.
type event struct {
	kind kind
	a, b uint8
}

// eventsOf lists every event there is in a model, what needs no fault first.
func (m *model) eventsOf() []event {
	events := []event{{kind: leaderLooks}, {kind: leaderActs}, {kind: staleActs}, {kind: ageGrows}, {kind: leaderChanges}}
	for g := range uint8(m.gates) {
		for _, k := range []kind{gatewayFollows, gatewayReports, gatewaySilent, clientSends, commitBegins, rejoins, cutsOff} {
			events = append(events, event{k, g, 0})
		}
	}
	for a := uint8(1); a <= size; a++ {
		for _, k := range []kind{commitAdvances, starts, startedUp, thaws, shows, notices, graceEnds, stallEnds, kills, freezes, hides, startsEmpty, terminates, asks} {
			events = append(events, event{k, a, 0})
		}
		for b := uint8(1); b <= size; b++ {
			if a != b {
				events = append(events, event{heartbeat, a, b}, event{feed, a, b})
			}
			if a < b {
				events = append(events, event{linkBreaks, a, b}, event{linkHeals, a, b})
			}
		}
	}
	var possible []event
	for _, e := range events {
		if e.kind < leaderChanges || m.faults[e.kind] {
			possible = append(possible, e)
		}
	}
	return possible
}

// apply lets an event happen. It reports false, and has changed nothing, where that
// is not possible or would be no change; broken is what it must never lead to.
func (m *model) apply(s *state, e event) (changed bool, broken string) {
	if e.kind >= leaderChanges {
		if s.faults == 0 || !s.fault(e) {
			return false, ""
		}
		s.faults--
		m.tidy(s)
		return true, m.check(s)
	}
	if e.kind == leaderLooks {
		if changed, broken = m.think(s); broken != "" {
			return changed, broken
		}
	} else {
		changed = m.proceed(s, e)
	}
	if !changed {
		return false, ""
	}
	broken = m.check(s)
	m.tidy(s)
	return true, broken
}

func (m *model) proceed(s *state, e event) bool {
	switch e.kind {
	case leaderActs:
		return m.perform(s)
	case staleActs:
		return m.performStale(s)
	case gatewayFollows:
		return m.follow(s, int(e.a))
	case gatewayReports:
		return s.report(int(e.a))
	case gatewaySilent:
		return !m.flaw.neverSilent && s.silence(int(e.a))
	case clientSends:
		return s.send(int(e.a))
	case commitBegins:
		return s.commitSent(int(e.a))
	case rejoins:
		g := &s.gate[e.a]
		return change(&g.away, false)
	case ageGrows:
		return s.grow()
	case linkHeals:
		return s.link(e, 0)
	}
	return s.happen(e)
}

// happen is what one database does, or what happens to it.
func (s *state) happen(e event) bool {
	n := name(e.a)
	i := s.at(n)
	switch e.kind {
	case commitAdvances:
		return s.advance(n)
	case stallEnds:
		return s.giveUp(n)
	case heartbeat:
		return s.heartbeat(n, name(e.b))
	case feed:
		return s.feed(n, name(e.b))
	case starts:
		return s.start(n)
	case startedUp:
		if i.life != starting {
			return false
		}
		s.awake(n)
		return true
	case thaws:
		if i.life != frozen {
			return false
		}
		i.life, i.noticed, i.late = up, i.hidden && i.noticed, false
		return true
	case shows:
		if !i.hidden {
			return false
		}
		i.hidden, i.noticed, i.late = false, i.life != up && i.noticed, false
		return true
	case notices:
		return i.life != starting && !i.observed() && change(&i.noticed, true)
	case graceEnds:
		return s.gracePasses(n)
	}
	panic("not in the model")
}

func change(value *bool, to bool) bool {
	if *value == to {
		return false
	}
	*value = to
	return true
}

// start is what whoever runs the process does by itself. One that is hidden from the
// leader too is left out: it adds nothing but a second name for every process.
func (s *state) start(n name) bool {
	i := s.at(n)
	if i.life != dead || i.hidden || i.damaged && i.len == 0 {
		return false
	}
	s.renew(n)
	s.awake(n)
	return true
}

// grow lets the record's epoch get older, where anything depends on that.
func (s *state) grow() bool {
	next := s.age
	switch {
	case s.record.plan == planHandover && s.record.flow == closed:
		next = 1
	case s.record.flow != paused:
	case s.age == 0 && s.record.plan == planSwitchover:
		next = 2
	default:
		next = 3
	}
	if next <= s.age {
		return false
	}
	s.age = next
	return true
}

// gracePasses ends an instance's grace, where anything depends on that.
func (s *state) gracePasses(n name) bool {
	i, votes := s.at(n), s.record.voter == n
	matters := i.life == up && votes || i.noticed && !votes
	return matters && s.record.flow == open && change(&i.late, true)
}

func (s *state) link(e event, cut uint8) bool {
	bit := uint8(1) << (e.a + e.b - 3)
	if s.cut&bit == cut*bit {
		return false
	}
	s.cut ^= bit
	return true
}

// betweenPhases: a voter that has prepared a commit has not heard of the decision. A
// link that breaks just then, or a voter that freezes, loses an acknowledged write
// together with the main: no controller can help it, because the voter's process
// lives on (memgraph.md F.2.1).
func (s *state) betweenPhases(a, b name) bool {
	for n := range s.instance {
		main, voter := name(n+1), s.instance[n].commit.voter
		if voter != 0 && (voter == a && (b == 0 || main == b) || voter == b && main == a) {
			return true
		}
	}
	return false
}

func (s *state) fault(e event) bool {
	switch e.kind {
	case leaderChanges:
		s.changeLeader()
		return true
	case cutsOff:
		return change(&s.gate[e.a].away, true)
	case linkBreaks:
		return !s.betweenPhases(name(e.a), name(e.b)) && s.link(e, 1)
	case asks:
		if s.record.request != 0 || s.record.flow != open || s.record.main == name(e.a) || s.leader.do == actSave || s.stale.do == actSave {
			return false
		}
		s.record.request, s.record.target = 1, name(e.a)
		return true
	}
	return s.harm(e)
}

// harm is a fault of one instance.
func (s *state) harm(e event) bool {
	n := name(e.a)
	i := s.at(n)
	switch e.kind {
	case kills:
		if i.life == dead {
			return false
		}
		s.kill(n)
		return true
	case freezes:
		if i.life != up || s.betweenPhases(n, 0) {
			return false
		}
		i.life, i.late = frozen, false
		return true
	case hides:
		if i.life == dead || !change(&i.hidden, true) {
			return false
		}
		i.noticed, i.late = false, false
		return true
	case startsEmpty:
		return s.startEmpty(n)
	case terminates:
		return i.life == up && !i.hidden && change(&i.terminating, true)
	}
	panic("not in the model")
}

// startEmpty is a dead instance that comes back on another disk. This takes so long
// that its loss has been noticed and no gateway leads to it any more: a main that
// came back empty in less would take writes before anybody could tell.
func (s *state) startEmpty(n name) bool {
	i := s.at(n)
	if i.life != dead || !i.noticed || i.hidden {
		return false
	}
	for g := range s.gate {
		if s.gate[g].upstream == n && s.gate[g].flow != closed {
			return false
		}
	}
	for k := range s.instance {
		if s.instance[k].damaged { // one at a time, or there are writes that nobody holds
			return false
		}
	}
	s.wipe(n)
	i.damaged, s.lostDisk = true, true
	s.renew(n)
	s.awake(n)
	return true
}

// tidy brings a state into its canonical form.
func (m *model) tidy(s *state) {
	for n := range m.gates {
		g := &s.gate[n]
		if g.silenced {
			*g = gate{away: g.away, silenced: true}
		}
		if g.reported || g.flow != paused {
			g.cutBusy = false
		}
	}
	if s.record.flow == open {
		s.age = 0
	}
	for n := range s.instance {
		i := &s.instance[n]
		if i.life == up && !i.hidden && s.record.voter != name(n+1) {
			i.late = true // nothing depends on it
		}
		if i.damaged && i.ours && i.len > 0 && s.acked&^i.holds(s.settled) == 0 {
			i.damaged = false
		}
	}
	s.forgetWrites(m.gates)
	s.canonical(m.gates)
}

// forgetWrites takes those for markers of which no client will ever hear.
func (s *state) forgetWrites(gates int) {
	live := s.acked
	for n := range gates {
		live |= bit(s.gate[n].write)
	}
	s.settled &= live
	for n := range s.instance {
		i := &s.instance[n]
		for k, t := range i.log[:i.len] {
			if live&bit(t.write()) == 0 {
				i.log[k] = made(t.epoch(), 0)
			}
		}
		if live&bit(i.commit.write) == 0 {
			i.commit.write = 0
		}
	}
}

var instanceEvents = map[kind]string{
	commitAdvances: "the commit at %s goes on", stallEnds: "%s gives the stalled commit up", starts: "%s starts", startedUp: "%s answers", thaws: "%s thaws",
	shows: "the leader can see %s again", notices: "the loss of %s is noticed", graceEnds: "%s is as it is for long", kills: "%s dies",
	freezes: "%s freezes", hides: "the leader cannot see %s", startsEmpty: "%s starts with an empty disk", terminates: "%s is being stopped",
	asks: "a person asks for a switchover to %s",
}

var gatewayEvents = map[kind]string{
	gatewayFollows: "g%d follows the record", gatewayReports: "g%d has carried the record out", gatewaySilent: "g%d silences itself",
	clientSends: "a client sends a write through g%d", commitBegins: "the write sent through g%d is committed", rejoins: "g%d can read the record again", cutsOff: "g%d cannot read the record",
}

func (e event) String() string {
	if text := instanceEvents[e.kind]; text != "" {
		return fmt.Sprintf(text, name(e.a))
	}
	if text := gatewayEvents[e.kind]; text != "" {
		return fmt.Sprintf(text, e.a+1)
	}
	switch e.kind {
	case heartbeat:
		return fmt.Sprintf("%s notices how %s is", name(e.a), name(e.b))
	case feed:
		return fmt.Sprintf("%s brings %s up to date", name(e.a), name(e.b))
	case linkBreaks:
		return fmt.Sprintf("the link between %s and %s breaks", name(e.a), name(e.b))
	case linkHeals:
		return fmt.Sprintf("the link between %s and %s heals", name(e.a), name(e.b))
	case leaderChanges:
		return "another controller leads"
	case ageGrows:
		return "time passes"
	}
	return ""
}
