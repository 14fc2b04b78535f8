package controller

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
	"memgraph-controller/gateway"
)

const isolation = 1500 * time.Millisecond

// trio is three controllers of one cluster; c0 leads.
type trio struct {
	t           *testing.T
	fleet       *fleet
	store       *memoryStore
	controllers map[string]*Controller
	links       map[[2]string]*atomic.Bool // cut, from who asks to who is asked
	noAPI       map[string]*atomic.Bool    // who cannot reach the store
	blind       map[string]*atomic.Bool    // who gets no answer of main a
	gone        map[string]*atomic.Bool
	swallows    atomic.Bool // a store that cannot be reached swallows requests; else it refuses them
}

// cutStore is a store behind a link that can be cut.
type cutStore struct {
	*memoryStore
	cut, swallows *atomic.Bool
}

var errNoAPI = errors.New("the API server does not answer")

func (s cutStore) reach(ctx context.Context) error {
	if !s.cut.Load() {
		return nil
	}
	if s.swallows.Load() {
		<-ctx.Done()
	}
	return errNoAPI
}

func (s cutStore) Load(ctx context.Context) (topology.Record, string, error) {
	if err := s.reach(ctx); err != nil {
		return topology.Record{}, "", err
	}
	return s.memoryStore.Load(ctx)
}

func (s cutStore) Save(ctx context.Context, r topology.Record, version string) (string, error) {
	if err := s.reach(ctx); err != nil {
		return "", err
	}
	return s.memoryStore.Save(ctx, r, version)
}

// Changes is nobody's: every controller reads the record in its own time.
func (s cutStore) Changes() <-chan struct{} { return nil }

// roster is the list of controllers as one of them sees it.
type roster struct {
	*trio
	self string
}

func (r roster) List() (list []Peer) {
	for _, name := range []string{"c0", "c1", "c2"} {
		list = append(list, Peer{Name: name, Address: name, Gone: r.gone[name].Load()})
	}
	return list
}

func (r roster) Refresh(context.Context) error {
	if r.noAPI[r.self].Load() {
		return errNoAPI
	}
	return nil
}

func inTrio(t *testing.T, test func(*trio)) {
	synctest.Test(t, func(t *testing.T) {
		r := &trio{
			t: t, fleet: newFleet("a", "b", "c"), store: newStore(), controllers: map[string]*Controller{},
			links: map[[2]string]*atomic.Bool{}, noAPI: map[string]*atomic.Bool{}, blind: map[string]*atomic.Bool{}, gone: map[string]*atomic.Bool{},
		}
		names := []string{"c0", "c1", "c2"}
		for _, from := range names {
			r.noAPI[from], r.blind[from], r.gone[from] = new(atomic.Bool), new(atomic.Bool), new(atomic.Bool)
			for _, to := range names {
				r.links[[2]string{from, to}] = new(atomic.Bool)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, len(names))
		for _, name := range names {
			r.controllers[name] = r.build(name)
		}
		for _, c := range r.controllers {
			go func() { done <- c.Run(ctx) }()
		}
		test(r)
		cancel()
		for range names {
			require.NoError(t, <-done)
		}
	})
}

func (r *trio) build(name string) *Controller {
	l := &lease{}
	if name == "c0" {
		l.until = time.Now().Add(24 * time.Hour)
	}
	write := quietGatewayWith(gateway.Config{Name: "rw", IsolationAfter: isolation})
	c, err := New(Config{
		Name: name, Fleet: r.fleet.share(), Store: cutStore{r.store, r.noAPI[name], &r.swallows}, Lease: l, Policy: topology.DefaultPolicy(),
		Connect: func(p Process) (Database, error) {
			if p.Name == "a" {
				return hidden{r.fleet.databases[p.Name], r.blind[name]}, nil
			}
			return r.fleet.databases[p.Name], nil
		},
		Write: write, Read: quietGateway("ro"), Peers: roster{r, name}, Controllers: 3, Isolation: isolation,
		AskPeer: func(ctx context.Context, p Peer) (api.Report, error) {
			if r.links[[2]string{name, p.Name}].Load() || r.links[[2]string{p.Name, name}].Load() || r.gone[p.Name].Load() {
				<-ctx.Done()
				return api.Report{}, ctx.Err()
			}
			return r.controllers[p.Name].Report(), nil
		},
	})
	require.NoError(r.t, err)
	return c
}

func (r *trio) cut(from, to string) { r.links[[2]string{from, to}].Store(true) }

// until lets virtual time pass until something holds.
func (r *trio) until(what string, limit time.Duration, holds func() bool) time.Duration {
	r.t.Helper()
	for begin := time.Now(); time.Since(begin) < limit; time.Sleep(5 * time.Millisecond) {
		synctest.Wait()
		if holds() {
			return time.Since(begin)
		}
	}
	r.t.Fatalf("not within %s: %s; c0 says: %s", limit, what, r.controllers["c0"].Status().Routing.Decision.Reason)
	return 0
}

func (r *trio) open() topology.Record {
	r.t.Helper()
	r.until("the gate is open everywhere", 20*time.Second, func() bool {
		record := r.store.current()
		for _, c := range r.controllers {
			if status := c.config.Write.Status(); record.Gate != topology.GateOpen || status.Applied != record.Epoch || status.Silenced {
				return false
			}
		}
		return true
	})
	return r.store.current()
}

func (r *trio) silenced(name string) bool { return r.controllers[name].config.Write.Status().Silenced }

func (r *trio) promoted() bool {
	for _, call := range r.fleet.called() {
		if call == "promote b" {
			return true
		}
	}
	return false
}

func TestFailoverIsFastWhenEveryGatewayAnswers(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.fleet.kill("a")
		took := r.until("the failover", 5*time.Second, func() bool { return r.store.current().Main == "b" })
		require.Less(t, took, 800*time.Millisecond, "each controller reads the record and says that it follows")
	})
}

func TestGatewayThatIsCutOffFallsSilentBeforeAnybodyIsPromoted(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.noAPI["c2"].Store(true)
		r.cut("c2", "c0")
		r.cut("c2", "c1")
		r.fleet.kill("a")
		r.until("the promotion", 10*time.Second, func() bool {
			if r.promoted() {
				return true
			}
			require.Equal(t, "a:7687", upstream(r.controllers["c2"]), "it knows nothing of it")
			return false
		})
		require.True(t, r.silenced("c2"), "a client could still hear the old main there")
		require.False(t, r.silenced("c1"))
		require.Equal(t, gateway.Open, r.controllers["c2"].config.Read.Status().Flow, "reads go on")
	})
}

func upstream(c *Controller) string {
	for _, u := range c.config.Write.Status().Upstreams {
		return u.Address
	}
	return ""
}

// An empty instance gets its main's UUID when it is registered, and only the leader
// knows of that.
func TestEveryGatewayGoesToTheNewMain(t *testing.T) {
	inTrio(t, func(r *trio) {
		before := r.open()
		r.fleet.kill(before.Main)
		r.until("every gateway goes to the new main", 3*time.Second, func() bool {
			for _, c := range r.controllers {
				if upstream(c) != before.Voter+":7687" {
					return false
				}
			}
			return true
		})
	})
}

func TestGatewayWhoseControllerIsDeadIsNotWaitedFor(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.gone["c2"].Store(true)
		r.fleet.kill("a")
		took := r.until("the failover", 5*time.Second, func() bool { return r.store.current().Main == "b" })
		require.Less(t, took, time.Second)
	})
}

func TestLossOfTheAPIServerChangesNothingOnTheDataPath(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		time.Sleep(10 * time.Second)
		require.Equal(t, peerCalm, r.controllers["c0"].peers.interval())
		for _, cut := range r.noAPI {
			cut.Store(true)
		}
		for range 60 {
			time.Sleep(time.Second)
			synctest.Wait()
			for name := range r.controllers {
				require.Equal(t, peerInterval, r.controllers[name].peers.interval(), "they vouch for one another now")
				require.False(t, r.silenced(name), name)
				require.Equal(t, "a:7687", upstream(r.controllers[name]))
			}
		}
		r.fleet.kill("a")
		time.Sleep(20 * time.Second)
		require.False(t, r.promoted(), "nothing is decided without the record")
		for _, cut := range r.noAPI {
			cut.Store(false)
		}
		r.until("the failover", 5*time.Second, func() bool { return r.store.current().Main == "b" })
	})
}

func TestAPIServerThatSwallowsRequestsSilencesNoGateway(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.swallows.Store(true)
		for _, cut := range r.noAPI {
			cut.Store(true)
		}
		for range 2000 {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			for name := range r.controllers {
				require.False(t, r.silenced(name), name)
			}
		}
	})
}

// A leader that reaches the API server and nobody else cannot know whether the
// two others, which vouch for one another, still let clients through.
func TestLeaderWithoutAMajorityPromotesNobody(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		r.noAPI["c1"].Store(true)
		r.noAPI["c2"].Store(true)
		r.cut("c0", "c1")
		r.cut("c0", "c2")
		r.fleet.kill("a")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.False(t, r.promoted())
		require.False(t, r.silenced("c1"), "the two are a majority")
		require.Contains(t, r.controllers["c0"].Status().Routing.Decision.Reason, "waiting for gateway c1, c2")
		r.links[[2]string{"c0", "c1"}].Store(false)
		r.until("the failover", 10*time.Second, r.promoted)
		require.True(t, r.silenced("c2") || upstream(r.controllers["c2"]) == "", "c1 knows of the new epoch now, so c2 does too")
	})
}

func TestNoPromotionBeforeTheControllersAreListed(t *testing.T) {
	inTrio(t, func(r *trio) {
		r.open()
		c := r.controllers["c0"]
		require.Equal(t, r.store.current().Epoch, c.published.Load().record.Epoch)
		r.fleet.kill("a")
		r.until("the gate closes", time.Second, func() bool { return r.store.current().Gate == topology.GateClosed })
		r.until("the failover", 5*time.Second, r.promoted)
		require.GreaterOrEqual(t, c.listed, uint64(3))
	})
}

// Under load a registration waits for the main's lock, and the loop with it.
func TestStepThatTakesLongDoesNotSilenceTheLeadersGateway(t *testing.T) {
	inTrio(t, func(r *trio) {
		main := r.open().Main
		r.fleet.change(main, func(d *fakeDatabase) { d.slow["register c at"] = 2900 * time.Millisecond })
		r.fleet.change("c", func(d *fakeDatabase) { d.process.ID, d.role = "restarted", topology.RoleReplica })
		r.fleet.change(main, func(d *fakeDatabase) { d.drop("c") })
		for range 400 {
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			require.False(t, r.silenced("c0"))
		}
		require.Contains(t, r.fleet.called(), "register c at "+main)
	})
}

func TestOneObserverThatIsCutOffMovesNothing(t *testing.T) {
	inTrio(t, func(r *trio) {
		before := r.open()
		r.blind["c0"].Store(true)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, before, r.store.current())
		r.blind["c1"].Store(true)
		took := r.until("two of three are a majority", 10*time.Second, func() bool { return r.store.current().Main == "b" })
		require.GreaterOrEqual(t, took, BalancedDetection().SilenceAfter)
	})
}
