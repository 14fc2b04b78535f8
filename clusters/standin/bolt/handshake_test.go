package bolt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/bolt"
)

// refused are the first four bytes of a FAILURE, which is what Memgraph answers
// when it offers nothing of what is proposed.
const refused = "0086b17f"

// TestHandshakeAnswersAsMemgraphDoes has the proposals that were put to
// Memgraph 3.6.2, with its answers (memgraph-observed, transcript 10).
func TestHandshakeAnswersAsMemgraphDoes(t *testing.T) {
	for _, c := range []struct {
		name      string
		proposals []uint32
		answer    string
	}{
		{"neo4j-go-driver v5", []uint32{0x00080805, 0x00020404, 0x00000104, 0x00000003}, "00000205"},
		{"manifest v1", []uint32{0x000001FF, 0x00080805, 0x00020404, 0x00000003}, "00000205"},
		{"6.0", []uint32{0x00000006}, refused},
		{"5.8", []uint32{0x00000805}, refused},
		{"5.4", []uint32{0x00000405}, refused},
		{"5.3", []uint32{0x00000305}, refused},
		{"5.2", []uint32{0x00000205}, "00000205"},
		{"5.1", []uint32{0x00000105}, refused},
		{"5.0", []uint32{0x00000005}, refused},
		{"4.4", []uint32{0x00000404}, refused},
		{"4.3", []uint32{0x00000304}, "00000304"},
		{"4.2", []uint32{0x00000204}, refused},
		{"4.1", []uint32{0x00000104}, "00000104"},
		{"4.0", []uint32{0x00000004}, "00000004"},
		{"3", []uint32{0x00000003}, refused},
		{"1", []uint32{0x00000001}, "00000001"},
		{"5.8 to 5.0", []uint32{0x00080805}, "00000205"},
		{"the client's order decides", []uint32{0x00000104, 0x00000205}, "00000104"},
		{"a range longer than it can be", []uint32{0x00FF0204}, "00000104"},
		{"every version there can be", []uint32{0x00FFFF05}, "00000205"},
		{"zeros end the list", []uint32{0x00000003, 0, 0x00000205}, refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := start(t, bolt.Config{Backend: newDatabase()}).dial(t)
			require.Equal(t, c.answer, w.handshake(c.proposals...))
		})
	}
}

func TestBolt44IsAnOption(t *testing.T) {
	w := start(t, bolt.Config{Backend: newDatabase(), Bolt44: true}).dial(t)
	require.Equal(t, "00000404", w.handshake(0x00020404))
}

func TestARefusedHandshakeIsAFailureAndTheEnd(t *testing.T) {
	for _, first := range [][]byte{
		[]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")[:20],
		{0x60, 0x60, 0xB0, 0x17, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		db := newDatabase()
		w := start(t, bolt.Config{Backend: db}).dial(t)
		w.write(first)
		w.expect(violation, "EOF")
		require.Zero(t, db.openSessions(), "the database hears of a client only after its handshake")
	}
}

func TestBolt1IsNegotiatedAndRefused(t *testing.T) {
	w := start(t, bolt.Config{Backend: newDatabase()}).connect(t, 0x0001)
	w.write(message(0x01, "test/1", object{"scheme": "none"}))
	w.expect(clientError("The stand-in does not implement Bolt 1. Use a driver that speaks Bolt 4.0 or later."), "EOF")
}
