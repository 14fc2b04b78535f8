package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/controller/api"
)

// Schedules that chance meets too seldom for a variant that is broken on purpose to
// be found by it (see TestBrokenCoresAreCaught).

// rounds plays the same on clusters with different seeds, so that it meets different
// moments, and checks that each heals and loses nothing.
func rounds(t *testing.T, n uint64, options sim.Options, every time.Duration, play func(s *scene, load *sim.Load)) {
	for seed := range n {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			options.Seed = seed
			run(t, options, func(t *testing.T, c *sim.Cluster) {
				s := newScene(t, c)
				load := c.Load(writers, every)
				s.awaitWrites(load)
				play(s, load)
				c.Whole(healsWithin)
				s.Eventually("writes get through", healsWithin, getsThrough(load))
				c.RequireNothingLost(load.Stop())
				s.keptTheRules()
			})
		})
	}
}

// The target is behind by what is on its way to it, and by what the main said of it
// last it is not.
func TestSwitchoversToAReplicaThatIsReachedSlowlyLoseNothing(t *testing.T) {
	rounds(t, 4, sim.Options{}, 150*time.Millisecond, func(s *scene, load *sim.Load) {
		for range 10 {
			now := newScene(s.t, s.Cluster)
			s.Slow(now.names[main], now.names[third], 60*time.Millisecond)
			time.Sleep(s.Chance(time.Second))
			s.AskForSwitchover(now.names[third])
			s.Eventually("the target is main", 10*time.Second, func() bool { return s.Record().Main == now.names[third] })
			s.Slow(now.names[main], now.names[third], 0)
			s.awaitWrites(load)
		}
	})
}

// A main whose pod is replaced by one with an empty disk between two looks at it is
// main by its own word, and has no voter that could refuse a write.
func TestMainThatIsReplacedByAnEmptyOneAtOnceGetsNoClient(t *testing.T) {
	rounds(t, 4, sim.Options{}, writeEvery, func(s *scene, _ *sim.Load) {
		s.Blind(s.Controllers()[0], true)
		s.Kill(s.names[main])
		s.LoseDisk(s.names[main])
		s.Start(s.names[main])
		s.Blind(s.Controllers()[0], false)
	})
}

// Restarts make histories unclean, and writes of the same epoch then let them be
// refused, unless the epoch is refreshed.
func TestOneLossAfterAnotherUnderLoadLetsNobodyBeRefused(t *testing.T) {
	rounds(t, 2, sim.Options{}, writeEvery, func(s *scene, load *sim.Load) {
		for range 2 {
			for _, p := range []part{voter, main, third} {
				s.Crash(newScene(s.t, s.Cluster).names[p])
				time.Sleep(long)
				s.awaitWrites(load)
			}
		}
		status, _ := s.Status()
		for _, change := range status.Transitions {
			require.NotEqual(s.t, api.TransitionRefused, change.Kind, sim.Describe(status))
		}
	})
}

// readsRecord is how often a controller that hears of no change reads the record.
// Whether it hears of a failover before somebody is promoted depends on when, between
// two of these, the others have decided it.
const readsRecord = 500 * time.Millisecond

// A gateway is left with the main, and hears late of what the others do: as long as it
// may let writes through, nobody is promoted; cut off from the others too, it silences
// itself.
func TestGatewayThatIsLeftWithTheMainIsWaitedForOrSilent(t *testing.T) {
	for name, alone := range map[string]bool{"it reads the record": false, "it is cut off": true} {
		t.Run(name, func(t *testing.T) {
			rounds(t, 8, sim.Options{Controllers: 3, Latency: 5 * time.Millisecond}, writeEvery, func(s *scene, _ *sim.Load) {
				left := s.follower()
				s.KillController(left)
				time.Sleep(s.Chance(readsRecord))
				s.StartController(left) // or all look at the same times
				s.Whole(wholeWithin)
				var cuts []link
				for _, other := range parties(3) {
					if alone && other != left && other != s.names[main] {
						cuts = append(cuts, link{left, other}, link{other, left})
					}
				}
				for _, other := range s.Controllers() {
					if other != left {
						cuts = append(cuts, link{s.names[main], other}, link{other, s.names[main]})
					}
				}
				s.Blind(left, true)
				cutAll(s.Cluster, cuts)
				time.Sleep(2 * long)
				healAll(s.Cluster, cuts)
				s.Blind(left, false)
			})
		})
	}
}

// follower is a controller that does not lead.
func (s *scene) follower() string {
	status, _ := s.Status()
	return slices.DeleteFunc(s.Controllers(), func(name string) bool { return name == status.Leader })[0]
}

// To drop a voter that is silent would kill the main.
func TestVoterThatIsSilentForLongIsNotDropped(t *testing.T) {
	rounds(t, 2, sim.Options{}, writeEvery, func(s *scene, _ *sim.Load) {
		s.Freeze(s.names[voter])
		time.Sleep(2 * long)
		s.Afflict(s.names[voter], standin.FaultSet{})
	})
}

// An instance that holds another database can never follow, but its data are not set
// aside before main and voter have everything: who knows whose they are.
func TestDataThatNobodyKnowsAreKeptWhileTheVoterIsSilent(t *testing.T) {
	rounds(t, 2, sim.Options{}, writeEvery, func(s *scene, _ *sim.Load) {
		s.kill(controller, third)
		s.LoseDisk(s.names[third])
		s.start(third)
		s.Eventually("the third answers", time.Second, func() bool { return s.Serves(s.names[third]) })
		_, err := s.Ask(s.names[third], "CREATE (:Precious)")
		require.NoError(s.t, err)
		s.Freeze(s.names[voter])
		s.start(controller)
		time.Sleep(long)
		require.Equal(s.t, 1, s.SetAside(s.names[third]), "but for the disk that it lost")
		s.Afflict(s.names[voter], standin.FaultSet{})
	})
}

// The silent voter wakes up while the main that stalled behind it is on its way out, and
// the two end the commit that the successor lacks. What the successor was written to
// before it gave way to one of them, that one refused: 12.7 s in 15 of 288 rounds.
func TestVoterThatWakesUpWhileTheStalledMainIsBeingStopped(t *testing.T) {
	for _, restart := range []time.Duration{time.Millisecond, 2 * time.Second} {
		options := sim.Options{Controllers: 3, EndDelay: 3 * time.Second, RestartDelay: restart}
		rounds(t, 16, options, writeEvery, func(s *scene, load *sim.Load) {
			s.Freeze(s.names[voter])
			began := time.Now()
			// Until it is known to be silent, and at most until the old main has ended.
			time.Sleep(2700*time.Millisecond + s.Chance(3*time.Second))
			s.Afflict(s.names[voter], standin.FaultSet{})
			s.Eventually("writes get through", healsWithin, getsThrough(load))
			require.Less(s.t, load.History().Gap(began, time.Now()), options.EndDelay+restart+4*time.Second)
		})
	}
}
