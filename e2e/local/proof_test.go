package local

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/workload"
)

var programs Programs // set once by TestMain, before any test

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "memgraph-e2e")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if programs, err = Build(dir); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// rounds is how often a test does its thing: the promised number with FULL=1,
// else a few times. -short skips what needs real processes.
func rounds(t *testing.T, promised, few int) int {
	t.Helper()
	if testing.Short() {
		t.Skip("runs real processes for many seconds; -short skips it")
	}
	if os.Getenv("FULL") != "" {
		return promised
	}
	return few
}

// work puts 4 writers, 8 readers and ever new clients to work, and waits until
// they are served.
func work(t *testing.T, c *Cluster) *workload.Load {
	t.Helper()
	load, err := workload.Start(context.Background(), workload.Config{
		Write: c.Write, Read: c.Read, Writers: 4, Readers: 8, ConnectEvery: 50 * time.Millisecond,
	})
	require.NoError(t, err)
	t.Cleanup(func() { load.Stop() })
	acknowledged(t, c, load, 100)
	return load
}

// acknowledged waits until so many more writes were acknowledged.
func acknowledged(t *testing.T, c *Cluster, load *workload.Load, more int) {
	t.Helper()
	before := load.History().Acknowledged()
	c.Eventually("writes are acknowledged", 20*time.Second, func() bool { return load.History().Acknowledged() >= before+more })
}

// nothingLost ends the load and checks that every instance holds every
// acknowledged write, nothing invented, and the same as the others.
func nothingLost(t *testing.T, c *Cluster, load *workload.Load) workload.History {
	t.Helper()
	history := load.Stop()
	c.Whole()
	t.Logf("%d writes acknowledged, %d unknown; %d reads; %d new clients; errors %v",
		history.Acknowledged(), history.Unknown(), len(history.Reads), len(history.Connections), history.Errors())
	everywhere(t, c, history)
	for _, failed := range history.FailedConnections() {
		t.Errorf("a new client of %s was not served (%s to %s): %s", failed.Gateway, failed.Start, failed.End, failed.Err)
	}
	return history
}

// everywhere checks a whole cluster whose clients have stopped: the main holds
// every acknowledged write and nothing invented, and every replica the same as
// soon as it has received everything.
func everywhere(t *testing.T, c *Cluster, history workload.History) {
	t.Helper()
	status := c.Whole()
	held, err := workload.IDs(context.Background(), c.Bolt(main(status)))
	require.NoError(t, err)
	require.NoError(t, history.Check(held), "the main is %s", main(status))
	for _, i := range status.Instances {
		var ids []int64
		c.Eventually(i.Name+" has caught up", 5*time.Second, func() bool {
			ids, err = workload.IDs(context.Background(), i.Bolt)
			return err == nil && len(ids) >= len(held)
		})
		require.Equal(t, held, ids, "%s differs from main %s", i.Name, main(status))
	}
}

// noErrors checks that no client saw an error.
func noErrors(t *testing.T, history workload.History) {
	t.Helper()
	require.Empty(t, history.Errors(), "errors at clients")
	require.Zero(t, history.Unknown())
}

func main(s api.Status) string  { return s.Record.Main }
func voter(s api.Status) string { return s.Record.Voter }

// third is the instance that is neither main nor voter.
func third(s api.Status) string {
	for _, i := range s.Instances {
		if i.Name != s.Record.Main && i.Name != s.Record.Voter {
			return i.Name
		}
	}
	return ""
}

// query runs one autocommit statement at an address.
func query(ctx context.Context, address, text string) error {
	driver, err := workload.Driver(address)
	if err != nil {
		return err
	}
	defer driver.Close(ctx)
	session := driver.NewSession(ctx, neo4j.SessionConfig{})
	defer session.Close(ctx)
	result, err := session.Run(ctx, text, nil)
	if err != nil {
		return err
	}
	_, err = result.Consume(ctx)
	return err
}
