package clients

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/local"
	"memgraph-controller/e2e/workload"
)

// drive puts clients to work that share nothing but the cluster: one of each
// language, and the program of the pods. Where this machine has no Python client,
// there is none.
func drive(t *testing.T, c *local.Cluster) []Client {
	t.Helper()
	config := Config{
		Write: c.Write, Read: c.Read,
		Rates: workload.Rates{Writes: 40, Reads: 40, Streams: 2, Connects: 4, Explicit: 0.25},
	}
	pod := program(t)
	var all []Client
	for n, start := range []func() (Client, error){
		func() (Client, error) { return Start(t.Context(), Go, config) },
		func() (Client, error) {
			return startProcess(t.Context(), "go program", exec.Command(pod, config.flags()...))
		},
		func() (Client, error) { return Start(t.Context(), Python, config) },
	} {
		config.FirstID = int64(n*1_000_000 + 1)
		client, err := start()
		if errors.Is(err, ErrNoVenv) {
			t.Logf("without a Python client: %v", err)
			continue
		}
		require.NoError(t, err)
		t.Cleanup(func() { _, _ = client.Stop(context.Background()) })
		all = append(all, client)
	}
	return all
}

// acknowledged waits until each client has so many more acknowledged writes.
func acknowledged(c *local.Cluster, all []Client, more int) {
	for _, client := range all {
		before := client.Acknowledged()
		c.Eventually("writes are acknowledged", 30*time.Second, func() bool { return client.Acknowledged() >= before+more })
	}
}

func TestClientsOfAllLanguagesTellOneHistoryOfAFailover(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real processes for many seconds; -short skips it")
	}
	programs, err := local.Build(t.TempDir())
	require.NoError(t, err)
	c := local.Start(t, programs)
	all := drive(t, c)
	acknowledged(c, all, 100)
	main, begin := c.Whole().Record.Main, time.Now()
	_, err = c.API.Instance(t.Context(), api.InstanceAction{Instance: main, Do: api.ActionKill})
	require.NoError(t, err)
	c.Until("another main", 20*time.Second, func(s api.Status) bool { return s.Record.Main != "" && s.Record.Main != main })
	acknowledged(c, all, 100)
	end := time.Now()

	history, err := Stop(context.Background(), all...)
	require.NoError(t, err)
	t.Logf("\n%s%v\ngap %s", history.Summary(), history.Errors(), history.Gap(begin, end))
	held, err := workload.IDs(t.Context(), c.Bolt(c.Whole().Record.Main))
	require.NoError(t, err)
	require.NoError(t, history.Check(held))
	require.Empty(t, history.FailedConnections())
	for _, client := range all {
		own, err := client.Stop(context.Background())
		require.NoError(t, err)
		counts := own.Counts()
		require.Len(t, counts, 5, "kinds of operations: %v", counts)
		for _, count := range counts {
			require.Positive(t, count.Acknowledged, "%s of %s", count.Kind, count.Client)
		}
	}
}
