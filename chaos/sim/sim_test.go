package sim_test

import (
	"log/slog"
	"os"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"memgraph-controller/chaos/sim"
	"memgraph-controller/clusters/standin"
)

func TestMain(m *testing.M) {
	if os.Getenv(batchVariable) == "" { // a batch collects its garbage itself
		debug.SetGCPercent(400) // a third less time; 500 clusters make much garbage and keep nothing
	}
	goleak.VerifyTestMain(m)
}

// run runs a test on a cluster; SIM_LOG=1 shows what its parts log.
func run(t *testing.T, options sim.Options, test func(t *testing.T, c *sim.Cluster)) {
	if os.Getenv(logVariable) != "" {
		options.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	sim.Run(t, options, test)
}

func TestMainThatCrashesIsReplacedAndReturnsByItself(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		load := c.Load(writers, writeEvery)
		s.awaitWrites(load)
		crashed := time.Now()
		c.Crash(s.names[main])
		s.awaitWrites(load)
		require.Equal(t, s.names[voter], c.Record().Main)
		require.Less(t, load.History().Gap(crashed, time.Now()), 500*time.Millisecond)
		time.Sleep(time.Second)
		c.Whole(wholeWithin)
		c.RequireNothingLost(load.Stop())
	})
}

func TestMainThatFreezesIsReplacedAndRejoins(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		load := c.Load(writers, writeEvery)
		s.awaitWrites(load)
		c.Freeze(s.names[main])
		begun := time.Now()
		c.Eventually("another main", 5*time.Second, func() bool { return c.Record().Main == s.names[voter] })
		require.Greater(t, time.Since(begun), 2*time.Second, "balanced detection gives it that long")
		s.awaitWrites(load)
		c.Afflict(s.names[main], standin.FaultSet{})
		c.Whole(wholeWithin)
		c.RequireNothingLost(load.Stop())
	})
}

// What the harness says is lost, is: a write that an instance lacks is found.
func TestLossIsNoticed(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		load := c.Load(writers, writeEvery)
		s.awaitWrites(load)
		history := load.Stop()
		c.Synced(wholeWithin)
		require.NoError(t, history.Check(c.IDs(s.names[third])))
		_, err := c.Ask(s.names[main], "MATCH (n:W {id: 1}) DELETE n")
		require.NoError(t, err)
		c.Synced(wholeWithin)
		require.ErrorContains(t, history.Check(c.IDs(s.names[third])), "1 are lost [1]")
	})
}

// A controller that was killed changes nothing any more: its gateways refuse,
// and what runs goes on.
func TestKilledControllerLeavesTheInstancesAlone(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		s := newScene(t, c)
		load := c.Load(writers, writeEvery)
		s.awaitWrites(load)
		c.KillController(c.Controllers()[0])
		record := c.Record()
		before := load.History().Acknowledged()
		c.Kill(s.names[main])
		time.Sleep(time.Minute)
		require.Equal(t, record, c.Record())
		require.Equal(t, before, load.History().Acknowledged())
		require.Empty(t, c.Mains())
		c.Start(s.names[main])
		c.StartController(c.Controllers()[0])
		c.Whole(wholeWithin)
		c.RequireNothingLost(load.Stop())
	})
}

// Without any client's write, each new epoch is known to the replicas all the
// same: nobody is refused after one loss upon another.
func TestIdleClusterSurvivesOneLossAfterAnother(t *testing.T) {
	run(t, sim.Options{Seed: 1}, func(t *testing.T, c *sim.Cluster) {
		for range 4 {
			for _, p := range []part{voter, main, third} {
				c.Crash(newScene(t, c).names[p])
				time.Sleep(long)
			}
		}
		c.Whole(wholeWithin)
		for _, name := range c.Names() {
			require.Zero(t, c.SetAside(name), "%s was reseeded", name)
		}
	})
}
