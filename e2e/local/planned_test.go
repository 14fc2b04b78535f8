package local

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

func TestSwitchoverShowsNoErrorToManagedTransactions(t *testing.T) {
	n := rounds(t, 50, 4)
	c := Start(t, programs)
	load := work(t, c)
	measured := Measured{}
	begin := time.Now()
	for range n {
		gap := switchover(t, c, load)
		measured["write gap"] = append(measured["write gap"], gap)
	}
	history := nothingLost(t, c, load)
	failovers, err := c.API.Failovers(context.Background())
	require.NoError(t, err)
	measured.phases(failovers, api.KindSwitchover, begin)
	measured.Report(t)
	noErrors(t, history)
	require.LessOrEqual(t, measured["write gap"].Quantile(0.99), 450*time.Millisecond)
}

// switchover moves the main to the voter and returns the gap in acknowledged
// writes.
func switchover(t *testing.T, c *Cluster, load *workload.Load) time.Duration {
	t.Helper()
	status := c.Whole()
	acknowledged(t, c, load, 10)
	begin := time.Now()
	_, err := c.API.Switchover(context.Background(), api.SwitchoverRequest{By: "test"})
	require.NoError(t, err)
	c.Until("another main", 10*time.Second, func(s api.Status) bool { return s.Record.Main != "" && main(s) != main(status) })
	acknowledged(t, c, load, 10)
	return load.History().Gap(begin, time.Now())
}

func TestEpochRefreshIsNoticedByNobody(t *testing.T) {
	n := rounds(t, 50, 2)
	c := Start(t, programs, "--restart-notice", "300ms")
	load := work(t, c)
	measured := Measured{}
	for round := range n {
		status := c.Whole()
		open := openTransaction(t, c, fmt.Sprintf("CREATE (:Open {round: %d})", round))
		begin := time.Now()
		restart(t, c, third(status))
		refreshed := c.Whole()
		require.Greater(t, refreshed.Record.Reign, status.Record.Reign, "a restart needs a new database epoch")
		require.NoError(t, open(), "a transaction that was open across the refresh did not commit")
		acknowledged(t, c, load, 10)
		measured["write gap"] = append(measured["write gap"], load.History().Gap(begin, time.Now()))
		require.Equal(t, main(status), main(c.Whole()), "the main changed")
	}
	history := nothingLost(t, c, load)
	failovers, err := c.API.Failovers(context.Background())
	require.NoError(t, err)
	for _, f := range failovers {
		if f.Kind == api.KindRefresh {
			require.Zero(t, f.SessionsCut, "sessions were cut in the refresh of epoch %d", f.Epoch)
		}
	}
	measured.Report(t)
	noErrors(t, history)
	require.LessOrEqual(t, measured["write gap"].Quantile(0.99), 350*time.Millisecond)
}

// openTransaction begins a transaction with one statement and returns what
// commits it.
func openTransaction(t *testing.T, c *Cluster, statement string) (commit func() error) {
	t.Helper()
	ctx := context.Background()
	driver, err := workload.Driver(c.Write)
	require.NoError(t, err)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	tx, err := session.BeginTransaction(ctx)
	require.NoError(t, err)
	_, err = tx.Run(ctx, statement, nil)
	require.NoError(t, err)
	return func() error {
		defer driver.Close(ctx)
		return tx.Commit(ctx)
	}
}

// The sequence that makes every other controller end with replicas that are
// refused as diverged: restarts under writes, then promotions.
func TestRollingRestarts(t *testing.T) {
	n := rounds(t, 30, 2)
	for name, v := range map[string]struct {
		notice string // that is given of a restart, as the preStop hook of a pod does
		last   func(*testing.T, *Cluster, *workload.Load)
		judge  func(*testing.T, workload.History)
	}{
		"main last and by switchover": {"500ms", func(t *testing.T, c *Cluster, load *workload.Load) {
			old := main(c.Whole())
			switchover(t, c, load)
			c.Whole()
			restart(t, c, old)
		}, noErrors},
		"main restarted in place": {"0s", func(t *testing.T, c *Cluster, _ *workload.Load) {
			restart(t, c, main(c.Whole()))
		}, func(*testing.T, workload.History) {}},
	} {
		t.Run(name, func(t *testing.T) {
			c := Start(t, programs, "--restart-notice", v.notice)
			load := work(t, c)
			for range n {
				status := c.Whole()
				for _, i := range status.Instances {
					if i.Name != main(status) {
						restart(t, c, i.Name)
					}
				}
				v.last(t, c, load)
			}
			v.judge(t, nothingLost(t, c, load))
			require.NotContains(t, c.tail(1<<30), "diverged", "an instance was refused")
			require.NotContains(t, c.tail(1<<30), "quarantined", "an instance was reseeded")
		})
	}
}

// restart restarts one instance politely and waits until the cluster is whole.
func restart(t *testing.T, c *Cluster, name string) {
	t.Helper()
	process := processOf(t, c, name)
	_, err := c.API.Instance(context.Background(), api.InstanceAction{Instance: name, Do: api.ActionRestart})
	require.NoError(t, err)
	c.Until(name+" restarted and the cluster whole", wholeWithin, func(s api.Status) bool {
		for _, i := range s.Instances {
			if i.Name == name {
				return i.Process != process && whole(s)
			}
		}
		return false
	})
}

func processOf(t *testing.T, c *Cluster, name string) string {
	t.Helper()
	status, err := c.Status()
	require.NoError(t, err)
	for _, i := range status.Instances {
		if i.Name == name {
			return i.Process
		}
	}
	t.Fatalf("there is no instance %q", name)
	return ""
}
