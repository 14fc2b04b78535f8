package kube

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/chaos/history"
	"memgraph-controller/controller/api"
	"memgraph-controller/e2e/local"
	"memgraph-controller/e2e/workload"
)

// Clients of registers go through a failover, all sorts of operations get through, and
// what they saw is linearizable; what somebody sets back behind them is not.
func TestRegistersArePlayedThroughAFailoverAndJudged(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real processes for many seconds; -short skips it")
	}
	programs, err := local.Build(t.TempDir())
	require.NoError(t, err)
	c := local.Start(t, programs)
	main := c.Whole().Record.Main
	g, err := play(t.Context(), c.Write)
	require.NoError(t, err)
	t.Cleanup(g.end)
	seen := func(n int) func() bool { return func() bool { return len(g.Seen()) >= n } }
	c.Eventually("operations", 30*time.Second, seen(40))
	_, err = c.API.Instance(t.Context(), api.InstanceAction{Instance: main, Do: api.ActionKill})
	require.NoError(t, err)
	c.Until("another main", 20*time.Second, func(s api.Status) bool { return s.Record.Main != "" && s.Record.Main != main })
	c.Eventually("operations after it", 30*time.Second, seen(len(g.Seen())+40))
	g.end() // what is under way may have been found already, and must be recorded first
	done := map[history.Kind]int{}
	for _, o := range g.Seen() {
		if o.Outcome == workload.Acknowledged {
			done[o.Kind]++
		}
	}
	for _, kind := range []history.Kind{history.Read, history.Write, history.CompareAndSet} {
		require.Positive(t, done[kind], "kind %d: %v", kind, done)
	}
	require.NoError(t, history.CheckRegisters(g.Seen(), judgedWithin))

	again, err := play(t.Context(), c.Write)
	require.NoError(t, err)
	t.Cleanup(again.end)
	const foreign = -7
	found := func(o history.Operation) bool { return o.Outcome == workload.Acknowledged && o.Found == foreign }
	c.Eventually("somebody finds what was set back", 30*time.Second, func() bool {
		_, err := autocommit(t.Context(), again.driver, fmt.Sprintf("MATCH (r:R) SET r.value = %d", foreign))
		return err == nil && slices.ContainsFunc(again.Seen(), found)
	})
	again.end()
	require.ErrorContains(t, history.CheckRegisters(again.Seen(), judgedWithin), "is not linearizable")
}
