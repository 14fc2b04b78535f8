package local

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// Whatever a main says of its replicas, they lack what it wrote in analytical mode: nobody
// follows it by itself, reads go on, and the way out costs what it says.
func TestNobodyFollowsAMainWhoseWritesReachNobody(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	ctx := context.Background()
	status := c.Whole()
	old, follower := main(status), voter(status)
	require.NoError(t, query(ctx, c.Write, "CREATE (:W {id: 1})"))
	require.NoError(t, query(ctx, c.Write, "STORAGE MODE IN_MEMORY_ANALYTICAL"))
	require.NoError(t, query(ctx, c.Write, "CREATE (:W {id: 2})"))
	seen := c.Until("it is known", 30*time.Second, func(s api.Status) bool {
		return instance(s, old).Unreplicated != "" && s.Record.Gate == topology.GateClosed
	})
	require.Empty(t, seen.Record.Voter)
	require.Contains(t, instance(seen, old).Unreplicated, "storage_mode=IN_MEMORY_ANALYTICAL")
	require.Contains(t, seen.Routing.Decision.Reason, "failover --force")
	require.Contains(t, c.Metrics(), `memgraph_controller_instance_unreplicated{instance="`+old+`"} 1`)
	require.NoError(t, query(ctx, c.Read, "MATCH (n) RETURN n"))

	before := instance(seen, old).Process
	c.Signal(old, syscall.SIGKILL)
	back := c.Until("the old main is back, and waits", 30*time.Second, func(s api.Status) bool {
		return instance(s, old).Process != before && instance(s, old).Role == topology.RoleMain && s.Routing.Decision.Step == "wait"
	})
	require.Contains(t, []string{back.Record.Main, back.Record.Heir}, old)
	require.Equal(t, topology.GateClosed, back.Record.Gate)
	failovers, err := c.API.Failovers(ctx)
	require.NoError(t, err)
	for _, f := range failovers {
		require.Contains(t, []string{"", old}, f.To, f.Detail)
	}
	require.NoError(t, query(ctx, c.Read, "MATCH (n) RETURN n"))

	_, err = c.API.Failover(ctx, api.FailoverRequest{Target: follower, Force: true, AcceptLoss: true, By: "test"})
	require.NoError(t, err)
	c.Until("another main", 30*time.Second, func(s api.Status) bool { return main(s) == follower && s.Record.Gate == topology.GateOpen })
	whole := c.Whole()
	require.Empty(t, instance(whole, old).Unreplicated, "its data were set aside")
	require.NoError(t, query(ctx, c.Write, "CREATE (:W {id: 3})"))
}
