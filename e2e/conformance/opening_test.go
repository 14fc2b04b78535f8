package conformance

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire is a connection of which every byte is known: the read gateway asks the main about
// a login in these words (gateway/login).
type wire struct {
	*testing.T
	net.Conn
}

// agree opens a connection that proposes one version and gets it.
func (i *instance) agree(major, minor byte) wire {
	i.t.Helper()
	conn, err := net.Dial("tcp", i.bolt())
	require.NoError(i.t, err)
	i.t.Cleanup(func() { _ = conn.Close() })
	require.NoError(i.t, conn.SetDeadline(time.Now().Add(patience)))
	w := wire{i.t, conn}
	version := []byte{0, 0, minor, major}
	w.say([]byte{0x60, 0x60, 0xB0, 0x17}, version, make([]byte, 12))
	answer := make([]byte, 4)
	_, err = io.ReadFull(conn, answer)
	require.NoError(i.t, err)
	require.Equal(i.t, version, answer)
	return w
}

func (w wire) say(parts ...[]byte) {
	w.Helper()
	_, err := w.Write(bytes.Join(parts, nil))
	require.NoError(w, err)
}

// hear returns the next message, without its chunks.
func (w wire) hear() (content []byte) {
	w.Helper()
	for size := make([]byte, 2); ; {
		_, err := io.ReadFull(w, size)
		require.NoError(w, err)
		n := binary.BigEndian.Uint16(size)
		if n == 0 && len(content) > 0 {
			return content
		}
		chunk := make([]byte, n)
		_, err = io.ReadFull(w, chunk)
		require.NoError(w, err)
		content = append(content, chunk...)
	}
}

const (
	tagHello   = 0x01
	tagGoodbye = 0x02
	tagLogon   = 0x6A
	tagSuccess = 0x70
	tagFailure = 0x7F
)

// dictionary is a message with one map of short texts.
func dictionary(tag byte, entries ...string) []byte {
	content := []byte{0xB1, tag, 0xA0 + byte(len(entries)/2)}
	for _, text := range entries {
		content = append(append(content, 0xD0, byte(len(text))), text...)
	}
	return append(append([]byte{0, byte(len(content))}, content...), 0, 0)
}

var goodbye = []byte{0, 2, 0xB0, tagGoodbye, 0, 0}

func TestHelloAndLogonMayComeTogether(t *testing.T) {
	fact(t, "4.3b", "10")
	needs(t, fresh)
	a := lone(t)
	a.run("CREATE USER u IDENTIFIED BY 'p'")
	hello := dictionary(tagHello, "user_agent", "conformance")

	right := a.agree(5, 2)
	right.say(hello, dictionary(tagLogon, "scheme", "basic", "principal", "u", "credentials", "p"))
	require.Equal(t, byte(tagSuccess), right.hear()[1])
	require.Equal(t, byte(tagSuccess), right.hear()[1])
	right.say(goodbye)
	_, err := right.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	for name, entries := range map[string][]string{
		"a wrong password": {"scheme", "basic", "principal", "u", "credentials", "wrong"},
		"no such user":     {"scheme", "basic", "principal", "v", "credentials", "p"},
		"no credentials":   {"scheme", "none"},
	} {
		wrong := a.agree(5, 2)
		wrong.say(hello, dictionary(tagLogon, entries...))
		require.Equal(t, byte(tagSuccess), wrong.hear()[1], name)
		answer := wrong.hear()
		require.Equal(t, byte(tagFailure), answer[1], name)
		require.Contains(t, string(answer), noLogin, name)
	}
}

func TestHelloIsTheLoginBeforeBolt5(t *testing.T) {
	fact(t, "4.3b", "10")
	needs(t, fresh)
	a := lone(t)
	a.run("CREATE USER u IDENTIFIED BY 'p'")
	for _, minor := range []byte{1, 3} {
		right := a.agree(4, minor)
		right.say(dictionary(tagHello, "user_agent", "conformance", "scheme", "basic", "principal", "u", "credentials", "p"))
		require.Equal(t, byte(tagSuccess), right.hear()[1])
		wrong := a.agree(4, minor)
		wrong.say(dictionary(tagHello, "user_agent", "conformance", "scheme", "basic", "principal", "u", "credentials", "wrong"))
		answer := wrong.hear()
		require.Equal(t, byte(tagFailure), answer[1])
		require.Contains(t, string(answer), noLogin)
	}
}

// What a replica takes, a client of the read gateway could say if nobody asked the main.
func TestReplicaTakesAnyLogin(t *testing.T) {
	fact(t, "4.4a", "21")
	needs(t, fresh)
	a := lone(t)
	b := newInstance(t, "b")
	b.start()
	for _, i := range []*instance{a, b} {
		i.run("CREATE USER u IDENTIFIED BY 'p'")
	}
	b.demote()
	a.run(registration(b, "STRICT_SYNC"))
	a.showsSoon("b", "ready")
	for _, entries := range [][]string{
		{"scheme", "basic", "principal", "u", "credentials", "wrong"},
		{"scheme", "basic", "principal", "nobody", "credentials", ""},
		{"scheme", "none"},
	} {
		w := b.agree(5, 2)
		w.say(dictionary(tagHello, "user_agent", "conformance"), dictionary(tagLogon, entries...))
		require.Equal(t, byte(tagSuccess), w.hear()[1])
		require.Equal(t, byte(tagSuccess), w.hear()[1], "%q", entries)
	}
}
