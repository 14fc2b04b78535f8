package gateway_test

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/gateway"
)

// isolated silences itself after 1.5 s and cuts sessions 1 s later.
var isolated = gateway.Config{IsolationAfter: 1500 * time.Millisecond, IsolationGrace: time.Second, HoldTimeout: keepHold}

// confirmFor confirms 4 times a second.
func confirmFor(g *gateway.Gateway, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		g.Confirm(time.Now())
	}
}

func TestGatewayIsSilencedUntilItIsConfirmed(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		client := n.connect(t)
		time.Sleep(time.Minute)
		require.True(t, g.Status().Silenced)
		require.Equal(t, 1, g.Status().Held)
		g.Confirm(time.Now())
		talk(t, client, "hello", "a")
		require.False(t, g.Status().Silenced)
	})
}

func TestConfirmedGatewayGoesOn(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		g.Confirm(time.Now())
		open(g, 1, "a")
		client := n.connect(t)
		for range 10 {
			confirmFor(g, 3*time.Second)
			talk(t, client, "hello", "a")
		}
		require.Empty(t, g.Status().Counters.Cut)
	})
}

func TestUnconfirmedGatewayPassesNothingInEitherDirection(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, n *network, g *gateway.Gateway) {
		var asked atomic.Int64
		n.serve(t, "a", answering("a", func() { asked.Add(1); time.Sleep(time.Second) }))
		g.Confirm(time.Now())
		open(g, 1, "a")
		time.Sleep(time.Second)
		waits, speaks := n.connect(t), n.connect(t)
		say(t, waits, "answered 0.5 s too late")
		time.Sleep(500*time.Millisecond + time.Microsecond)
		require.True(t, g.Status().Silenced)
		go func() { _, _ = speaks.Write([]byte("too late to be asked")) }()
		time.Sleep(990 * time.Millisecond)
		require.NoError(t, waits.SetReadDeadline(time.Now()))
		_, err := waits.Read(make([]byte, 1))
		require.Error(t, err)
		require.EqualValues(t, 1, asked.Load())

		g.Confirm(time.Now())
		require.NoError(t, waits.SetReadDeadline(time.Time{}))
		hear(t, waits, "a")
		hear(t, speaks, "a")
	})
}

func TestSilencedGatewayCutsItsSessionsAfterTheGraceAndHoldsNewOnes(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		g.Confirm(time.Now())
		open(g, 1, "a")
		began := time.Now()
		client := n.connect(t)
		talk(t, client, "hello", "a")
		_, err := client.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
		require.InDelta(t, 2.5, time.Since(began).Seconds(), 0.001)
		synctest.Wait()
		require.EqualValues(t, 1, g.Status().Counters.Cut[gateway.CutIsolated])
		held := n.connect(t)
		time.Sleep(time.Minute)
		require.Equal(t, 1, g.Status().Held)
		confirmFor(g, time.Second)
		talk(t, held, "hello", "a")
	})
}

func TestConfirmationCountsFromTheTimeItVouchesFor(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, n *network, g *gateway.Gateway) {
		asked := time.Now()
		time.Sleep(2 * time.Second)
		g.Confirm(asked)
		require.True(t, g.Status().Silenced, "the answer came too late")
		g.Confirm(time.Now().Add(-time.Second))
		require.False(t, g.Status().Silenced)
		g.Confirm(asked)
		require.False(t, g.Status().Silenced, "an older one takes nothing away")
		time.Sleep(499 * time.Millisecond)
		require.False(t, g.Status().Silenced)
		time.Sleep(2 * time.Millisecond)
		require.True(t, g.Status().Silenced)
	})
}

func TestConfirmationOfTheFutureCountsFromNow(t *testing.T) {
	bubble(t, isolated, func(t *testing.T, _ *network, g *gateway.Gateway) {
		g.Confirm(time.Now().Add(time.Hour))
		time.Sleep(1500 * time.Millisecond)
		require.False(t, g.Status().Silenced)
		time.Sleep(time.Millisecond)
		require.True(t, g.Status().Silenced)
	})
}

func TestGatewayWithoutIsolationNeedsNoConfirmation(t *testing.T) {
	bubble(t, gateway.Config{}, func(t *testing.T, n *network, g *gateway.Gateway) {
		n.serve(t, "a", answering("a", atOnce))
		open(g, 1, "a")
		client := n.connect(t)
		talk(t, client, "hello", "a")
		time.Sleep(24 * time.Hour)
		talk(t, client, "hello", "a")
	})
}

func TestSilenceStopsAnAnswerInItsMidst(t *testing.T) {
	zeros := make([]byte, 1<<16)
	flood := serve(t, func(conn *net.TCPConn) {
		for {
			if _, err := conn.Write(zeros); err != nil {
				return
			}
		}
	})
	for name, track := range map[string]func() gateway.Tracker{"spliced": nil, "copied": func() gateway.Tracker { return &following{} }} {
		t.Run(name, func(t *testing.T) {
			g := start(t, gateway.Config{Track: track, IsolationAfter: 200 * time.Millisecond, IsolationGrace: time.Hour})
			open(g, 1, flood.address())
			g.Confirm(time.Now())
			client := dial(t, g)
			eventually(t, func() bool { return g.Status().Silenced }, "the sockets are full and the gateway is silenced")

			const enough = 64 << 20 // more than sockets hold
			require.NoError(t, client.SetReadDeadline(time.Now().Add(200*time.Millisecond)))
			n, err := io.CopyN(io.Discard, client, enough)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.NotZero(t, n)

			require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
			for got := int64(0); got < enough; got += 1 << 20 {
				g.Confirm(time.Now())
				_, err = io.CopyN(io.Discard, client, 1<<20)
				require.NoError(t, err)
			}
		})
	}
}
