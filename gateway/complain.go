package gateway

import "time"

// complainEvery is the time between two lines about connections that were refused for
// the same reason: clients that are refused come again at once.
const complainEvery = 10 * time.Second

// complaints bounds what is logged about refused connections.
type complaints map[Rejection]*complaint

type complaint struct {
	next   time.Time // when the next line may come
	unsaid int       // that had none since the last line
}

// due tells whether a line may be written, and how many were left out before it.
func (c *complaints) due(why Rejection, now time.Time) (unsaid int, due bool) {
	if why == RejectShutdown || why == RejectDeserted {
		return 0, false
	}
	if *c == nil {
		*c = make(complaints)
	}
	one := (*c)[why]
	if one == nil {
		one = &complaint{}
		(*c)[why] = one
	}
	if now.Before(one.next) {
		one.unsaid++
		return 0, false
	}
	unsaid, one.unsaid = one.unsaid, 0
	one.next = now.Add(complainEvery)
	return unsaid, true
}

// complain writes a line about a refused connection, if one is due.
func (g *Gateway) complain(s *session, why Rejection, because error) {
	g.mu.Lock()
	unsaid, due := g.complaints.due(why, time.Now())
	g.mu.Unlock()
	if due {
		g.cfg.Log.Warn("connection refused", "client", s.client.conn.RemoteAddr(), "reason", why, "why", because, "more_since_last", unsaid)
	}
}
