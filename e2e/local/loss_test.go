package local

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

func TestKillOfTheMain(t *testing.T) {
	n := rounds(t, 50, 4)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	begin := time.Now()
	for range n {
		status := c.Whole()
		acknowledged(t, c, load, 20)
		killed := time.Now()
		c.Signal(main(status), syscall.SIGKILL)
		c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && main(s) != main(status) })
		acknowledged(t, c, load, 20)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(killed.Add(-100*time.Millisecond), time.Now()))
	}
	history := nothingLost(t, c, load)
	failovers, err := c.API.Failovers(context.Background())
	require.NoError(t, err)
	measured.phases(failovers, api.KindFailover, begin)
	measured.Report(t)
	require.Contains(t, c.Metrics(), fmt.Sprintf(`memgraph_controller_failovers_total{kind="failover",reason="dead",result="completed"} %d`, n))
	gaps := measured["write gap"]
	require.LessOrEqual(t, gaps.Quantile(0.5), 800*time.Millisecond)
	require.LessOrEqual(t, gaps.Quantile(0.99), 1500*time.Millisecond)
	require.LessOrEqual(t, gaps.Max(), 3*time.Second)
	require.LessOrEqual(t, history.ReadsFailedInARow(), 1)
}

// A main that lives and takes writes is demoted before another is promoted: a
// plain promotion over it loses one acknowledged write nearly every time, in the
// stand-in as in the real server (see the conformance suite).
func TestForcedFailoverWhileTheMainLives(t *testing.T) {
	n := rounds(t, 100, 5)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	for range n {
		status := c.Whole()
		acknowledged(t, c, load, 10)
		begin := time.Now()
		_, err := c.API.Failover(context.Background(), api.FailoverRequest{Force: true, By: "test"})
		require.NoError(t, err)
		c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && main(s) != main(status) })
		acknowledged(t, c, load, 10)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(begin, time.Now()))
	}
	nothingLost(t, c, load)
	measured.Report(t)
}

func TestFrozenMainIsReplacedAndRejoins(t *testing.T) {
	n := rounds(t, 5, 1)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	for range n {
		old := main(c.Whole())
		oldBolt := c.Bolt(old)
		frozen := time.Now()
		c.Signal(old, syscall.SIGSTOP)
		c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && main(s) != old })
		acknowledged(t, c, load, 20)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(frozen, time.Now()))
		thawed := make(chan error, 1)
		go func() { thawed <- query(context.Background(), oldBolt, "CREATE (:Outlaw)") }()
		c.Signal(old, syscall.SIGCONT)
		require.Error(t, <-thawed, "the old main acknowledged a write after it was replaced")
		c.Whole()
	}
	nothingLost(t, c, load)
	measured.Report(t)
	require.LessOrEqual(t, measured["write gap"].Max(), 4*time.Second)
}

func TestKillOfTheVoter(t *testing.T) {
	n := rounds(t, 10, 2)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	for range n {
		status := c.Whole()
		killed := time.Now()
		c.Signal(voter(status), syscall.SIGKILL)
		acknowledged(t, c, load, 50)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(killed, time.Now()))
		require.Equal(t, main(status), main(c.Whole()), "the main changed although only the voter died")
	}
	history := nothingLost(t, c, load)
	measured.Report(t)
	require.LessOrEqual(t, measured["write gap"].Max(), 2*time.Second)
	require.LessOrEqual(t, history.ReadsFailedInARow(), 1)
}

func TestKillOfAReplicaIsNoticedByNoReaderTwice(t *testing.T) {
	n := rounds(t, 10, 2)
	c := Start(t, programs)
	load := work(t, c)
	for range n {
		status := c.Whole()
		c.Signal(third(status), syscall.SIGKILL)
		c.Until("it left the read pool", 5*time.Second, func(s api.Status) bool { return !pooled(s, third(status)) })
		acknowledged(t, c, load, 50)
	}
	history := nothingLost(t, c, load)
	require.LessOrEqual(t, history.ReadsFailedInARow(), 1)
	require.Zero(t, history.Unknown(), "a write failed although only an ASYNC replica died: %v", history.Errors())
}

func pooled(s api.Status, name string) bool {
	for _, i := range s.Instances {
		if i.Name == name {
			return i.InReadPool
		}
	}
	return false
}

// A silent voter stalls the main for 30 s, and a DROP of it would kill the main.
// The vote cannot be moved, so the main's office is: to the third instance where
// that has everything, else to the main itself after a restart.
func TestSilentVoterMakesTheMainHandOver(t *testing.T) {
	for name, silence := range map[string]func(t *testing.T, c *Cluster, name string) (heal func()){
		"frozen": func(_ *testing.T, c *Cluster, name string) func() {
			c.Signal(name, syscall.SIGSTOP)
			return func() { c.Signal(name, syscall.SIGCONT) }
		},
		"its packets dropped": func(t *testing.T, c *Cluster, name string) func() {
			status, err := c.Status()
			require.NoError(t, err)
			i := instance(status, name)
			return blackhole(t, i.Bolt, i.Replication)
		},
	} {
		t.Run(name, func(t *testing.T) { handsOver(t, silence) })
	}
}

func handsOver(t *testing.T, silence func(t *testing.T, c *Cluster, name string) (heal func())) {
	n := rounds(t, 5, 1)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	for range n {
		status := c.Whole()
		began := time.Now()
		heal := silence(t, c, voter(status))
		c.Until("writes without the silent one", 10*time.Second, func(s api.Status) bool {
			silent := voter(status)
			return s.Record.Gate == topology.GateOpen && main(s) != silent && voter(s) != silent && voter(s) != ""
		})
		acknowledged(t, c, load, 20)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(began, time.Now()))
		heal()
		c.Whole()
	}
	nothingLost(t, c, load)
	measured.Report(t)
	require.LessOrEqual(t, measured["write gap"].Max(), 4*time.Second)
	require.Contains(t, c.tail(1<<30), `do="promote memgraph-`, "steps are logged")
	require.NotContains(t, c.tail(1<<30), `do="drop `, "nobody silent may be dropped")
}
