package sim_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
)

// healsWithin is how long a cluster may take until it is whole when the last fault
// of a schedule has ended: a commit may wait for a silent voter for 30 s.
const healsWithin = 90 * time.Second

// schedule is faults by chance on a cluster of three instances and three
// controllers.
type schedule struct {
	seed   uint64
	faults []fault
}

// fault begins at a time from the first one on, and ends after another.
type fault struct {
	name       string
	at, lasts  time.Duration
	begin, end func(*sim.Cluster)
}

func (f fault) String() string { return fmt.Sprintf("%s %s for %s", f.at, f.name, f.lasts) }

func (s schedule) String() string {
	lines := make([]string, len(s.faults))
	for n, f := range s.faults {
		lines[n] = f.String()
	}
	return strings.Join(lines, "; ")
}

// faultsWithin is the time in which the faults of a schedule begin.
const faultsWithin = 8 * time.Second

// newSchedule draws one to five faults.
func newSchedule(seed uint64) schedule {
	r := rand.New(rand.NewPCG(seed, 2))
	s := schedule{seed: seed}
	for range 1 + r.IntN(5) {
		f := kinds[r.IntN(len(kinds))](r)
		f.at = time.Duration(r.Int64N(int64(faultsWithin))).Round(time.Millisecond)
		f.lasts = lasting(r)
		s.faults = append(s.faults, f)
	}
	slices.SortFunc(s.faults, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	return s
}

// lasting is a time from 20 ms to 20 s, short ones as likely as long ones.
func lasting(r *rand.Rand) time.Duration {
	ms := 20 * math.Exp(r.Float64()*math.Log(1000))
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Millisecond)
}

func instanceOf(r *rand.Rand) string   { return fmt.Sprintf("memgraph-%d", r.IntN(3)) }
func controllerOf(r *rand.Rand) string { return fmt.Sprintf("controller-%d", r.IntN(3)) }

// kinds are the faults there are.
var kinds = []func(*rand.Rand) fault{
	func(r *rand.Rand) fault {
		name := instanceOf(r)
		return fault{
			name: "crash of " + name, end: func(*sim.Cluster) {},
			begin: func(c *sim.Cluster) {
				if c.Up(name) {
					c.Crash(name)
				}
			},
		}
	},
	func(r *rand.Rand) fault {
		name := instanceOf(r)
		return fault{
			name: name + " is down", begin: func(c *sim.Cluster) { c.Kill(name) }, end: func(c *sim.Cluster) { c.Start(name) },
		}
	},
	func(r *rand.Rand) fault {
		name := instanceOf(r)
		afflict := func(faults standin.FaultSet) func(c *sim.Cluster) {
			return func(c *sim.Cluster) {
				if c.Serves(name) {
					c.Afflict(name, faults)
				}
			}
		}
		return fault{
			name: name + " is frozen", begin: afflict(standin.FaultSet{Freeze: true}), end: afflict(standin.FaultSet{}),
		}
	},
	func(r *rand.Rand) fault {
		name := controllerOf(r)
		return fault{
			name: name + " is down",
			begin: func(c *sim.Cluster) {
				if c.Runs(name) {
					c.KillController(name)
				}
			},
			end: func(c *sim.Cluster) {
				if !c.Runs(name) {
					c.StartController(name)
				}
			},
		}
	},
	func(r *rand.Rand) fault { return amid(r, "memgraph") },
	func(r *rand.Rand) fault { return between(r, controllerOf(r), instanceOf(r)) },
	func(r *rand.Rand) fault { return amid(r, "controller") },
	func(r *rand.Rand) fault { return between(r, controllerOf(r), sim.APIServer) },
	func(r *rand.Rand) fault { return alone(instanceOf(r)) },
	func(r *rand.Rand) fault { return alone(controllerOf(r)) },
	func(*rand.Rand) fault { return alone(sim.APIServer) },
	split,
	split,
}

// link is a direction between two parties.
type link struct{ from, to string }

// between cuts a link in one direction, or in both.
func between(r *rand.Rand, a, b string) fault {
	switch r.IntN(3) {
	case 0:
		return cut(fmt.Sprintf("nothing gets from %s to %s", a, b), link{a, b})
	case 1:
		return cut(fmt.Sprintf("nothing gets from %s to %s", b, a), link{b, a})
	}
	return cut(fmt.Sprintf("%s and %s are apart", a, b), link{a, b}, link{b, a})
}

// amid cuts a link of two different ones of a kind.
func amid(r *rand.Rand, kind string) fault {
	two := r.Perm(3)
	return between(r, fmt.Sprintf("%s-%d", kind, two[0]), fmt.Sprintf("%s-%d", kind, two[1]))
}

// parties are all that can be cut off.
func parties() (names []string) {
	for n := range 3 {
		names = append(names, fmt.Sprintf("memgraph-%d", n), fmt.Sprintf("controller-%d", n))
	}
	return append(names, sim.APIServer)
}

// alone cuts all links of one party.
func alone(name string) fault {
	var links []link
	for _, other := range parties() {
		if other != name {
			links = append(links, link{name, other}, link{other, name})
		}
	}
	return cut(name+" is cut off", links...)
}

// split puts each party on one of two sides that hear nothing of each other, or, once
// in three times, of which only one hears the other: a main, a gateway and clients of
// it may be left together while others decide.
func split(r *rand.Rand) fault {
	sides := [2][]string{}
	for _, name := range parties() {
		side := r.IntN(2)
		sides[side] = append(sides[side], name)
	}
	oneWay := r.IntN(3) == 0
	var links []link
	for _, a := range sides[0] {
		for _, b := range sides[1] {
			links = append(links, link{a, b})
			if !oneWay {
				links = append(links, link{b, a})
			}
		}
	}
	name := fmt.Sprintf("%v and %v are apart", sides[0], sides[1])
	if oneWay {
		name = fmt.Sprintf("nothing gets from %v to %v", sides[0], sides[1])
	}
	return cut(name, links...)
}

func cut(name string, links ...link) fault {
	return fault{
		name: name,
		begin: func(c *sim.Cluster) {
			for _, l := range links {
				c.Cut(l.from, l.to)
			}
		},
		end: func(c *sim.Cluster) {
			for _, l := range links {
				c.Heal(l.from, l.to)
			}
		},
	}
}

// event is the beginning or the end of a fault.
type event struct {
	at time.Duration
	do func(*sim.Cluster)
}

// events are what a schedule does, in its order. The end of one fault may be the end
// of another too, where both have the same victim.
func (s schedule) events() (events []event) {
	for _, f := range s.faults {
		events = append(events, event{f.at, f.begin}, event{f.at + f.lasts, f.end})
	}
	slices.SortStableFunc(events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return events
}

// carryOut puts a schedule into effect.
func (s schedule) carryOut(c *sim.Cluster) {
	begun := time.Now()
	for _, e := range s.events() {
		time.Sleep(time.Until(begun.Add(e.at)))
		e.do(c)
	}
}

// Faults by chance. SIM_SCHEDULES says how many (40), SIM_SEED where to begin; a
// failing one is named by its number, which is the seed to replay it with:
// SIM_SCHEDULES=1 SIM_SEED=number.
func TestClusterHealsAfterFaultsByChance(t *testing.T) {
	seed, count := number(t, "SIM_SEED", 1), number(t, "SIM_SCHEDULES", 40)
	for n := seed; n < seed+count; n++ {
		schedule := newSchedule(n)
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			run(t, sim.Options{Seed: n, Controllers: 3}, func(t *testing.T, c *sim.Cluster) {
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("seed %d: %s", n, schedule)
					}
				})
				s := newScene(t, c)
				load := c.Load(writers, writeEvery)
				registers := c.Registers(registerClients, registerKeys, registerEvery)
				s.awaitWrites(load)
				schedule.carryOut(c)
				c.Whole(healsWithin)
				s.Eventually("writes get through", healsWithin, getsThrough(load))
				seen := registers.Stop()
				c.RequireNothingLost(load.Stop())
				c.RequireLinearizable(seen)
				s.keptTheRules()
			})
		})
	}
}

// getsThrough tells, from now on, whether a load has got some writes through.
func getsThrough(load *sim.Load) func() bool {
	before := load.History().Acknowledged()
	return func() bool { return load.History().Acknowledged() >= before+floor }
}
