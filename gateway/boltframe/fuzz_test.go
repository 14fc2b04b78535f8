package boltframe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// consume shows a client's stream in pieces of at most size bytes, and returns
// how much of it passes before the tracker stops it.
func consume(tracker gateway.Tracker, p []byte, stop gateway.Stop, size int) int {
	passed := 0
	for passed < len(p) {
		piece := p[passed:min(len(p), passed+size)]
		n := tracker.Client(piece, stop)
		passed += n
		if n < len(piece) {
			break
		}
	}
	return passed
}

// FuzzPiecesDoNotMatter cuts a client's and a server's stream into pieces of any
// size and compares with the streams as a whole.
func FuzzPiecesDoNotMatter(f *testing.F) {
	session := join(handshake(), hello, logon, begin, run, pull, commit, noop, run, pull, reset, goodbye)
	answers := join(version(2, 5), success, success, success, success, record, more, success, noop, success, noMore, success)
	for size := range 5 {
		f.Add(session, answers, uint8(size))
	}
	f.Add([]byte("\x16\x03\x01"), []byte("HTTP/1.1 400"), uint8(1))
	f.Add(session[:30], answers[:3], uint8(2))
	f.Fuzz(func(t *testing.T, fromClient, fromServer []byte, size uint8) {
		whole, pieces := boltframe.Track(), boltframe.Track()
		n := whole.Client(fromClient, gateway.Nowhere)
		require.Equal(t, n, consume(pieces, fromClient, gateway.Nowhere, int(size)+1))
		require.True(t, n == len(fromClient) || whole.State().Lost)
		require.Equal(t, whole.State(), pieces.State())

		whole.Server(fromServer)
		for rest := fromServer; len(rest) > 0; {
			step := min(len(rest), int(size)+1)
			pieces.Server(rest[:step])
			rest = rest[step:]
		}
		require.Equal(t, whole.State(), pieces.State())
	})
}

// FuzzStops stops a stream anywhere: what passed before a message is a whole
// number of messages, and nothing more passes from there.
func FuzzStops(f *testing.F) {
	session := join(handshake(), hello, logon, begin, run, pull, commit, begin, rollback, run, pull)
	for _, at := range []uint8{0, 7, 21, 40, 60, 80} {
		f.Add(session, at, true)
		f.Add(session, at, false)
	}
	f.Fuzz(func(t *testing.T, stream []byte, at uint8, drain bool) {
		stop := gateway.BeforeMessage
		if drain {
			stop = gateway.BeforeTransaction
		}
		tracker := boltframe.Track()
		first := tracker.Client(stream[:min(len(stream), int(at))], gateway.Nowhere)
		if tracker.State().Lost {
			return
		}
		n := tracker.Client(stream[first:], stop)
		if tracker.State().Lost || first+n == len(stream) {
			return
		}
		require.False(t, tracker.State().Partial)
		require.Zero(t, tracker.Client(stream[first+n:], stop))
		if drain {
			require.False(t, tracker.State().Open, "it was stopped inside a transaction")
		}
	})
}
