package login_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// message puts content into chunks of at most size bytes.
func message(size int, content ...byte) (framed []byte) {
	for chunk := range slices.Chunk(content, size) {
		framed = append(binary.BigEndian.AppendUint16(framed, uint16(len(chunk))), chunk...)
	}
	return append(framed, 0, 0)
}

func whole(content ...byte) []byte { return message(1000, content...) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// text is a string in PackStream.
func text(s string) []byte { return append([]byte{0x80 + byte(len(s))}, s...) }

// The client's messages. Password "p" is right where an instance has users.
var (
	bolt52 = handshakeOf([]byte{0, 8, 8, 5}, []byte{0, 2, 4, 4}, []byte{0, 0, 0, 3})
	bolt44 = handshakeOf([]byte{0, 2, 4, 4})
	hello  = whole(join([]byte{0xB1, 0x01, 0xA1}, text("user_agent"), text("test"))...)
	run    = whole(join([]byte{0xB3, 0x10}, text("RETURN 1"), []byte{0xA0, 0xA0})...)
	bye    = whole(0xB0, 0x02)
)

func handshakeOf(proposals ...[]byte) []byte {
	h := make([]byte, 20)
	copy(h, join([]byte{0x60, 0x60, 0xB0, 0x17}, join(proposals...)))
	return h
}

func credentials(tag byte, password string) []byte {
	return join([]byte{0xB1, tag, 0xA2}, text("principal"), text("u"), text("credentials"), text(password))
}

// reordered is a LOGON as another driver may write it.
func reordered(password string) []byte {
	return whole(join([]byte{0xB1, 0x6A, 0xA2}, text("credentials"), text(password), text("principal"), text("u"))...)
}

func logon(password string) []byte    { return whole(credentials(0x6A, password)...) }
func oldLogin(password string) []byte { return whole(credentials(0x01, password)...) }

// The answers of an instance called by its name.
func success(name string) []byte {
	return whole(join([]byte{0xB1, 0x70, 0xA1}, text("server"), text(name))...)
}
func failure(name string) []byte {
	return whole(join([]byte{0xB1, 0x7F, 0xA1}, text("code"), text("no, says "+name))...)
}

func version(v byte) []byte { return []byte{0, 0, v % 10, v / 10} }

// instance is a server that knows a little Bolt and writes down what it hears. Its
// habits change under its lock.
type instance struct {
	name    string
	mu      sync.Mutex
	bolt    byte          // the version it chooses, such as 52
	users   bool          // whether it has any; only "p" is a right password then
	ends    map[byte]bool // messages at which it hangs up
	dies    bool          // when it hangs up
	kill    func()        // ends it
	silent  bool          // it answers nothing
	slowly  time.Duration // how long it thinks about a login
	greeted [][]byte      // handshakes
	heard   [][]byte      // messages without chunks
	open    int           // connections

	thinking, most int // about logins, at the same time
}

// loginTimeout is how long it waits for a login.
const loginTimeout = 10 * time.Second

// change changes its habits.
func (i *instance) change(how func(i *instance)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	how(i)
}

func (i *instance) mortal() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.dies
}

// chosen answers a handshake.
func (i *instance) chosen(greeting []byte) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.greeted = append(i.greeted, greeting)
	v := version(i.bolt)
	if alone := greeting[4:8]; bytes.Equal(greeting[8:], make([]byte, 12)) && alone[1] == 0 && !bytes.Equal(alone, v) {
		return make([]byte, 4)
	}
	return v
}

// answer answers a message; nil: by hanging up.
func (i *instance) answer(content []byte) []byte {
	tag := content[1]
	i.mu.Lock()
	defer i.mu.Unlock()
	i.heard = append(i.heard, content)
	switch {
	case i.ends[tag] || tag == 0x02:
		return nil
	case tag == 0x6A || tag == 0x01 && i.bolt < 51:
		users := i.users
		i.thinking++
		i.most = max(i.most, i.thinking)
		i.mu.Unlock()
		time.Sleep(i.slowly)
		i.mu.Lock()
		i.thinking--
		if users && !bytes.Contains(content, append(text("credentials"), text("p")...)) {
			return failure(i.name)
		}
	}
	return success(i.name)
}

// serve is a connection to the instance.
func (i *instance) serve(conn net.Conn) {
	defer conn.Close()
	i.change(func(i *instance) { i.open++ })
	defer i.change(func(i *instance) { i.open-- })
	greeting := make([]byte, 20)
	_, err := io.ReadFull(conn, greeting)
	i.mu.Lock()
	silent := i.silent
	i.mu.Unlock()
	if err != nil || silent {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(loginTimeout))
	for answer := i.chosen(greeting); answer != nil; {
		_, err := conn.Write(answer)
		if err != nil || answer[2] == 0xB1 && answer[3] == 0x7F || bytes.Equal(answer, make([]byte, 4)) {
			return
		}
		content, err := read(conn)
		if err != nil || len(content) < 2 {
			return
		}
		if answer = i.answer(content); answer == nil && i.mortal() {
			i.kill()
		}
		if content[1] == 0x6A {
			_ = conn.SetReadDeadline(time.Time{})
		}
	}
}

// read reads one message.
func read(conn net.Conn) (content []byte, err error) {
	for size := make([]byte, 2); ; {
		if _, err := io.ReadFull(conn, size); err != nil {
			return nil, err
		}
		n := binary.BigEndian.Uint16(size)
		if n == 0 && len(content) > 0 {
			return content, nil
		}
		chunk := make([]byte, n)
		if _, err := io.ReadFull(conn, chunk); err != nil {
			return nil, err
		}
		content = append(content, chunk...)
	}
}

// tags are the kinds of the messages that it has heard, when all that was under way has
// arrived.
func (i *instance) tags() (tags []byte) {
	synctest.Wait()
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, content := range i.heard {
		tags = append(tags, content[1])
	}
	return tags
}

// hear expects exactly these bytes.
func hear(t *testing.T, conn net.Conn, words ...[]byte) {
	t.Helper()
	want := join(words...)
	got := make([]byte, len(want))
	_, err := io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func say(t *testing.T, conn net.Conn, words ...[]byte) {
	t.Helper()
	_, err := conn.Write(join(words...))
	require.NoError(t, err)
}

// ended expects the end of the connection, and returns what came before it.
func ended(t *testing.T, conn net.Conn) []byte {
	t.Helper()
	last, _ := io.ReadAll(conn)
	_, err := conn.Read(make([]byte, 1))
	require.Error(t, err)
	return last
}
