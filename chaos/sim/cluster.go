package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin/pipenet"
	"memgraph-controller/controller/topology"
)

// Cluster is a simulated cluster. Its methods are for the goroutine of the test,
// inside the bubble.
type Cluster struct {
	t         testing.TB
	options   Options
	network   *pipenet.Network
	store     *store
	chance    *chance
	election  *election
	instances []*instance              // sorted by name
	loads     []func()                 // each ends one
	skews     map[string]time.Duration // by controller
	acked     ledger
	traffic   traffic
	conflicts atomic.Bool // every other write of the record finds that somebody else wrote

	mu     sync.Mutex
	planes []*controlPlane // by number; nil while one does not run
}

// Run runs a test in a bubble of virtual time on a cluster of empty instances
// and controllers, all just started. They end with it.
func Run(t *testing.T, options Options, test func(t *testing.T, c *Cluster)) {
	replayFrom(options.Seed)
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, options.withDefaults())
		defer c.close()
		for _, i := range c.instances {
			c.Start(i.name)
		}
		for _, name := range c.Controllers() {
			c.StartController(name)
		}
		test(t, c)
	})
}

func newCluster(t testing.TB, o Options) *Cluster {
	c := &Cluster{
		t: t, options: o, network: &pipenet.Network{Latency: o.Latency}, chance: newChance(o.Seed),
		election: &election{}, planes: make([]*controlPlane, o.Controllers),
		skews: map[string]time.Duration{},
	}
	c.store = &store{
		latency: o.StoreLatency, refuses: func() bool { return c.conflicts.Load() && c.chance.float() < 0.5 },
		changed: func() {
			r := c.Record()
			c.judgeHolders(r, fmt.Sprintf("the record of epoch %d", r.Epoch), c.acked.all())
			c.tell(func(p *controlPlane) chan struct{} { return p.records })
		},
	}
	for n := range o.Instances {
		changed := func() { c.tell(func(p *controlPlane) chan struct{} { return p.fleet }) }
		c.instances = append(c.instances, newInstance(fmt.Sprintf("memgraph-%d", n), o.Seed, c.network, o, changed))
	}
	return c
}

// tell lets the controllers that run know of a change.
func (c *Cluster) tell(which func(*controlPlane) chan struct{}) {
	for _, p := range c.running() {
		if p.blind.Load() {
			continue
		}
		select {
		case which(p) <- struct{}{}:
		default: // a value that it has not taken yet tells of this change too
		}
	}
}

func (c *Cluster) close() {
	for _, end := range c.loads {
		end()
	}
	for _, p := range c.running() {
		c.KillController(p.name)
	}
	for _, i := range c.instances {
		c.Kill(i.name)
	}
}

// Controllers are the controllers' names, sorted.
func (c *Cluster) Controllers() []string {
	names := make([]string, len(c.planes))
	for n := range names {
		names[n] = fmt.Sprintf("controller-%d", n)
	}
	return names
}

// running are the controllers that run, by their numbers.
func (c *Cluster) running() (planes []*controlPlane) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.planes {
		if p != nil {
			planes = append(planes, p)
		}
	}
	return planes
}

// controlPlane is a controller that runs; nil while it does not.
func (c *Cluster) controlPlane(name string) *controlPlane {
	for _, p := range c.running() {
		if p.name == name {
			return p
		}
	}
	return nil
}

// leader is the controller that leads; while nobody does, any one that runs.
func (c *Cluster) leader() (leader *controlPlane) {
	for _, p := range c.running() {
		if leader == nil || p.leads() {
			leader = p
		}
	}
	return leader
}

// number is a controller's place in planes.
func (c *Cluster) number(name string) int {
	n := slices.Index(c.Controllers(), name)
	require.GreaterOrEqual(c.t, n, 0, "there is no controller %q", name)
	return n
}

func (c *Cluster) setControlPlane(name string, p *controlPlane) {
	n := c.number(name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.planes[n] = p
}

func (c *Cluster) instance(name string) *instance {
	for _, i := range c.instances {
		if i.name == name {
			return i
		}
	}
	c.t.Fatalf("there is no instance %q", name)
	return nil
}

// Names are the instances' names, sorted.
func (c *Cluster) Names() []string {
	names := make([]string, len(c.instances))
	for n, i := range c.instances {
		names[n] = i.name
	}
	return names
}

// Record is the topology record as it is stored now.
func (c *Cluster) Record() topology.Record { return c.store.last() }

// Records are all records that were ever stored, in their order.
func (c *Cluster) Records() []topology.Record {
	c.store.mu.Lock()
	defer c.store.mu.Unlock()
	return slices.Clone(c.store.writes)
}

// Led tells whether the record ever named an instance as main. One that did comes
// back as main by itself, all others must be promoted to be one.
func (c *Cluster) Led(name string) bool {
	return slices.ContainsFunc(c.Records(), func(r topology.Record) bool { return r.Main == name })
}

// SetAside counts the data of an instance that were set aside: by a controller
// that reseeded it, or by LoseDisk.
func (c *Cluster) SetAside(name string) (copies int) {
	i := c.instance(name)
	_ = i.order(func() error { copies = len(i.aside); return nil })
	return copies
}

// Chance is a time below limit, from the seed.
func (c *Cluster) Chance(limit time.Duration) time.Duration {
	return time.Duration(c.chance.float() * float64(limit))
}

// Up tells whether an instance has a process.
func (c *Cluster) Up(name string) bool { return !c.instance(name).seen.Load().Dead }

// chance is a source of numbers for many goroutines.
type chance struct {
	mu     sync.Mutex
	random *rand.Rand
}

func newChance(seed uint64) *chance { return &chance{random: rand.New(rand.NewPCG(seed, 0))} }

func (c *chance) float() float64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.Float64()
}
