package boltframe

import "memgraph-controller/gateway"

// Tags of the messages that matter here.
const (
	tagGoodbye  = 0x02
	tagReset    = 0x0F
	tagRun      = 0x10
	tagBegin    = 0x11
	tagCommit   = 0x12
	tagRollback = 0x13

	tagSuccess = 0x70
	tagRecord  = 0x71
	tagIgnored = 0x7E
	tagFailure = 0x7F
)

// Sizes of the two halves of the handshake: the magic and four proposals of a
// version from the client, one version from the server.
const (
	handshakeSize = 20
	versionSize   = 4
)

// magic opens every Bolt connection.
const magic = "\x60\x60\xB0\x17"

// Tracker follows one Bolt session. The zero Tracker is ready for use.
// It is not safe for concurrent use.
type Tracker struct {
	client, server chunks

	hello   int               // bytes of the client's handshake consumed
	version [versionSize]byte // the server's reply to it
	replied int               // bytes of version that have come

	pending int  // requests the server has not answered
	last    byte // tag of the last request
	tx      bool // an explicit transaction is open, as far as forwarded

	scan    hasMore // looks at the answer that is arriving
	success bool    // the last answer was SUCCESS
	more    bool    // it said that more rows can be pulled

	lost bool
}

var _ gateway.Tracker = (*Tracker)(nil)

// Track returns a tracker for a new session. It fits gateway.Config.Track.
func Track() gateway.Tracker { return new(Tracker) }

// Client implements gateway.Tracker.
func (t *Tracker) Client(p []byte, stop gateway.Stop) int {
	n := 0
	for n < len(p) && !t.lost {
		if t.stopsAt(p[n:], stop) {
			break
		}
		if t.hello < handshakeSize {
			n += t.greet(p[n:])
			continue
		}
		step, _, ended := t.client.walk(p[n:])
		n += step
		if ended {
			t.request()
		}
	}
	return n
}

// stopsAt tells whether p, which comes next, must not be forwarded. A message
// whose tag has not arrived yet is let through under BeforeTransaction: once
// begun, it is finished, whatever it is.
func (t *Tracker) stopsAt(p []byte, stop gateway.Stop) bool {
	switch {
	case stop == gateway.Nowhere || t.partial():
		return false
	case stop >= gateway.BeforeMessage:
		return true
	case t.tx || t.hello == 0:
		return false
	}
	tag, known := peekTag(p)
	return known && (tag == tagBegin || tag == tagRun)
}

// partial tells whether the bytes from the client that were consumed so far
// end within the handshake or a message.
func (t *Tracker) partial() bool {
	return t.hello > 0 && t.hello < handshakeSize || t.client.partial()
}

// greet consumes bytes of the client's handshake.
func (t *Tracker) greet(p []byte) int {
	n := min(handshakeSize-t.hello, len(p))
	for i := range n {
		if at := t.hello + i; at < len(magic) && p[i] != magic[at] {
			t.lost = true
			return i
		}
	}
	t.hello += n
	return n
}

// request notes that the client's message is complete.
func (t *Tracker) request() {
	if !t.client.wellFormed() {
		t.lost = true
		return
	}
	switch t.client.tag {
	case tagGoodbye: // the server hangs up instead of an answer
		return
	case tagBegin:
		t.tx = true
	case tagCommit, tagRollback, tagReset:
		t.tx = false
	}
	t.last = t.client.tag
	t.pending++
}

// Server implements gateway.Tracker.
func (t *Tracker) Server(p []byte) {
	for len(p) > 0 && !t.lost {
		if t.replied < versionSize {
			p = p[t.reply(p):]
			continue
		}
		if step := t.server.skip(p, tagRecord); step > 0 {
			t.lost = t.pending == 0
			p = p[step:]
			continue
		}
		step, content, ended := t.server.walk(p)
		if t.server.tag == tagSuccess {
			t.scan.look(content)
		}
		if ended {
			t.answer()
		}
		p = p[step:]
	}
}

// reply consumes bytes of the server's half of the handshake: two unused, minor
// and major version. Anything in the unused ones, or a major version below 3, is
// something this tracker does not follow. A server that agrees to no version
// says 0 and hangs up.
func (t *Tracker) reply(p []byte) int {
	n := copy(t.version[t.replied:], p)
	t.replied += n
	if t.replied == versionSize && (t.version[0] != 0 || t.version[1] != 0 || t.version[3] < 3 || t.version[3] == 0xFF) {
		t.lost = true
	}
	return n
}

// answer notes that the server's message is complete. Every request has exactly
// one answer that is not a RECORD.
func (t *Tracker) answer() {
	tag := t.server.tag
	known := tag == tagSuccess || tag == tagFailure || tag == tagIgnored || tag == tagRecord
	if !t.server.wellFormed() || !known || t.pending == 0 {
		t.lost = true
		return
	}
	if tag == tagRecord {
		return
	}
	t.pending--
	t.success, t.more, t.scan = tag == tagSuccess, t.scan.found, hasMore{}
	if t.pending == 0 && !t.success {
		t.tx = false // a failure ends the transaction on the server
	}
}

// State implements gateway.Tracker.
func (t *Tracker) State() gateway.State {
	if t.lost {
		return gateway.State{Lost: true}
	}
	greeting := t.hello == handshakeSize && t.replied < versionSize
	return gateway.State{
		Opening: t.replied == 0 && t.last == 0 && !t.client.partial(),
		Partial: t.partial(),
		Owing:   t.pending > 0 || greeting,
		Open:    t.tx || t.unread(),
	}
}

// unread tells whether the rows of a result are still to be fetched: the query
// was answered and nothing was pulled, or a pull has left some.
func (t *Tracker) unread() bool {
	return t.pending == 0 && t.success && (t.last == tagRun || t.more)
}
