package bolt_test

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
	"memgraph-controller/clusters/standin/bolt/packstream"
)

// pipes is a listener in memory, usable in a synctest bubble.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{accept: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case nc := <-p.accept:
		return nc, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

// server runs in memory until the test ends.
type server struct {
	*bolt.Server
	*pipes
}

func start(t *testing.T, config bolt.Config) *server {
	s := &server{Server: bolt.NewServer(config), pipes: newPipes()}
	served := make(chan error, 1)
	go func() { served <- s.Serve(s.pipes) }()
	t.Cleanup(func() {
		require.NoError(t, s.Server.Close())
		require.NoError(t, <-served)
	})
	return s
}

// wire is a client that says exactly what it is told.
type wire struct {
	t *testing.T
	net.Conn
	from *bufio.Reader
}

func (s *server) dial(t *testing.T) *wire {
	client, nc := net.Pipe()
	s.accept <- nc
	t.Cleanup(func() { client.Close() })
	return &wire{t: t, Conn: client, from: bufio.NewReader(client)}
}

// connect dials and agrees on a version, 0x0205 for Bolt 5.2.
func (s *server) connect(t *testing.T, version uint32) *wire {
	w := s.dial(t)
	require.Equal(t, fmt.Sprintf("%08x", version), w.handshake(version))
	return w
}

// handshake returns the first four bytes of the answer.
func (w *wire) handshake(proposals ...uint32) string {
	hello := []byte{0x60, 0x60, 0xB0, 0x17}
	for i := range 4 {
		var p uint32
		if i < len(proposals) {
			p = proposals[i]
		}
		hello = binary.BigEndian.AppendUint32(hello, p)
	}
	w.write(hello)
	var answer [4]byte
	_, err := io.ReadFull(w.from, answer[:])
	require.NoError(w.t, err)
	return hex.EncodeToString(answer[:])
}

func (w *wire) write(b []byte) {
	_, err := w.Write(b)
	require.NoError(w.t, err)
}

func message(tag byte, fields ...any) []byte {
	payload, err := packstream.AppendStruct(nil, tag, packstream.V5, fields...)
	if err != nil {
		panic(err)
	}
	return chunk(payload)
}

func chunk(payload []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(payload)))
	return append(append(b, payload...), 0, 0)
}

// read returns the next answer in words, "EOF" after the last.
func (w *wire) read() string {
	var payload []byte
	for {
		var head [2]byte
		if _, err := io.ReadFull(w.from, head[:]); err != nil {
			return "EOF"
		}
		size := int(binary.BigEndian.Uint16(head[:]))
		if size == 0 {
			return describe(w.t, payload)
		}
		part := make([]byte, size)
		_, err := io.ReadFull(w.from, part)
		require.NoError(w.t, err)
		payload = append(payload, part...)
	}
}

func describe(t *testing.T, payload []byte) string {
	m, err := packstream.Decode(payload)
	require.NoError(t, err)
	names := map[byte]string{0x70: "SUCCESS", 0x71: "RECORD", 0x7E: "IGNORED", 0x7F: "FAILURE"}
	words := []string{names[m.Tag]}
	for _, f := range m.Fields {
		words = append(words, strings.TrimPrefix(fmt.Sprint(f), "map"))
	}
	return strings.Join(words, " ")
}

// expect reads one answer for each of want.
func (w *wire) expect(want ...string) {
	w.t.Helper()
	for _, text := range want {
		require.Equal(w.t, text, w.read())
	}
}

// The messages of a client.
type object = map[string]any

func hello() []byte  { return message(0x01, object{"user_agent": "test/1"}) }
func logon() []byte  { return message(0x6A, object{"scheme": "none"}) }
func logoff() []byte { return message(0x6B) }
func run(query string, params ...object) []byte {
	return message(0x10, query, merge(params), object{})
}
func pull(n int, extra ...object) []byte {
	return message(0x3F, merge(append(extra, object{"n": n})))
}
func discard(n int, extra ...object) []byte {
	return message(0x2F, merge(append(extra, object{"n": n})))
}
func begin() []byte    { return message(0x11, object{}) }
func commit() []byte   { return message(0x12) }
func rollback() []byte { return message(0x13) }
func reset() []byte    { return message(0x0F) }
func goodbye() []byte  { return message(0x02) }

func merge(list []object) object {
	all := object{}
	for _, m := range list {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

const (
	success    = "SUCCESS []"
	ignored    = "IGNORED"
	violation  = "FAILURE [code:Memgraph.ExecutionException message:Something went wrong while executing the query! Check the server logs for more details.]"
	hasMore    = "SUCCESS [has_more:true]"
	readEnd    = "SUCCESS [db:memgraph has_more:false type:r]"
	clientCode = "Memgraph.ClientError.MemgraphError.MemgraphError"
	identity   = "SUCCESS [connection_id:bolt-1 server:Neo4j/v5.11.0 compatible graph database server - Memgraph]"
)

func clientError(text string) string {
	return fmt.Sprintf("FAILURE [code:%s message:%s]", clientCode, text)
}

// session is a client that has logged in with Bolt 5.2.
func (s *server) session(t *testing.T) *wire {
	w := s.connect(t, 0x0205)
	w.write(hello())
	w.expect(identity)
	w.write(logon())
	w.expect(identity)
	return w
}
