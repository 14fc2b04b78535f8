package memgraph_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

func TestAskOfAReplicaTellsItsRoleAlone(t *testing.T) {
	client, _ := play(t, role("replica"))
	before := time.Now()
	answer, err := client.Ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, topology.RoleReplica, answer.Role)
	require.Empty(t, answer.Replicas)
	require.WithinRange(t, answer.Asked, before, time.Now())
}

func TestAskOfAMainTellsItsReplicas(t *testing.T) {
	client, _ := play(t, role("main"), replicas(
		replica("memgraph_0", "10.0.0.1:10000", "strict_sync", "ready", 16, 0),
		replica("memgraph_2", "memgraph-2.db:10000", "async", "invalid", 0, -14),
		phantom("memgraph_3", "10.0.0.3:10000", "sync"),
	))
	answer, err := client.Ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, topology.RoleMain, answer.Role)
	require.Equal(t, []topology.Replica{
		{Name: "memgraph-0", Address: "10.0.0.1:10000", Mode: topology.StrictSync, Status: topology.StatusReady, TS: 16},
		{Name: "memgraph-2", Address: "memgraph-2.db:10000", Mode: topology.Async, Status: topology.StatusInvalid, Behind: -14},
		{Name: "memgraph-3", Address: "10.0.0.3:10000", Mode: topology.Sync, Status: topology.StatusPhantom},
	}, answer.Replicas)
}

func TestAskKeepsItsConnection(t *testing.T) {
	client, server := play(t, role("replica"), role("replica"), role("main"), replicas())
	for range 3 {
		_, err := client.Ask(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, 1, server.connected())
}

func TestQuestionAfterARestartOfTheServerIsAnswered(t *testing.T) {
	s := &script{t: t, steps: []step{role("replica"), role("replica")}}
	address, stop := s.listen("127.0.0.1:0")
	client := open(t, memgraph.Config{Address: address})
	_, err := client.Ask(t.Context())
	require.NoError(t, err)
	stop()

	_, stop = s.listen(address)
	_, err = client.Ask(t.Context())
	require.NoError(t, err)
	stop()

	_, err = client.Ask(t.Context())
	require.ErrorIs(t, err, syscall.ECONNREFUSED, "of a new connection, not what happened to the kept one")
}

func TestQuestionsAtOnceDoNotWaitForEachOther(t *testing.T) {
	client, server := play(t, role("replica").hangs(), role("replica"))
	hanging, give := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := client.Ask(hanging)
		first <- err
	}()
	require.Eventually(t, func() bool { return server.connected() == 1 && server.left() == 1 }, 5*time.Second, time.Millisecond)
	_, err := client.Ask(t.Context())
	require.NoError(t, err)
	give()
	require.ErrorIs(t, <-first, context.Canceled)
	require.Equal(t, 2, server.connected())
}

func TestAskOfAMainDemotedBetweenItsTwoAnswersIsAReplica(t *testing.T) {
	client, _ := play(t,
		role("main"),
		on("SHOW REPLICAS").refuses("Show replicas query should only be run on the main instance."),
		role("replica"))
	answer, err := client.Ask(t.Context())
	require.NoError(t, err)
	require.Equal(t, topology.RoleReplica, answer.Role)
}

func TestAskReportsAMainThatDoesNotTellItsReplicas(t *testing.T) {
	client, _ := play(t, role("main"), on("SHOW REPLICAS").refuses("something new"), role("main"))
	_, err := client.Ask(t.Context())
	require.EqualError(t, err, "ask memgraph-1: something new")
}

func TestAskRefusesAnswersItDoesNotUnderstand(t *testing.T) {
	odd := func(info any) step {
		return replicas([]any{"b", "10.0.0.1:10000", "sync", nil, info})
	}
	database := func(of map[string]any) step { return odd(map[string]any{"memgraph": of}) }
	for name, steps := range map[string][]step{
		"no row":            {on("SHOW REPLICATION ROLE").returns([]string{"replication role"})},
		"two rows":          {on("SHOW REPLICATION ROLE").returns([]string{"replication role"}, []any{"main"}, []any{"main"})},
		"another column":    {on("SHOW REPLICATION ROLE").returns([]string{"role"}, []any{"main"})},
		"another role":      {role("coordinator")},
		"a number as role":  {on("SHOW REPLICATION ROLE").returns([]string{"replication role"}, []any{int64(1)})},
		"no data_info":      {role("main"), on("SHOW REPLICAS").returns([]string{"name", "socket_address", "sync_mode"}, []any{"b", "x:1", "sync"})},
		"null data_info":    {role("main"), odd(nil)},
		"text as data_info": {role("main"), odd("{memgraph: {ts: 0}}")},
		"another database":  {role("main"), odd(map[string]any{"tenant": map[string]any{}})},
		"database no map":   {role("main"), odd(map[string]any{"memgraph": int64(1)})},
		"status missing":    {role("main"), database(map[string]any{"ts": int64(0), "behind": int64(0)})},
		"ts a text":         {role("main"), database(map[string]any{"ts": "0", "behind": int64(0), "status": "ready"})},
		"behind null":       {role("main"), database(map[string]any{"ts": int64(0), "behind": nil, "status": "ready"})},
		"behind a float":    {role("main"), database(map[string]any{"ts": int64(0), "behind": 0.5, "status": "ready"})},
		"name null":         {role("main"), replicas([]any{nil, "x:1", "sync", nil, map[string]any{}})},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := play(t, steps...)
			_, err := client.Ask(t.Context())
			require.ErrorContains(t, err, "ask memgraph-1: SHOW REPLICA")
			require.ErrorContains(t, err, "answered in a form that is not known")
		})
	}
}

func TestAskDoesNotWaitForAStatementThatHangs(t *testing.T) {
	client, server := play(t, on("SHOW CONFIG").hangs(), role("replica"))
	ctx, cancel := context.WithCancel(t.Context())
	stuck := make(chan error, 1)
	go func() {
		_, err := client.Settings(ctx)
		stuck <- err
	}()
	require.Eventually(t, func() bool { return server.left() == 1 }, 5*time.Second, time.Millisecond)
	_, err := client.Ask(t.Context())
	require.NoError(t, err)
	cancel()
	require.ErrorIs(t, <-stuck, context.Canceled)
}
