package boltframe

// Message puts one message after another together out of a stream, however it is cut.
// What it keeps is one message; whoever shows it the bytes bounds their number. The
// zero Message is ready for use.
type Message struct {
	frame   chunks
	content []byte
	whole   bool
}

// Take consumes p to the end of a message, or all of it. It returns how much that is
// and whether the message is whole.
func (m *Message) Take(p []byte) (n int, whole bool) {
	if m.whole {
		m.content, m.whole = nil, false
	}
	for n < len(p) && !m.whole {
		step, content, ended := m.frame.walk(p[n:])
		m.content = append(m.content, content...)
		n, m.whole = n+step, ended
	}
	return n, m.whole
}

// Content is the message without its chunks, once it is whole.
func (m *Message) Content() []byte { return m.content }

// Tag says what message it is; false where it is none of Bolt's.
func (m *Message) Tag() (tag byte, known bool) { return m.frame.tag, m.frame.wellFormed() }
