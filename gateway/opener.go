package gateway

import (
	"context"
	"errors"
	"net"
	"time"
)

// Opener leads one connection until it may become a session. The gateway calls its
// methods one at a time, and never again after one of them has refused.
//
// A connection waits for its upstream under the gateway's rules all the same: it is
// counted as held until it is a session.
type Opener interface {
	// Meet hears the client before it gets an upstream.
	Meet(ctx context.Context, client net.Conn) error
	// Open makes sure of the client. It says to the upstream what the client has said,
	// and gives the client those answers that it has not had. After an error that is no
	// *Refusal it is called again with another connection to an upstream, of which
	// ErrReopen is no fault. It leaves no deadline at the client.
	Open(ctx context.Context, client, upstream net.Conn) error
	// Opened tells what Open has brought about.
	Opened() Opened
}

// Opened is where a session begins that an Opener has let in.
type Opened struct {
	Said  []byte // by the client: the upstream has it
	Heard []byte // from the upstream: the client has it
	Next  []byte // by the client: the upstream is to get it next; not empty
	Login Login
}

// Refusal is the error of an Opener that ends the connection.
type Refusal struct {
	Reason Rejection
	Err    error  // what the log says; it must hold nothing secret
	Answer []byte // to be sent to the client first
}

func (r *Refusal) Error() string { return r.Err.Error() }
func (r *Refusal) Unwrap() error { return r.Err }

// ErrReopen is returned by Opener.Open when the client may pass and only the connection
// to the upstream has become too old.
var ErrReopen = errors.New("the opening took long: the upstream may have given it up")

// openings is how many upstreams may fail a client in its opening before it is
// taken to be the client's fault.
const openings = 2

// meet hears a new connection and finds it a place.
func (g *Gateway) meet(ctx context.Context, s *session) {
	if err := s.opener.Meet(g.entering, s.client.conn); err != nil {
		g.refuse(s, err)
		return
	}
	g.mu.Lock()
	g.connecting--
	rejection, held := RejectShutdown, false
	if g.admits() {
		rejection, held = g.place(s)
	} else {
		g.reject(rejection, s)
	}
	g.mu.Unlock()
	switch {
	case rejection != "":
		g.turnAway(rejection, s)
	case held:
		g.rouse()
	default:
		g.connect(ctx, s)
	}
}

// outcome of an opening at one upstream.
type outcome int

const (
	opened          outcome = iota
	openedElsewhere         // another upstream is to be tried
	openedLate              // any upstream is to be tried
	openedNever             // the connection was refused
)

// open has the opener of s speak to an upstream that was reached.
func (g *Gateway) open(ctx context.Context, s *session, u *upstream, conn net.Conn) outcome {
	g.mu.Lock()
	g.reached(u)
	g.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(u.dialing, cancel)()
	err := s.opener.Open(ctx, s.client.conn, conn)
	if err == nil {
		return opened
	}
	_ = conn.Close()
	late := errors.Is(err, ErrReopen)
	if ctx.Err() == nil && !late {
		s.failedOpenings++
	}
	_, final := errors.AsType[*Refusal](err)
	g.mu.Lock()
	u.connecting--
	g.mu.Unlock()
	if late {
		return openedLate
	}
	if !final && s.failedOpenings < openings {
		g.cfg.Log.Debug("opening failed", "upstream", u.address, "error", err)
		return openedElsewhere
	}
	g.refuse(s, err)
	return openedNever
}

// resume makes a session begin where its opener has led it. The caller holds Gateway.mu.
func (s *session) resume(o Opened) {
	s.gateway.counters.Logins[o.Login]++
	if s.tracker != nil {
		s.tracker.Client(o.Said, Nowhere)
		s.tracker.Server(o.Heard)
	}
	s.up.Add(uint64(len(o.Said)))
	s.down.Add(uint64(len(o.Heard)))
	s.opening.said, s.opening.second = o.Next, true
	s.opening.spoke.Store(true)
	s.opening.answered.Store(true)
}

// refuse ends a connection that its opener does not let in. It takes its place as long
// as it is there.
func (g *Gateway) refuse(s *session, err error) {
	refusal, ok := errors.AsType[*Refusal](err)
	switch {
	case g.entering.Err() != nil:
		refusal = &Refusal{Reason: RejectShutdown, Err: err}
	case !ok:
		refusal = &Refusal{Reason: RejectOpening, Err: err}
	}
	g.mu.Lock()
	g.reject(refusal.Reason, s)
	g.sessions[s.id] = s // until it has heard why
	switch refusal.Reason {
	case RejectLogin:
		g.counters.Logins[LoginRefused]++
	case RejectNoMain:
		g.counters.Logins[LoginUnchecked]++
	}
	g.mu.Unlock()
	g.complain(s, refusal.Reason, refusal.Err)
	if len(refusal.Answer) > 0 {
		s.client.farewell(refusal.Answer)
	}
	g.mu.Lock()
	g.connecting--
	delete(g.sessions, s.id)
	g.mu.Unlock()
	g.turnAway(refusal.Reason, s)
}

// farewellTime bounds how long a client that was refused may take to hear why.
const farewellTime = time.Second

// farewell says a last thing to the peer. It hears what still comes until the peer has
// ended its side: a connection that is closed with bytes unread is reset, and the reset
// destroys what was said.
func (l *leg) farewell(words []byte) {
	_ = l.conn.SetDeadline(time.Now().Add(farewellTime))
	if _, err := l.conn.Write(words); err != nil {
		return
	}
	if c, ok := l.conn.(interface{ CloseWrite() error }); ok && c.CloseWrite() == nil {
		for buf := make([]byte, 512); ; {
			if _, err := l.conn.Read(buf); err != nil {
				return
			}
		}
	}
}
