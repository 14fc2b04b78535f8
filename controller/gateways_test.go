package controller

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

// brittle is a gateway whose listener can be broken, and cannot be opened while refuse
// holds something.
func brittle(name string, listener *atomic.Pointer[silentListener], refuse *atomic.Bool) *gateway.Gateway {
	return gateway.New(gateway.Config{Name: name, Address: "test:1", Listen: func(context.Context, string, string) (net.Listener, error) {
		if refuse.Load() {
			return nil, errors.New("no file descriptors are left")
		}
		l := silentListener{make(chan struct{})}
		listener.Store(&l)
		return l, nil
	}})
}

// A gateway that dies takes neither the other one nor the control loop with it; it is said
// of which it is, and it comes back when it can.
func TestGatewayThatDiesLeavesTheOtherAloneAndComesBack(t *testing.T) {
	for dies, lives := range map[string]string{"rw": "ro", "ro": "rw"} {
		t.Run(dies, func(t *testing.T) {
			var listener atomic.Pointer[silentListener]
			var refuse atomic.Bool
			inBubble(t, func(t *testing.T, r running) {
				r.open()
				require.Equal(t, map[string]bool{"record": true, "gateway-rw": true, "gateway-ro": true}, checks(r.Ready()))

				refuse.Store(true)
				require.NoError(t, listener.Load().Close())
				time.Sleep(3 * gatewayRetry)
				synctest.Wait()
				require.Equal(t, map[string]bool{"record": true, "gateway-" + dies: false, "gateway-" + lives: true}, checks(r.Ready()))
				for _, check := range r.Ready() {
					if !check.OK {
						require.Contains(t, check.Reason, "no file descriptors are left")
					}
				}
				for _, g := range r.Status().Controllers[0].Gateways {
					require.Equal(t, g.Gateway == lives, g.Running, g.Gateway)
				}
				for _, check := range r.Live() {
					require.True(t, check.OK, "it is no reason to end the other's sessions")
				}
				before := r.store.current()
				r.fleet.kill(before.Main)
				r.until("a failover", func(record topology.Record) bool {
					return record.Main == before.Voter && record.Gate == topology.GateOpen
				})

				refuse.Store(false)
				time.Sleep(2 * gatewayRetry)
				synctest.Wait()
				require.Equal(t, map[string]bool{"record": true, "gateway-rw": true, "gateway-ro": true}, checks(r.Ready()))
			}, func(c *Config) {
				if dies == "rw" {
					c.Write = brittle("rw", &listener, &refuse)
				} else {
					c.Read = brittle("ro", &listener, &refuse)
				}
			})
		})
	}
}

func checks(list []api.Check) map[string]bool {
	ok := map[string]bool{}
	for _, c := range list {
		ok[c.Name] = c.OK
	}
	return ok
}

// Behind a Service nobody can choose whom to ask, so each controller tells what all serve.
func TestEveryControllerTellsWhatAllGatewaysServe(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.until("everybody has heard of everybody", time.Minute, func() bool {
			for _, c := range r.controllers {
				for _, other := range c.Status().Controllers {
					if len(other.Gateways) != 2 {
						return false
					}
				}
			}
			return true
		})
		for name, c := range r.controllers {
			require.Len(t, c.Status().Controllers, 3)
			for _, other := range c.Status().Controllers {
				require.Equal(t, r.controllers[other.Name].Report().Gateways, other.Gateways, "%s of %s", name, other.Name)
				require.Equal(t, []api.GatewayCount{{Gateway: "rw", Running: true}, {Gateway: "ro", Running: true}}, other.Gateways)
			}
		}
	})
}

func TestClientsAreCountedByGateway(t *testing.T) {
	require.Equal(t, []api.GatewayCount{{Gateway: "rw", Running: true, Sessions: 3, Held: 1}, {Gateway: "ro"}},
		counted([]gateway.Status{{Name: "rw", Running: true, Sessions: 3, Held: 1}, {Name: "ro"}}))
}
