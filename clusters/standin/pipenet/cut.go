package pipenet

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"
)

// As Linux has it: the first time without an answer after which a SYN, or
// anything else, is sent again; each next time is twice as long.
const (
	synAgain  = time.Second
	sendAgain = 200 * time.Millisecond
)

// path is one direction between two parties. The party of a listener is its
// address without the port, that of a dialer the name it goes by.
type path struct{ from, to string }

func partyOf(address string) string {
	party, _, _ := strings.Cut(address, ":")
	return party
}

// DialAs is Dial by a party, whose connections Cut can tell from others.
func (n *Network) DialAs(party string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return n.dial(ctx, party, network, address)
	}
}

// Cut lets nothing through from one party to another until Heal, in that direction
// alone. Nobody is told: what is sent meanwhile is sent again and again as TCP does
// it, each time after twice as long, and arrives with the first time after Heal. A
// reset is sent once, so it is lost. Dials between the two hang.
func (n *Network) Cut(from, to string) { n.setCut(path{from, to}, true) }

// Heal is the end of Cut.
func (n *Network) Heal(from, to string) { n.setCut(path{from, to}, false) }

func (n *Network) setCut(p path, cut bool) {
	n.mu.Lock()
	if n.cuts == nil {
		n.cuts = map[path]bool{}
	}
	n.cuts[p] = cut
	wires := slices.Clone(n.wires)
	n.mu.Unlock()
	for _, w := range wires {
		w.setCut(p, cut)
	}
}

// IsCut tells whether a direction is cut.
func (n *Network) IsCut(from, to string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cuts[path{from, to}]
}

// apart tells whether a handshake between two parties fails.
func (n *Network) apart(a, b string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.cuts[path{a, b}] || n.cuts[path{b, a}]
}

// await returns when a SYN gets through and is answered.
func (n *Network) await(ctx context.Context, from, to string) error {
	for again := synAgain; n.apart(from, to); again *= 2 {
		if err := sleep(ctx, again); err != nil {
			return err
		}
	}
	return nil
}

func (w *wire) setCut(p path, cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n, s := range w.streams {
		if s.path != p {
			continue
		}
		s.cut = cut
		if !cut && !s.held.IsZero() {
			w.release(s, w.streams[1-n])
		}
	}
}

// release sends what a direction has held, at its next turn.
func (w *wire) release(s, back *stream) {
	at := s.held
	for again := sendAgain; at.Before(time.Now()); again *= 2 {
		at = at.Add(again)
	}
	at = at.Add(w.latency)
	s.letGo(at)
	w.wakeAt(at)
	switch {
	case !s.unread || len(s.parts) == 0:
	case back.cut:
		back.reset(back.hold(time.Now()))
	default:
		back.reset(at.Add(w.latency))
		w.wakeAt(at.Add(w.latency))
	}
}

func (w *wire) wakeAt(t time.Time) { time.AfterFunc(time.Until(t), w.wake) }
