package sim_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/api"
)

// healsWithin is how long a cluster may take until it is whole when the last fault
// of a schedule has ended: a commit may wait for a silent voter for 30 s.
const healsWithin = 90 * time.Second

// schedule is faults by chance on a cluster of three instances.
type schedule struct {
	seed         uint64
	controllers  int
	restartDelay time.Duration
	endDelay     time.Duration // of a process that its controller ends
	lossOfDisk   bool
	faults       []fault
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
	return fmt.Sprintf("%d controllers, restarts take %s, ends %s: %s", s.controllers, s.restartDelay, s.endDelay, strings.Join(lines, "; "))
}

func (s schedule) options(log *slog.Logger) sim.Options {
	return sim.Options{Seed: s.seed, Controllers: s.controllers, RestartDelay: s.restartDelay, EndDelay: s.endDelay, CalmAfter: 2 * faultsWithin, Log: log}
}

// faultsWithin is the time in which the faults of a schedule begin.
const faultsWithin = 3 * time.Second

// draw is a source of faults for one schedule.
type draw struct {
	*rand.Rand
	controllers int
	lossOfDisk  bool // one was drawn: of two, the second could take the last copy
}

// newSchedule draws one to five faults. Most clusters have one controller: they take
// a third of the time of one with three, in which leaders, peers and views differ.
func newSchedule(seed uint64) schedule {
	d := &draw{Rand: rand.New(rand.NewPCG(seed, 2)), controllers: 1}
	switch chance := d.Float64(); {
	case chance < 0.13:
		d.controllers = 3
	case chance < 0.16:
		d.controllers = 2
	}
	s := schedule{seed: seed, controllers: d.controllers, restartDelay: d.between(30*time.Millisecond, 4*time.Second)}
	for more := true; more && len(s.faults) < 5; more = d.Float64() < 0.6 {
		at := d.between(time.Millisecond, faultsWithin)
		for _, f := range d.oneOf(kinds)(d) {
			f.at += at
			s.faults = append(s.faults, f)
		}
	}
	s.lossOfDisk = d.lossOfDisk
	if d.Float64() < 0.5 {
		s.endDelay = d.between(100*time.Millisecond, 4*time.Second)
	}
	slices.SortStableFunc(s.faults, func(a, b fault) int { return cmp.Compare(a.at, b.at) })
	return s
}

// between is a time, short ones as likely as long ones.
func (d *draw) between(least, most time.Duration) time.Duration {
	factor := math.Exp(d.Float64() * math.Log(float64(most)/float64(least)))
	return time.Duration(float64(least) * factor).Round(100 * time.Microsecond)
}

// lasting is how long a fault lasts: seldom longer than a commit may stall.
func (d *draw) lasting() time.Duration {
	if d.Float64() < 0.05 {
		return d.between(4*time.Second, 35*time.Second)
	}
	return d.between(5*time.Millisecond, 4*time.Second)
}

func (d *draw) oneOf(kinds []func(*draw) []fault) func(*draw) []fault {
	return kinds[d.IntN(len(kinds))]
}

func (d *draw) instance() string   { return fmt.Sprintf("memgraph-%d", d.IntN(3)) }
func (d *draw) controller() string { return fmt.Sprintf("controller-%d", d.IntN(d.controllers)) }

// parties are all that can be cut off.
func parties(controllers int) (names []string) {
	for n := range 3 {
		names = append(names, fmt.Sprintf("memgraph-%d", n))
	}
	for n := range controllers {
		names = append(names, fmt.Sprintf("controller-%d", n))
	}
	return append(names, sim.APIServer)
}

func (d *draw) lasts(name string, begin, end func(*sim.Cluster)) []fault {
	return []fault{{name: name, lasts: d.lasting(), begin: begin, end: end}}
}

func nothing(*sim.Cluster) {}

// kinds are the faults there are.
var kinds = []func(*draw) []fault{
	crash, down, lossOfDisk, frozen, slowDisk, switchover,
	controllerDown, leaderDies, blind, wrongClock, conflicts,
	cutLink, cutLink, slowLink, alone, split, split,
	restartedVoter, unseenMain, leftWithMain,
}

// leftWithMain: the main, one controller and its clients hear nothing of the others,
// and the others nothing of them.
func leftWithMain(d *draw) []fault {
	if d.controllers < 3 {
		return frozen(d)
	}
	left := d.controller()
	var cuts []link
	return []fault{{
		name: "the main is left alone with " + left, lasts: d.between(time.Second, 8*time.Second),
		begin: func(c *sim.Cluster) {
			main := c.Record().Main
			for _, other := range parties(d.controllers) {
				if other != left && other != main && main != "" {
					cuts = append(cuts, link{left, other}, link{other, left}, link{main, other}, link{other, main})
				}
			}
			cutAll(c, cuts)
		},
		end: func(c *sim.Cluster) { healAll(c, cuts) },
	}}
}

func crash(d *draw) []fault {
	name := d.instance()
	return d.lasts("crash of "+name, func(c *sim.Cluster) { c.CrashIfUp(name) }, nothing)
}

func down(d *draw) []fault {
	name := d.instance()
	return d.lasts(name+" is down", func(c *sim.Cluster) { c.Kill(name) }, func(c *sim.Cluster) { c.Start(name) })
}

func lossOfDisk(d *draw) []fault {
	if d.lossOfDisk {
		return down(d)
	}
	d.lossOfDisk = true
	name := d.instance()
	return d.lasts(name+" loses its disk", func(c *sim.Cluster) { c.Kill(name); c.LoseDisk(name) }, func(c *sim.Cluster) { c.Start(name) })
}

func frozen(d *draw) []fault {
	return afflicted(d, "is frozen", standin.FaultSet{Freeze: true})
}

func slowDisk(d *draw) []fault {
	delay := d.between(time.Millisecond, 2*time.Second)
	return afflicted(d, fmt.Sprintf("takes %s to sync", delay), standin.FaultSet{Fsync: standin.FsyncFaults{Delay: standin.Duration(delay)}})
}

func afflicted(d *draw, what string, faults standin.FaultSet) []fault {
	name := d.instance()
	afflict := func(faults standin.FaultSet) func(c *sim.Cluster) {
		return func(c *sim.Cluster) {
			if c.Serves(name) {
				c.Afflict(name, faults)
			}
		}
	}
	return d.lasts(name+" "+what, afflict(faults), afflict(standin.FaultSet{}))
}

// switchover is a person's, to the voter or somebody.
func switchover(d *draw) []fault {
	target := ""
	if d.IntN(2) == 0 {
		target = d.instance()
	}
	return d.lasts(fmt.Sprintf("switchover to %q", target), func(c *sim.Cluster) { c.AskForSwitchover(target) }, nothing)
}

func startControllers(c *sim.Cluster) {
	for _, name := range c.Controllers() {
		if !c.Runs(name) {
			c.StartController(name)
		}
	}
}

func controllerDown(d *draw) []fault {
	name := d.controller()
	return d.lasts(name+" is down", func(c *sim.Cluster) {
		if c.Runs(name) {
			c.KillController(name)
		}
	}, startControllers)
}

func leaderDies(d *draw) []fault {
	call := 1 + d.IntN(12)
	return d.lasts(fmt.Sprintf("the leader dies with its call %d", call), func(c *sim.Cluster) { c.KillLeaderAt(call) }, func(c *sim.Cluster) {
		c.SpareControllers()
		startControllers(c)
	})
}

func blind(d *draw) []fault {
	name := d.controller()
	return d.lasts(name+" hears of no change", func(c *sim.Cluster) { c.Blind(name, true) }, func(c *sim.Cluster) { c.Blind(name, false) })
}

// wrongClock sets a clock and restarts the controller that looks at it.
func wrongClock(d *draw) []fault {
	name, by := d.controller(), time.Duration(d.IntN(121)-60)*time.Second
	return d.lasts(fmt.Sprintf("%s restarts with a clock that is wrong by %s", name, by), func(c *sim.Cluster) {
		c.Skew(name, by)
		if c.Runs(name) {
			c.KillController(name)
		}
	}, startControllers)
}

func conflicts(d *draw) []fault {
	return d.lasts("every other write of the record meets a conflict", func(c *sim.Cluster) { c.Conflicts(true) }, func(c *sim.Cluster) { c.Conflicts(false) })
}

// restartedVoter: the main is lost a moment after an instance restarted, which may
// be its voter.
func restartedVoter(d *draw) []fault {
	soon := d.between(time.Millisecond, time.Second)
	return []fault{
		{name: "the voter crashes", begin: func(c *sim.Cluster) { c.CrashIfUp(c.Record().Voter) }, end: nothing},
		{name: "the main is killed", at: soon, lasts: d.lasting(), begin: func(c *sim.Cluster) { c.CrashIfUp(c.Record().Main) }, end: nothing},
	}
}

// unseenMain: all controllers but one see nothing of the main. The clients of that
// one reach it, and it hears late of what the others do.
func unseenMain(d *draw) []fault {
	if d.controllers < 3 {
		return restartedVoter(d)
	}
	left := d.controller()
	var cuts []link
	return []fault{{
		name: "the main is seen by " + left + " alone, which hears of no change", lasts: d.between(2*time.Second, 6*time.Second),
		begin: func(c *sim.Cluster) {
			main := c.Record().Main
			for _, name := range c.Controllers() {
				if name != left && main != "" {
					cuts = append(cuts, link{name, main}, link{main, name})
				}
			}
			cutAll(c, cuts)
			c.Blind(left, true)
		},
		end: func(c *sim.Cluster) {
			healAll(c, cuts)
			c.Blind(left, false)
		},
	}}
}

// link is a direction between two parties.
type link struct{ from, to string }

// twoParties are two different ones.
func (d *draw) twoParties() (a, b string) {
	names := parties(d.controllers)
	two := d.Perm(len(names))
	return names[two[0]], names[two[1]]
}

// cutLink cuts a link in one direction, or in both.
func cutLink(d *draw) []fault {
	a, b := d.twoParties()
	if d.IntN(2) == 0 {
		return d.cut(fmt.Sprintf("nothing gets from %s to %s", a, b), link{a, b})
	}
	return d.cut(fmt.Sprintf("%s and %s are apart", a, b), link{a, b}, link{b, a})
}

// slowLink makes one direction slow.
func slowLink(d *draw) []fault {
	a, b := d.twoParties()
	by := d.between(time.Millisecond, 3*time.Second)
	set := func(by time.Duration) func(*sim.Cluster) { return func(c *sim.Cluster) { c.Slow(a, b, by) } }
	return d.lasts(fmt.Sprintf("what goes from %s to %s takes %s", a, b, by), set(by), set(0))
}

// alone cuts all links of one party.
func alone(d *draw) []fault {
	names := parties(d.controllers)
	name := names[d.IntN(len(names))]
	var links []link
	for _, other := range names {
		if other != name {
			links = append(links, link{name, other}, link{other, name})
		}
	}
	return d.cut(name+" is cut off", links...)
}

// split puts each party on one of two sides that hear nothing of each other, or, once
// in three times, of which only one hears the other: a main, a gateway and clients of
// it may be left together while others decide.
func split(d *draw) []fault {
	sides := [2][]string{}
	for _, name := range parties(d.controllers) {
		side := d.IntN(2)
		sides[side] = append(sides[side], name)
	}
	oneWay := d.IntN(3) == 0
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
	return d.cut(name, links...)
}

func (d *draw) cut(name string, links ...link) []fault {
	return d.lasts(name, func(c *sim.Cluster) { cutAll(c, links) }, func(c *sim.Cluster) { healAll(c, links) })
}

func cutAll(c *sim.Cluster, links []link) {
	for _, l := range links {
		c.Cut(l.from, l.to)
	}
}

func healAll(c *sim.Cluster, links []link) {
	for _, l := range links {
		c.Heal(l.from, l.to)
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

// sparse is how many halves of the usual time are between two operations of a client:
// half of the work of a simulated cluster is its clients', and more schedules find more
// than more of them in each.
const sparse = 3

// prove carries the schedule out under load, and checks that the cluster heals and
// that nothing is lost.
func (s schedule) prove(t *testing.T, c *sim.Cluster) {
	scene := newScene(t, c)
	load := c.Load(writers, sparse*writeEvery/2)
	registers := c.Registers(registerClients, registerKeys, sparse*registerEvery/2)
	scene.awaitWrites(load)
	s.carryOut(c)
	accepted := 0
	if s.lossOfDisk {
		accepted = scene.takeWhatIsLeft(getsThrough(load))
	}
	c.Whole(healsWithin)
	scene.Eventually("writes get through", healsWithin, getsThrough(load))
	registers.Stop()
	c.RequireLost(load.Stop(), accepted)
	if accepted == 0 {
		c.RequireLinearizable(registers)
	}
	scene.keptTheRules()
}

// takeWhatIsLeft does what a person does where the main lost its disk in a moment in
// which nobody voted, or the voter had just restarted and may lack what it had voted
// for: it takes the instance that has the most, and loses one write of each client at
// most. Nothing but this may be refused for long. That the record names a main proves
// nothing: a request that the API server swallowed may hold the decision up for 5 s
// (schedule 666).
func (s *scene) takeWhatIsLeft(healed func() bool) (accepted int) {
	begun := time.Now()
	for refused := time.Duration(0); refused < refusedFor; refused += time.Second {
		time.Sleep(time.Second)
		status, _ := s.Status()
		switch {
		case healed(), time.Since(begun) > healsWithin:
			return 0
		case !strings.Contains(status.Routing.Decision.Reason, "`failover --force"):
			refused = 0
		}
	}
	fullest := s.fullest()
	_, err := s.API().Failover(s.t.Context(), api.FailoverRequest{Target: fullest, AcceptLoss: true, By: "ann"})
	require.NoError(s.t, err)
	return writers
}

// fullest is the instance that has the most, when all have answered: a main that stalls
// behind a replica answers nobody for 30 s (schedule 6133).
func (s *scene) fullest() string {
	return slices.MaxFunc(s.Names(), func(a, b string) int { return s.count(a) - s.count(b) })
}

func (s *scene) count(instance string) (writes int) {
	s.Eventually(instance+" answers", healsWithin, func() bool {
		rows, err := s.Ask(instance, "MATCH (n:W) RETURN count(n) AS writes")
		if err == nil {
			writes = int(rows[0]["writes"].(int64))
		}
		return err == nil
	})
	return writes
}

// refusedFor is how long a person looks at a refusal.
const refusedFor = 10 * time.Second

// getsThrough tells, from now on, whether a load has got some writes through.
func getsThrough(load *sim.Load) func() bool {
	before := load.History().Acknowledged()
	return func() bool { return load.History().Acknowledged() >= before+floor }
}
