package rollout

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"memgraph-controller/controller/topology"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// cluster is one of n instances in which all is well; main and voter are ordinals.
func cluster(n, main, voter int) Cluster {
	c := Cluster{Record: topology.Record{Epoch: 7, Main: name(main), Gate: topology.GateOpen}}
	if voter >= 0 {
		c.Record.Voter = name(voter)
	}
	for i := range n {
		c.Pods = append(c.Pods, Pod{Name: name(i), Ordinal: i, Present: true, Running: true, InSync: true})
	}
	return c
}

func name(n int) string { return fmt.Sprintf("memgraph-%d", n) }

// outdate marks pods as outdated; none named: all.
func (c Cluster) outdate(ordinals ...int) Cluster {
	for i := range c.Pods {
		c.Pods[i].Outdated = len(ordinals) == 0 || slices.Contains(ordinals, i)
	}
	return c
}

// lame takes a pod out of sync since a while ago.
func (c Cluster) lame(n int, ago time.Duration, why string) Cluster {
	c.Pods[n].InSync, c.Pods[n].Why, c.Pods[n].Since = false, why, now.Add(-ago)
	return c
}

// restarted is the cluster after a pod was replaced by a new one that is in sync, with the
// office of the old one where the topology puts it: the vote goes to a free replica and the
// main to its voter.
func (c Cluster) restarted(pod string) Cluster {
	free := func() string {
		for _, p := range c.Pods {
			if p.Name != pod && p.Name != c.Record.Main && p.Name != c.Record.Voter {
				return p.Name
			}
		}
		return pod // two instances: it comes back as what it was
	}
	switch pod {
	case c.Record.Voter:
		c.Record.Voter = free()
	case c.Record.Main:
		if c.Record.Voter != "" {
			c.Record.Main, c.Record.Voter = c.Record.Voter, free()
		}
	}
	for i := range c.Pods {
		if c.Pods[i].Name == pod {
			c.Pods[i].Outdated = false
		}
	}
	return c
}

// order plays a rollout to its end.
func (c Cluster) order(t require.TestingT) (pods []string) {
	for {
		pod, why := Next(c, now)
		if pod == "" {
			require.Empty(t, why, "it goes on to its end")
			return pods
		}
		pods = append(pods, pod)
		c = c.restarted(pod)
	}
}

func TestNothingIsOutdated(t *testing.T) {
	pod, why := Next(cluster(3, 0, 1), now)
	require.Empty(t, pod)
	require.Empty(t, why)
}

func TestReplicasFirstTheVoterNextTheMainLast(t *testing.T) {
	for _, c := range []struct {
		instances, main, voter int
		order                  []string
	}{
		{3, 0, 1, []string{name(2), name(1), name(0)}},
		{3, 1, 0, []string{name(2), name(0), name(1)}},
		{3, 2, 1, []string{name(0), name(1), name(2)}},
		{5, 4, 2, []string{name(3), name(1), name(0), name(2), name(4)}},
		{2, 1, 0, []string{name(0), name(1)}},
		{1, 0, -1, []string{name(0)}},
	} {
		require.Equal(t, c.order, cluster(c.instances, c.main, c.voter).outdate().order(t), "main %d of %d", c.main, c.instances)
	}
}

// A main that is newer than a replica cannot feed it (memgraph #3172).
func TestNoMainIsEverNewerThanAReplica(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "instances")
		main := rapid.IntRange(0, n-1).Draw(t, "main")
		voter := (main + rapid.IntRange(1, n-1).Draw(t, "voter")) % n
		c := cluster(n, main, voter).outdate()
		for range n {
			pod, _ := Next(c, now)
			newMain := false
			for _, p := range c.Pods {
				newMain = newMain || p.Name == c.Record.Main && !p.Outdated
			}
			require.False(t, newMain, "while pods are outdated the main is one of them")
			c = c.restarted(pod)
		}
		require.Empty(t, c.outdated())
	})
}

func TestWaitsForThePodBefore(t *testing.T) {
	none := cluster(3, 0, 1).outdate(0, 1)
	none.Pods[2].Present = false
	ending := cluster(3, 0, 1).outdate()
	ending.Pods[2].Ending = true
	closed := cluster(3, 0, 1).outdate()
	closed.Record.Gate = topology.GatePaused
	headless := cluster(3, 0, 1).outdate()
	headless.Record.Main, headless.Record.Heir = "", name(1)
	asked := cluster(3, 0, 1).outdate()
	asked.Record.Request = &topology.Request{Kind: topology.RequestSwitchover, By: "ada"}
	paused := cluster(3, 0, 1).outdate().lame(2, time.Hour, "its image cannot be pulled")
	paused.Paused = true
	for _, c := range []struct {
		Cluster
		why string
	}{
		{none, "memgraph-2 has no pod yet"},
		{ending, "memgraph-2 is being stopped"},
		{cluster(3, 0, 1).outdate(0, 1).lame(2, time.Hour, "it does not answer"), "memgraph-2 is not in sync: it does not answer"},
		{cluster(3, 0, 1).outdate().lame(2, time.Second, "its replication is \"invalid\""), "memgraph-2 is not in sync"},
		{closed, "the gate is paused"},
		{headless, "the gate is"},
		{asked, "a switchover that ada asked for comes first"},
		{paused, "paused"},
	} {
		pod, why := Next(c.Cluster, now)
		require.Empty(t, pod, why)
		require.Contains(t, why, c.why)
	}
}

// The new version does not start: the rollout ends at the first replica.
func TestABadVersionStopsAtTheFirstReplica(t *testing.T) {
	c := cluster(3, 0, 1).outdate(0, 1).lame(2, time.Hour, "it does not answer")
	c.Pods[2].Running = false
	pod, why := Next(c, now)
	require.Empty(t, pod)
	require.Contains(t, why, "memgraph-2")
}

// It is rolled back: what was made from the bad template is replaced, although it is not
// in sync, and nobody else is touched.
func TestARollBackReplacesWhatTheBadVersionLeft(t *testing.T) {
	c := cluster(3, 0, 1).outdate(2).lame(2, time.Hour, "it does not answer")
	c.Pods[2].Running = false
	pod, why := Next(c, now)
	require.Equal(t, name(2), pod, why)
	require.Empty(t, c.restarted(pod).outdated())
}

// The main of a single instance does not start with the new version, and the gate is
// closed: to wait for it would be for ever.
func TestARollBackReplacesAMainThatDoesNotRun(t *testing.T) {
	c := cluster(1, 0, -1).outdate().lame(0, time.Minute, "it does not answer")
	c.Pods[0].Running, c.Record.Gate = false, topology.GateClosed
	pod, _ := Next(c, now)
	require.Equal(t, name(0), pod)
}

// The main was lost while the voter was new and a replica old: the new main cannot feed the
// old replica, and nobody else can vote until it is new too.
func TestAnOldReplicaOfANewMainIsReplacedOutOfTurn(t *testing.T) {
	c := cluster(3, 0, 1).outdate(2).lame(2, Patience, `its replication is "invalid"`).lame(0, time.Minute, "it does not answer")
	c.Pods[0].Running = false
	c.Record.Main, c.Record.Heir, c.Record.From, c.Record.Gate = "", name(1), name(0), topology.GateClosed
	pod, why := Next(c, now)
	require.Equal(t, name(2), pod, why)
}

// Whoever holds every acknowledged write is left alone as long as it runs.
func TestWhoeverHoldsEveryWriteIsNotReplacedOutOfTurn(t *testing.T) {
	for _, office := range []func(*topology.Record){
		func(r *topology.Record) { r.Main = name(2) },
		func(r *topology.Record) { r.Voter = name(2) },
		func(r *topology.Record) { r.Main, r.Heir = "", name(2) },
		func(r *topology.Record) { r.From = name(2) },
	} {
		c := cluster(3, 0, 1).outdate().lame(2, time.Hour, "it does not answer")
		office(&c.Record)
		pod, why := Next(c, now)
		require.Empty(t, pod)
		require.Contains(t, why, "memgraph-2 is not in sync")
	}
}

// A large snapshot takes its time, and a restart would begin it anew.
func TestAReplicaThatIsBroughtUpToDateIsWaitedFor(t *testing.T) {
	c := cluster(3, 0, 1).outdate().lame(2, time.Hour, `its replication is "recovery"`)
	c.Pods[2].Recovering = true
	pod, _ := Next(c, now)
	require.Empty(t, pod)
}
