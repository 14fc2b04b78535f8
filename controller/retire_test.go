package controller

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// busyGateway is a write gateway with one client, whose transaction goes on until
// the test ends.
func busyGateway() *gateway.Gateway {
	client, server := net.Pipe()
	incoming := make(chan net.Conn, 1)
	incoming <- server
	go func() { _, _ = client.Write([]byte("a transaction")) }()
	return gateway.New(gateway.Config{
		Name: "rw", Address: "test:1",
		Listen: func(context.Context, string, string) (net.Listener, error) {
			return &oneClient{silentListener{make(chan struct{})}, incoming}, nil
		},
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _, _ = theirs.Read(make([]byte, 100)) }() // and never answers
			return ours, nil
		},
	})
}

// oneClient is a listener that somebody connects to once.
type oneClient struct {
	silentListener
	incoming chan net.Conn
}

func (l *oneClient) Accept() (net.Conn, error) {
	select {
	case conn := <-l.incoming:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func TestControllerThatEndsDoesNoFurtherStepAndLetsItsSessionsFinish(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		require.Eventually(t, func() bool { return r.Status().Gateways[0].Sessions == 1 }, time.Second, time.Millisecond)
		began := time.Now()
		r.end()
		<-r.Resigned()
		require.Less(t, time.Since(began), 100*time.Millisecond, "the lease may go at once")
		r.fleet.kill(before.Main)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, before.Epoch, r.store.current().Epoch, "the next leader does what is to be done")
		require.Equal(t, 1, r.Status().Gateways[0].Sessions)
		r.store.edit(func(record *topology.Record) {
			record.Epoch, record.Main, record.Gate = record.Epoch+1, "", topology.GateClosed
		})
		require.Eventually(t, func() bool { return r.Report().Applied == before.Epoch+1 }, time.Second, time.Millisecond, "and its gateways follow him")
	}, func(c *Config) { c.RetireFor, c.Write = 10*time.Second, busyGateway() })
}

func TestEndOfAControllerIsNotDelayedByASessionForLongerThanItsLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		r.open()
		began := time.Now()
		r.end()
		require.Eventually(t, func() bool { return !r.Status().Gateways[0].Running }, time.Minute, time.Millisecond)
		require.InDelta(t, 3*time.Second, time.Since(began), float64(100*time.Millisecond))
	}, func(c *Config) { c.RetireFor, c.Write = 3*time.Second, busyGateway() })
}

func TestControllerWithoutAReadGateway(t *testing.T) {
	inBubble(t, func(t *testing.T, r running) {
		before := r.open()
		r.fleet.kill(before.Main)
		r.until("a failover", func(record topology.Record) bool {
			return record.Main == before.Voter && record.Gate == topology.GateOpen
		})
		require.Len(t, r.Status().Gateways, 1)
		require.Empty(t, r.Status().Routing.Read)
		require.Len(t, r.Ready(), 2)
	}, func(c *Config) { c.Read = nil })
}
