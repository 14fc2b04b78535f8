package explore

func (g *gate) passes() bool { return !g.silenced }

// cutSessions ends every session of a gateway: nobody hears of what is under way.
func (s *state) cutSessions(n int) {
	g := &s.gate[n]
	if g.write != 0 && !g.sent {
		for k := range s.instance {
			if c := &s.instance[k].commit; c.gate == uint8(n+1) {
				c.gate = 0
				if c.phase == done {
					*c = commit{}
				}
			}
		}
	}
	g.write, g.sent = 0, false
}

// follow lets a gateway carry out the record. Busy sessions of a pause go on.
func (m *model) follow(s *state, n int) bool {
	g := &s.gate[n]
	if g.away || g.follows && !g.silenced {
		return false
	}
	upstream, flow, cutBusy := route(&s.record)
	if flow == closed || upstream != g.upstream && g.upstream != 0 {
		s.cutSessions(n)
	}
	g.upstream, g.flow, g.cutBusy = upstream, flow, cutBusy
	if m.flaw.leavesBusy && s.record.plan == planRefresh {
		g.cutBusy = false
	}
	g.follows, g.silenced = true, false
	g.reported = !s.busy(n)
	return true
}

func (s *state) busy(n int) bool { return s.gate[n].flow == paused && s.gate[n].write != 0 }

// report tells the leader that the route is carried out. What is not quiet when the
// pause has lasted long enough is cut or left alone.
func (s *state) report(n int) bool {
	g := &s.gate[n]
	if g.away || !g.follows || g.reported {
		return false
	}
	if s.busy(n) && g.cutBusy {
		s.cutSessions(n)
	}
	g.reported = true
	return true
}

// silence is what a gateway does that has been out of touch for too long.
func (s *state) silence(n int) bool {
	g := &s.gate[n]
	if !g.away || g.silenced {
		return false
	}
	s.cutSessions(n)
	g.silenced = true
	return true
}

// send lets a client send a write to the main that its gateway leads to.
func (s *state) send(n int) bool {
	g := &s.gate[n]
	if s.writes == 0 || g.silenced || g.flow != open || g.write != 0 || g.upstream == 0 || s.at(g.upstream).life != up {
		return false
	}
	s.writes--
	s.begun++
	g.write, g.sent = s.begun, true
	return true
}

// commit lets the main begin to commit what a client has sent. It may have been
// sent long ago.
func (s *state) commitSent(n int) bool {
	g := &s.gate[n]
	if !g.sent || s.at(g.upstream).life != up || s.at(g.upstream).commit.phase != idle {
		return false
	}
	write := g.write
	g.sent = false
	if d := s.at(g.upstream); !d.main || !s.begin(g.upstream, commit{write: write, gate: uint8(n + 1)}) {
		g.write = 0 // it failed
	}
	return true
}
