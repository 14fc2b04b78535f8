package crowd

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/bench/answer"
	"memgraph-controller/bench/wire"
)

// server answers until the test ends.
func server(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- answer.Serve(listener) }()
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		require.NoError(t, <-ended)
	})
	return listener.Addr().String()
}

func TestEveryAnswerIsTimed(t *testing.T) {
	var c Crowd
	defer c.Close()
	require.NoError(t, c.Dial(server(t), 3))
	waits, err := c.Greeted(time.Now())
	require.NoError(t, err)
	require.Len(t, waits, 3)
	for _, rows := range []int{1, 5000} { // the second is longer than what is written at once
		took, err := c.Exchange(rows, 10*time.Millisecond)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(took), 3, "each connection asks at least once")
		require.NotContains(t, took, time.Duration(0))
	}
}

func TestConnectionsAreMadeOneAfterTheOther(t *testing.T) {
	took, err := Connect(server(t), 5)
	require.NoError(t, err)
	require.Len(t, took, 5)
	_, err = Connect("127.0.0.1:1", 5)
	require.ErrorContains(t, err, "connection 1: ")
}

func TestTheEndOfEveryConnectionIsSeen(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var c Crowd
	defer c.Close()
	require.NoError(t, c.Dial(listener.Addr().String(), 2))
	c.Watch()
	since := time.Now()
	for range 2 {
		conn, err := listener.Accept()
		require.NoError(t, err)
		require.NoError(t, conn.Close())
	}
	waits, err := c.Lost(since)
	require.NoError(t, err)
	require.Len(t, waits, 2)
}

func TestQuantilesOfTimes(t *testing.T) {
	var all []time.Duration
	for i := range 1000 {
		all = append(all, time.Duration(1000-i))
	}
	require.Equal(t, Times{N: 1000, P50: 500, P99: 990, P999: 999, Max: 1000}, TimesOf(all))
}

func TestConnectionsThatWereCutComeBackUntilTheyAreAnswered(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	accept := func() net.Conn {
		conn, err := listener.Accept()
		require.NoError(t, err)
		return conn
	}
	var c Crowd
	defer c.Close()
	require.NoError(t, c.Dial(listener.Addr().String(), 1))
	first := accept()
	c.ComeBack(listener.Addr().String())
	cut := time.Now()
	require.NoError(t, first.Close())
	require.NoError(t, accept().Close()) // is turned away
	third := accept()
	defer third.Close()
	open := time.Now()
	_, err = third.Write([]byte(wire.Version))
	require.NoError(t, err)
	back, err := c.Back(cut, open)
	require.NoError(t, err)
	require.Equal(t, 2, back.Attempts)
	require.Equal(t, 1, back.Lost.N)
	require.Positive(t, back.Back.Max)
	require.Len(t, c.conns, 1)
}
