package boltframe_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// Messages of a client and of a server, chunked.
var (
	hello    = message(0xB1, 0x01, 0xA0)
	logon    = message(0xB1, 0x6A, 0xA0)
	goodbye  = message(0xB0, 0x02)
	reset    = message(0xB0, 0x0F)
	run      = message(0xB3, 0x10, 0x88, 'R', 'E', 'T', 'U', 'R', 'N', ' ', '1', 0xA0, 0xA0)
	begin    = message(0xB1, 0x11, 0xA0)
	commit   = message(0xB0, 0x12)
	rollback = message(0xB0, 0x13)
	pull     = message(0xB1, 0x3F, 0xA1, 0x81, 'n', 0xC9, 0x03, 0xE8)
	noop     = []byte{0, 0}

	success = message(0xB1, 0x70, 0xA0)
	more    = message(0xB1, 0x70, 0xA1, 0x88, 'h', 'a', 's', '_', 'm', 'o', 'r', 'e', 0xC3)
	noMore  = message(0xB1, 0x70, 0xA1, 0x88, 'h', 'a', 's', '_', 'm', 'o', 'r', 'e', 0xC2)
	record  = message(0xB1, 0x71, 0x91, 0x01)
	failure = message(0xB1, 0x7F, 0xA0)
	ignored = message(0xB0, 0x7E)
)

var (
	between = gateway.State{}
	owing   = gateway.State{Owing: true}
	open    = gateway.State{Open: true}
	both    = gateway.State{Owing: true, Open: true}
)

func TestOpeningEndsWithTheFirstMessage(t *testing.T) {
	tracker := boltframe.Track()
	require.True(t, tracker.State().Opening)
	client(t, tracker, handshake()[:7])
	require.True(t, tracker.State().Opening)
	client(t, tracker, handshake()[7:])
	require.True(t, tracker.State().Opening)
	client(t, tracker, hello[:3]) // a client that does not wait for the version
	require.False(t, tracker.State().Opening)
	client(t, tracker, hello[3:])
	require.False(t, tracker.State().Opening)
}

// message puts content into one chunk.
func message(content ...byte) []byte {
	return append(append([]byte{byte(len(content) >> 8), byte(len(content))}, content...), 0, 0)
}

// handshake is what a client offers: Bolt 5.2 down to 3.
func handshake() []byte {
	return []byte{0x60, 0x60, 0xB0, 0x17, 0, 2, 2, 5, 0, 0, 4, 4, 0, 0, 0, 4, 0, 0, 0, 3}
}

// version is a server's reply to it.
func version(minor, major byte) []byte { return []byte{0, 0, minor, major} }

// greeted is a tracker of a session that is logged on.
func greeted(t *testing.T) gateway.Tracker {
	t.Helper()
	tracker := boltframe.Track()
	client(t, tracker, handshake())
	require.Equal(t, gateway.State{Owing: true, Opening: true}, tracker.State())
	tracker.Server(version(2, 5))
	client(t, tracker, hello, logon)
	require.Equal(t, owing, tracker.State())
	tracker.Server(success)
	tracker.Server(success)
	require.Equal(t, between, tracker.State())
	return tracker
}

// client shows messages that nothing stops.
func client(t *testing.T, tracker gateway.Tracker, messages ...[]byte) {
	t.Helper()
	p := bytes.Join(messages, nil)
	require.Equal(t, len(p), tracker.Client(p, gateway.Nowhere))
}

// step is one thing that happens in a session, and where it stands then.
type step struct {
	client, server []byte
	want           gateway.State
}

func TestStateFollowsTransactions(t *testing.T) {
	for name, script := range map[string][]step{
		"a managed transaction": {
			{client: begin, want: both}, {server: success, want: open},
			{client: run, want: both}, {client: pull, want: both},
			{server: success, want: both}, {server: record, want: both}, {server: noMore, want: open},
			{client: commit, want: owing}, {server: success, want: between},
		},
		"a rollback": {
			{client: begin, want: both}, {server: success, want: open},
			{client: rollback, want: owing}, {server: success, want: between},
		},
		"an autocommit query": {
			{client: run, want: owing}, {client: pull, want: owing},
			{server: success, want: owing}, {server: record, want: owing}, {server: success, want: between},
		},
		"a query whose rows nobody has asked for yet": {
			{client: run, want: owing}, {server: success, want: open},
			{client: pull, want: owing}, {server: success, want: between},
		},
		"a result in several parts": {
			{client: run, want: owing}, {client: pull, want: owing},
			{server: success, want: owing}, {server: more, want: open},
			{client: pull, want: owing}, {server: record, want: owing}, {server: noMore, want: between},
		},
		"a result in several parts whose summary begins like its flag": {
			{client: run, want: owing}, {client: pull, want: owing}, {server: success, want: owing},
			{server: message(append([]byte{0xB1, 0x70, 0x88}, more[5:len(more)-2]...)...), want: open},
		},
		"a query that fails": {
			{client: run, want: owing}, {client: pull, want: owing},
			{server: failure, want: owing}, {server: ignored, want: between},
			{client: reset, want: owing}, {server: success, want: between},
		},
		"a transaction that the server has given up": {
			{client: begin, want: both}, {server: success, want: open},
			{client: run, want: both}, {client: pull, want: both},
			{server: failure, want: both}, {server: ignored, want: between},
		},
		"a failure behind which a new transaction is under way": {
			{client: run, want: owing}, {client: reset, want: owing}, {client: begin, want: both},
			{server: failure, want: both}, {server: success, want: both}, {server: success, want: open},
		},
		"everything at once": {
			{client: begin, want: both}, {client: run, want: both}, {client: pull, want: both}, {client: commit, want: owing},
			{server: success, want: owing}, {server: success, want: owing}, {server: success, want: owing}, {server: success, want: between},
		},
		"no-ops in both directions": {
			{client: noop, want: between}, {server: noop, want: between},
		},
		"a goodbye, which is not answered": {
			{client: goodbye, want: between},
		},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := greeted(t)
			for i, s := range script {
				client(t, tracker, s.client)
				tracker.Server(s.server)
				require.Equal(t, s.want, tracker.State(), "step %d", i)
			}
		})
	}
}

func TestStopBeforeTransactionLetsTheCurrentOneEnd(t *testing.T) {
	for name, c := range map[string]struct{ before, comes, passes []byte }{
		"BEGIN waits":                            {comes: begin},
		"autocommit RUN waits":                   {comes: run},
		"RUN inside a transaction passes":        {before: begin, comes: run, passes: run},
		"PULL of an autocommit query passes":     {before: run, comes: pull, passes: pull},
		"COMMIT passes, what it precedes waits":  {before: begin, comes: join(commit, begin, run), passes: commit},
		"a whole transaction passes to its end":  {before: begin, comes: join(run, pull, commit, noop, begin), passes: join(run, pull, commit, noop)},
		"RESET passes, what it precedes waits":   {before: begin, comes: join(reset, run), passes: reset},
		"LOGON passes":                           {comes: logon, passes: logon},
		"GOODBYE passes":                         {comes: goodbye, passes: goodbye},
		"a message whose tag is not there yet":   {comes: begin[:3], passes: begin[:3]},
		"and one that is torn in the first byte": {before: begin, comes: join(commit, begin[:1]), passes: join(commit, begin[:1])},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := greeted(t)
			client(t, tracker, c.before)
			n := tracker.Client(c.comes, gateway.BeforeTransaction)
			require.Equal(t, c.passes, append([]byte(nil), c.comes[:n]...))
		})
	}
}

func TestStopBeforeTransactionLetsClientsLogOn(t *testing.T) {
	tracker := boltframe.Track()
	comes := join(handshake(), hello, begin)
	require.Equal(t, len(comes)-len(begin), tracker.Client(comes, gateway.BeforeTransaction))
}

func TestStopBeforeMessageCompletesTheMessage(t *testing.T) {
	tracker := greeted(t)
	client(t, tracker, run[:5])
	require.Equal(t, gateway.State{Partial: true}, tracker.State())
	require.Equal(t, len(run)-5, tracker.Client(join(run[5:], pull), gateway.BeforeMessage))
	require.Equal(t, owing, tracker.State())
	require.Zero(t, tracker.Client(pull, gateway.BeforeMessage))
}

func TestStopBeforeMessageCompletesTheHandshake(t *testing.T) {
	tracker := boltframe.Track()
	require.Zero(t, tracker.Client(handshake(), gateway.BeforeMessage))
	client(t, tracker, handshake()[:7])
	require.Equal(t, gateway.State{Opening: true, Partial: true}, tracker.State())
	require.Equal(t, 13, tracker.Client(join(handshake()[7:], hello), gateway.BeforeMessage))
}

func TestMessagesInManyChunks(t *testing.T) {
	tracker := greeted(t)
	client(t, tracker, []byte{0, 1, 0xB1, 0, 1, 0x11, 0, 1}, []byte{0xA0, 0, 0})
	require.Equal(t, both, tracker.State())
	tracker.Server(success)
	long := append([]byte{0xB3, 0x10}, bytes.Repeat([]byte{0}, 100_000)...)
	client(t, tracker, []byte{0xFF, 0xFF}, long[:0xFFFF], []byte{0x86, 0xA3}, long[0xFFFF:])
	require.True(t, tracker.State().Partial)
	client(t, tracker, noop)
	require.Equal(t, both, tracker.State())
}

func TestWhatIsNotBoltMakesTheTrackerLost(t *testing.T) {
	for name, talk := range map[string]func(gateway.Tracker){
		"TLS":                         func(tr gateway.Tracker) { tr.Client([]byte{0x16, 3, 1, 2, 0}, gateway.Nowhere) },
		"HTTP":                        func(tr gateway.Tracker) { tr.Client([]byte("GET / HTTP/1.1"), gateway.Nowhere) },
		"Bolt 1":                      func(tr gateway.Tracker) { tr.Client(handshake(), gateway.Nowhere); tr.Server(version(0, 1)) },
		"no version in common":        func(tr gateway.Tracker) { tr.Client(handshake(), gateway.Nowhere); tr.Server(version(0, 0)) },
		"a manifest of versions":      func(tr gateway.Tracker) { tr.Client(handshake(), gateway.Nowhere); tr.Server([]byte{0, 0, 1, 0xFF}) },
		"a message without a tag":     func(tr gateway.Tracker) { tr.Client(join(handshake(), message(0xB0)), gateway.Nowhere) },
		"a message that is no struct": func(tr gateway.Tracker) { tr.Client(join(handshake(), message(0x01, 0x02)), gateway.Nowhere) },
		"an answer to nothing": func(tr gateway.Tracker) {
			tr.Client(handshake(), gateway.Nowhere)
			tr.Server(join(version(4, 4), success))
		},
		"an answer of an unknown kind": func(tr gateway.Tracker) {
			tr.Client(join(handshake(), hello), gateway.Nowhere)
			tr.Server(join(version(4, 4), message(0xB0, 0x55)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			tracker := boltframe.Track()
			talk(tracker)
			require.True(t, tracker.State().Lost)
		})
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
