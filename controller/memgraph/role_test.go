package memgraph_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
)

const (
	toMain    = "SET REPLICATION ROLE TO MAIN"
	toReplica = "SET REPLICATION ROLE TO REPLICA WITH PORT 10001"

	// The same texts from 3.5 to 3.13, for "busy" and for "is so already".
	notMain    = "Couldn't set replication role to main!"
	notReplica = "Couldn't set role to replica!"
)

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestPromoteMakesAReplicaMain(t *testing.T) {
	client, _ := play(t, role("replica"), on(toMain))
	require.NoError(t, client.Promote(t.Context()))
}

func TestDemoteListensOnThePortOfTheReplicationAddress(t *testing.T) {
	client, _ := play(t, role("main"), on(toReplica))
	require.NoError(t, client.Demote(t.Context()))
}

func TestRoleChangeOfAnInstanceThatHasTheRoleDoesNothing(t *testing.T) {
	client, _ := play(t, role("main"), role("replica"))
	require.NoError(t, client.Promote(t.Context()))
	require.NoError(t, client.Demote(t.Context()))
}

func TestPromoteTriesAgainWhileBusy(t *testing.T) {
	client, server := play(t,
		role("replica"), on(toMain).refuses(notMain), role("replica"),
		role("replica"), on(toMain).refuses("Multiple concurrent system queries are not supported."), role("replica"),
		role("replica"), on(toMain))
	require.NoError(t, client.Promote(t.Context()))
	require.Equal(t, 1, server.connected(), "a refusal is no reason for a new connection")
}

func TestDemoteTriesAgainWhileBusy(t *testing.T) {
	client, _ := play(t,
		role("main"), on(toReplica).refuses(notReplica), role("main"),
		role("main"), on(toReplica))
	require.NoError(t, client.Demote(t.Context()))
}

func TestPromoteRefusedBecauseSomebodyElsePromotedItSucceeds(t *testing.T) {
	client, _ := play(t, role("replica"), on(toMain).refuses(notMain), role("main"))
	require.NoError(t, client.Promote(t.Context()))
}

func TestDemoteThatStaysBusyIsErrBusyWithTheLastText(t *testing.T) {
	client, server := play(t)
	server.always(map[string]step{"SHOW REPLICATION ROLE": role("main"), toReplica: on(toReplica).refuses(notReplica)})
	err := client.Demote(soon(t))
	require.ErrorIs(t, err, memgraph.ErrBusy)
	require.ErrorContains(t, err, "demote memgraph-1: refused each time (")
	require.ErrorContains(t, err, notReplica)
	var failure *memgraph.Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, clientError, failure.Code)
}

func TestBusyIsStillTheReasonWhenTheLastTryHangs(t *testing.T) {
	client, _ := play(t,
		role("main"), on(toReplica).refuses(notReplica), role("main"),
		role("main"), on(toReplica).hangs())
	err := client.Demote(soon(t))
	require.ErrorIs(t, err, memgraph.ErrBusy)
	require.ErrorContains(t, err, notReplica)
}

func TestDemoteOntoATakenPortSaysSo(t *testing.T) {
	client, _ := play(t, role("main"), on(toReplica).refuses(notReplica), role("replica"))
	err := client.Demote(t.Context())
	require.ErrorIs(t, err, memgraph.ErrNoReplicationServer)
	require.ErrorContains(t, err, "port 10001 may be taken")
}

func TestRoleChangeGivesUpAtOnceWhereWaitingDoesNotHelp(t *testing.T) {
	for _, text := range []string{
		"Can't set role manually on instance with coordinator server port.",
		"Port number invalid!",
		"Replica must set a port!",
	} {
		client, _ := play(t, role("main"), on(toReplica).refuses(text), role("main"))
		err := client.Demote(t.Context())
		require.EqualError(t, err, "demote memgraph-1: "+text)
		require.NotErrorIs(t, err, memgraph.ErrBusy)
	}
}
