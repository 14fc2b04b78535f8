package gateway_test

import (
	"bytes"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
	"memgraph-controller/gateway/boltframe"
)

// The few Bolt messages that a session needs.
var (
	handshake = "\x60\x60\xB0\x17\x00\x00\x02\x05" + string(make([]byte, 12))
	begin     = bolt("\xB1\x11\xA0")
	run       = bolt("\xB3\x10\x81q\xA0\xA0")
	pull      = bolt("\xB1\x3F\xA0")
	commit    = bolt("\xB0\x12")
	success   = bolt("\xB1\x70\xA0")
	version   = "\x00\x00\x02\x05"
)

func bolt(message string) string { return string([]byte{0, byte(len(message))}) + message + "\x00\x00" }

// database is an upstream that speaks just enough Bolt: it answers every message
// with SUCCESS, and COMMIT after a while.
type database struct {
	commitTakes time.Duration
	got         chan byte // tags of messages, as they arrive
}

func newDatabase(commitTakes time.Duration) *database {
	return &database{commitTakes: commitTakes, got: make(chan byte, 1000)}
}

func (d *database) serve(conn net.Conn) {
	var unread []byte
	buf := make([]byte, 4096)
	greeted := false
	for {
		n, err := conn.Read(buf)
		if err != nil {
			_ = conn.Close()
			return
		}
		unread = append(unread, buf[:n]...)
		if !greeted && len(unread) >= len(handshake) {
			greeted, unread = true, unread[len(handshake):]
			_, _ = conn.Write([]byte(version))
		}
		for greeted && len(unread) > 0 {
			end := bytes.Index(unread, []byte("\x00\x00"))
			if end < 0 {
				break
			}
			tag := unread[3]
			unread = unread[end+2:]
			d.got <- tag
			if tag == 0x12 {
				time.Sleep(d.commitTakes)
			}
			_, _ = conn.Write([]byte(success))
		}
	}
}

// received are the tags of the messages that came since the last call.
func (d *database) received() (tags []byte) {
	synctest.Wait()
	for {
		select {
		case tag := <-d.got:
			tags = append(tags, tag)
		default:
			return tags
		}
	}
}

// send writes without waiting for the gateway to take it.
func send(conn net.Conn, messages string) {
	go func() { _, _ = conn.Write([]byte(messages)) }()
	synctest.Wait()
}

var tracked = gateway.Config{
	Track: boltframe.Track, FirstByteTimeout: time.Hour,
	DrainLimit: 2 * time.Second, PauseLimit: time.Second,
}

// drained is a route for a pause that a cut will follow.
func drained(epoch uint64) gateway.Route {
	route := paused(epoch, "a")
	route.Drain, route.CutBusy = true, true
	return route
}

func bubbleWithDatabase(t *testing.T, commitTakes time.Duration, test func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn)) {
	t.Helper()
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		d := newDatabase(commitTakes)
		n.serve(t, "a", d.serve)
		open(g, 1, "a")
		client := n.connect(t)
		talk(t, client, handshake, version)
		test(t, g, d, client)
	})
}

func TestDrainStopsSessionsBetweenTransactions(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(drained(2))
		time.Sleep(500 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied, "a transaction is open")
		require.Equal(t, 1, g.Status().Busy)

		talk(t, client, run+pull, success+success)
		talk(t, client, commit, success)
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		require.Equal(t, []byte{0x11, 0x10, 0x3F, 0x12}, d.received())

		send(client, begin)
		time.Sleep(time.Minute)
		require.Empty(t, d.received(), "the next transaction waits")
		open(g, 3, "a")
		hear(t, client, success)
	})
}

func TestDrainStopsAtTheExactMessageInAPipeline(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(drained(2))
		send(client, run+pull+commit+begin+run+pull)
		hear(t, client, success+success+success)
		require.Equal(t, []byte{0x11, 0x10, 0x3F, 0x12}, d.received())
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		open(g, 3, "a")
		hear(t, client, success+success+success)
		require.Equal(t, []byte{0x11, 0x10, 0x3F}, d.received())
	})
}

func TestDrainWaitsForTheAnswerToCommit(t *testing.T) {
	bubbleWithDatabase(t, 300*time.Millisecond, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		send(client, run+pull+commit)
		g.Follow(drained(2))
		hear(t, client, success+success)
		time.Sleep(299 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied, "timing alone would take this for quiet")
		hear(t, client, success)
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
	})
}

func TestDrainWaitsForATransactionWhoseNextMessageIsHalfThere(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		send(client, run[:5])
		g.Follow(drained(2))
		time.Sleep(500 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied)
		talk(t, client, run[5:]+commit, success+success)
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
	})
}

func TestDrainStopsInTheMidstOfATransactionAfterItsLimit(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(drained(2))
		time.Sleep(tracked.DrainLimit + 2*time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		d.received()
		send(client, run)
		require.Empty(t, d.received())
		require.Empty(t, g.Status().Counters.Cut, "it owes nobody an answer, so it is quiet")
		open(g, 3, "a")
		hear(t, client, success)
	})
}

func TestDrainLetsSessionsLogOn(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		d := newDatabase(0)
		n.serve(t, "a", d.serve)
		open(g, 1, "a")
		busy, young := n.connect(t), n.connect(t)
		talk(t, busy, handshake, version)
		talk(t, busy, begin, success)
		synctest.Wait()
		g.Follow(drained(2))
		talk(t, young, handshake, version)
		talk(t, young, bolt("\xB1\x01\xA0"), success)
		send(young, begin)
		require.Equal(t, []byte{0x11, 0x01}, d.received())
		require.EqualValues(t, 1, g.Status().Applied)
	})
}

func TestPauseWithoutDrainKeepsTransactionsOpen(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(paused(2, "a"))
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied, "nothing is in flight")
		d.received()
		send(client, run)
		time.Sleep(time.Minute)
		require.Empty(t, d.received())
		open(g, 3, "a")
		hear(t, client, success)
		talk(t, client, commit, success)
	})
}

func TestPauseCompletesAMessageThatIsPartlyForwarded(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		send(client, run[:5])
		g.Follow(paused(2, "a"))
		send(client, run[5:]+pull)
		hear(t, client, success)
		require.Equal(t, []byte{0x10}, d.received())
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		open(g, 3, "a")
		hear(t, client, success)
	})
}

func TestClientThatDoesNotFinishItsMessageDelaysNoPause(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		send(client, run[:5])
		g.Follow(paused(2, "a"))
		time.Sleep(20 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		send(client, run[5:])
		time.Sleep(time.Minute)
		require.Empty(t, d.received(), "the rest comes too late")
		open(g, 3, "a")
		hear(t, client, success)
	})
}

func TestDrainAfterAPauseLetsTransactionsGoOn(t *testing.T) {
	bubbleWithDatabase(t, 0, func(t *testing.T, g *gateway.Gateway, d *database, client net.Conn) {
		talk(t, client, begin, success)
		g.Follow(paused(2, "a"))
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		g.Follow(drained(3))
		talk(t, client, commit, success)
		time.Sleep(2 * time.Millisecond)
		require.EqualValues(t, 3, g.Status().Applied)
	})
}

func TestSessionThatIsNotBoltFallsBackToTiming(t *testing.T) {
	bubble(t, tracked, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("tls", after(50*time.Millisecond)))
		open(g, 1, "a")
		client := n.connect(t)
		send(client, "\x16\x03\x01 this is not Bolt")
		g.Follow(drained(2))
		time.Sleep(49 * time.Millisecond)
		require.EqualValues(t, 1, g.Status().Applied)
		hear(t, client, "tls")
		time.Sleep(8 * time.Millisecond)
		require.EqualValues(t, 2, g.Status().Applied)
		send(client, "more")
		open(g, 3, "a")
		hear(t, client, "tls")
	})
}
