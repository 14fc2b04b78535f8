package sim_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
)

// stall is a short trouble of the main, or of the API server, that is no reason to
// fail over.
type stall struct {
	name  string
	felt  bool // by whoever writes
	begin func(s *scene, lasts time.Duration)
	end   func(s *scene)
}

// The network in memory is that of TCP: what is lost is sent again, after 200 ms and
// then each time after twice as long, so a loss of 1 s is felt for up to 1.4 s. What
// is late is late by as long as the stall lasts, in each direction.
var stalls = []stall{
	{"the main is frozen", true, func(s *scene, _ time.Duration) { s.Freeze(s.names[main]) }, func(s *scene) {
		s.Afflict(s.names[main], standin.FaultSet{})
	}},
	{"all is late that goes to the main and comes from it", true, func(s *scene, lasts time.Duration) { s.slow(s.names[main], lasts) }, func(s *scene) {
		s.slow(s.names[main], 0)
	}},
	{"all is lost that goes to the main and comes from it", true, func(s *scene, _ time.Duration) { cutAll(s.Cluster, linksOf(s.names[main])) }, func(s *scene) {
		healAll(s.Cluster, linksOf(s.names[main]))
	}},
	{"the API server is slow", false, func(s *scene, lasts time.Duration) { s.slow(sim.APIServer, lasts) }, func(s *scene) {
		s.slow(sim.APIServer, 0)
	}},
}

// linksOf are all links of one party where there are three controllers.
func linksOf(party string) (links []link) {
	for _, other := range parties(3) {
		if other != party {
			links = append(links, link{party, other}, link{other, party})
		}
	}
	return links
}

// slow lets everything take longer to a party and from it; 0 undoes it.
func (s *scene) slow(party string, by time.Duration) {
	for _, l := range linksOf(party) {
		s.Slow(l.from, l.to, by)
	}
}

const (
	shortestStall, longestStall = 100 * time.Millisecond, time.Second
	// calmFor is what lies between two stalls, so that each is one of its own.
	calmFor = 1500 * time.Millisecond
)

// A stall of up to a second makes nobody fail over with the balanced preset: 1,000 of
// them, a quarter of each kind. Nothing else is done about it either: no new epoch
// begins. The lead may pass on: an API server that takes 0.8 s in each direction is
// too slow for the lease to be renewed.
func TestStallsOfUpToASecondCauseNoFailover(t *testing.T) {
	perKind := 250
	if testing.Short() {
		perKind = 10
	}
	for kind, stall := range stalls {
		t.Run(stall.name, func(t *testing.T) {
			run(t, sim.Options{Seed: uint64(kind), Controllers: 3}, func(t *testing.T, c *sim.Cluster) {
				s := newScene(t, c)
				load := c.Load(writers, stallWriteEvery)
				s.awaitWrites(load)
				epoch := s.Record().Epoch
				for range perKind {
					lasts := shortestStall + s.Chance(longestStall-shortestStall)
					begun := time.Now()
					stall.begin(s, lasts)
					time.Sleep(lasts)
					stall.end(s)
					time.Sleep(calmFor + s.Chance(time.Second))
					if stall.felt {
						require.GreaterOrEqual(t, load.History().Gap(begun, time.Now()), lasts*9/10, "void: a stall that nobody felt")
					}
					require.Equal(t, epoch, s.Record().Epoch, "a stall of %s: %s", lasts, s.Record().Reason)
				}
				c.Whole(wholeWithin)
				s.Eventually("writes get through", healsWithin, getsThrough(load))
				c.RequireNothingLost(load.Stop())
			})
		})
	}
}

// stallWriteEvery is a light load: what matters is what the controllers see.
const stallWriteEvery = 100 * time.Millisecond
