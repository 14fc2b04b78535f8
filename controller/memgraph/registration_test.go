package memgraph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

const (
	registerVoter = "REGISTER REPLICA `memgraph_0` STRICT_SYNC TO '10.0.0.1:10000'"
	registerAsync = "REGISTER REPLICA `memgraph_0` ASYNC TO '10.0.0.1:10000'"
	dropReplica   = "DROP REPLICA `memgraph_0`"
	dropBusy      = "Failed to unregister replica due to lack of unique access over the cluster state. Please try again later on."
	dropUnknown   = "Failed to unregister the replica memgraph_0."
)

func refusedRegister(number int) string {
	return fmt.Sprintf("Couldn't register replica memgraph_0. Error: %d", number)
}

func voter(status string) []any {
	return replica("memgraph_0", "10.0.0.1:10000", "strict_sync", status, 4, 0)
}

func registerAsVoter(t *testing.T, client *memgraph.Client) error {
	return client.Register(t.Context(), "memgraph-0", topology.StrictSync, "10.0.0.1:10000")
}

func TestReplicaNameIsItsOwnInverse(t *testing.T) {
	require.Equal(t, "memgraph_ha_0", memgraph.ReplicaName("memgraph-ha-0"))
	for _, name := range []string{"memgraph-0", "my_replica", "a-b_c", "plain", ""} {
		require.Equal(t, name, memgraph.ReplicaName(memgraph.ReplicaName(name)))
	}
}

func TestRegisterInEveryMode(t *testing.T) {
	for mode, keyword := range map[topology.Mode]string{
		topology.Async: "ASYNC", topology.Sync: "SYNC", topology.StrictSync: "STRICT_SYNC",
	} {
		client, _ := play(t, replicas(), on("REGISTER REPLICA `memgraph_0` "+keyword+" TO '10.0.0.1:10000'"))
		require.NoError(t, client.Register(t.Context(), "memgraph-0", mode, "10.0.0.1:10000"))
	}
}

func TestRegisterOfWhatIsRegisteredDoesNothing(t *testing.T) {
	for _, status := range []string{"ready", "replicating", "recovery", "invalid"} {
		client, _ := play(t, replicas(voter(status)))
		require.NoError(t, registerAsVoter(t, client))
	}
}

func TestRegisterDropsWhatIsInTheWayFirst(t *testing.T) {
	for name, found := range map[string][]any{
		"phantom":       phantom("memgraph_0", "10.0.0.1:10000", "strict_sync"),
		"diverged":      voter("diverged"),
		"other mode":    replica("memgraph_0", "10.0.0.1:10000", "async", "ready", 4, 0),
		"other address": replica("memgraph_0", "10.0.0.9:10000", "strict_sync", "ready", 4, 0),
	} {
		t.Run(name, func(t *testing.T) {
			other := replica("memgraph_2", "10.0.0.2:10000", "async", "ready", 4, 0)
			client, _ := play(t, replicas(other, found), on(dropReplica), on(registerVoter))
			require.NoError(t, registerAsVoter(t, client))
		})
	}
}

func TestRegisterDropsTheSameAddressUnderAnotherName(t *testing.T) {
	client, _ := play(t,
		replicas(replica("by-hand", "10.0.0.1:10000", "async", "ready", 4, 0)),
		on("DROP REPLICA `by-hand`"), on(registerVoter))
	require.NoError(t, registerAsVoter(t, client))
}

func TestRegisterTriesAgainWhileTheMainIsBusy(t *testing.T) {
	for name, text := range map[string]string{
		"number 6":              refusedRegister(6),
		"no number, before 3.5": "Couldn't register replica memgraph_0.",
		"system queries":        "Multiple concurrent system queries are not supported.",
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := play(t,
				replicas(), on(registerVoter).refuses(text),
				replicas(), on(registerVoter))
			require.NoError(t, registerAsVoter(t, client))
		})
	}
}

func TestRegisterThatStaysBusyIsErrBusy(t *testing.T) {
	client, server := play(t)
	server.always(map[string]step{"SHOW REPLICAS": replicas(), registerVoter: on(registerVoter).refuses(refusedRegister(6))})
	err := client.Register(soon(t), "memgraph-0", topology.StrictSync, "10.0.0.1:10000")
	require.ErrorIs(t, err, memgraph.ErrBusy)
	require.ErrorContains(t, err, "register memgraph-0 as strict_sync at memgraph-1: ")
	require.ErrorContains(t, err, "Error: 6")
}

func TestRegisterThatFindsItselfRegisteredMeanwhile(t *testing.T) {
	for _, number := range []int{1, 2} {
		client, _ := play(t,
			replicas(), on(registerVoter).refuses(refusedRegister(number)),
			replicas(voter("recovery")))
		require.NoError(t, registerAsVoter(t, client))
	}
}

func TestRegisterThatFindsAnotherRegistrationMeanwhile(t *testing.T) {
	client, _ := play(t,
		replicas(), on(registerVoter).refuses(refusedRegister(1)),
		replicas(replica("memgraph_0", "10.0.0.1:10000", "async", "ready", 0, 0)), on(dropReplica), on(registerVoter))
	require.NoError(t, registerAsVoter(t, client))
}

func TestRegisterOfADivergedReplicaLeavesNoPhantom(t *testing.T) {
	client, _ := play(t, replicas(), on(registerVoter).refuses(refusedRegister(3)), on(dropReplica))
	err := registerAsVoter(t, client)
	require.ErrorIs(t, err, memgraph.ErrDiverged)
	require.ErrorContains(t, err, "Error: 3")
}

func TestRegisterOfADivergedReplicaWhereNoPhantomIsLeft(t *testing.T) { // 3.13, #4510
	client, _ := play(t,
		replicas(), on(registerVoter).refuses(refusedRegister(3)),
		on(dropReplica).refuses(dropUnknown), replicas())
	require.ErrorIs(t, registerAsVoter(t, client), memgraph.ErrDiverged)
}

func TestRegisterOfAnUnreachableReplicaLeavesNoPhantom(t *testing.T) {
	client, _ := play(t,
		replicas(), on(registerVoter).refuses(refusedRegister(5)),
		on(dropReplica).refuses(dropBusy), replicas(phantom("memgraph_0", "10.0.0.1:10000", "strict_sync")),
		on(dropReplica))
	require.ErrorIs(t, registerAsVoter(t, client), memgraph.ErrUnreachableReplica)
}

func TestRegisterSaysWhenThePhantomStays(t *testing.T) {
	client, _ := play(t,
		replicas(), on(registerVoter).refuses(refusedRegister(5)),
		on(dropReplica).refuses("Can't unregister replica on instance with coordinator server port."),
		replicas(phantom("memgraph_0", "10.0.0.1:10000", "strict_sync")))
	err := registerAsVoter(t, client)
	require.ErrorIs(t, err, memgraph.ErrUnreachableReplica)
	require.ErrorContains(t, err, "what it left behind could not be dropped")
}

func TestRegisterReportsRefusalsThatStay(t *testing.T) {
	for text, want := range map[string]string{
		refusedRegister(4): "could not write the registration to its disk",
		refusedRegister(7): "analytical mode",
		"Couldn't register replica memgraph_0 because a database is in analytical storage mode.":          "analytical",
		"Replication query requires IN_MEMORY_TRANSACTIONAL mode.":                                        "IN_MEMORY_TRANSACTIONAL",
		"Replica can't register another replica!":                                                         "Replica can't",
		"Invalid socket address. The socket address must be a string defining the address and port.":      "Invalid socket address",
		"Error on line 1 position 31. The underlying parsing error is mismatched input 'STRICT_SYNC' ...": "mismatched input",
	} {
		client, _ := play(t, replicas(), on(registerVoter).refuses(text))
		err := registerAsVoter(t, client)
		require.ErrorContains(t, err, want)
		require.NotErrorIs(t, err, memgraph.ErrBusy)
	}
}

func TestRegisterChecksItsArguments(t *testing.T) {
	client, _ := play(t)
	require.ErrorContains(t, client.Register(t.Context(), "memgraph-0", "eventual", "x:1"), `not "eventual"`)
	require.ErrorContains(t, client.Register(t.Context(), "a` ASYNC TO 'x'; //", topology.Async, "x:1"), "may only have letters")
	require.ErrorContains(t, client.Register(t.Context(), "a", topology.Async, "x:1\n"), "control characters")
}

func TestDropRemovesARegistration(t *testing.T) {
	client, _ := play(t, on(dropReplica))
	require.NoError(t, client.Drop(t.Context(), "memgraph-0"))
}

func TestDropOfAnUnknownNameSucceeds(t *testing.T) {
	other := replica("memgraph_2", "10.0.0.2:10000", "async", "ready", 4, 0)
	client, _ := play(t, on(dropReplica).refuses(dropUnknown), replicas(other))
	require.NoError(t, client.Drop(t.Context(), "memgraph-0"))
}

func TestDropTriesAgainWhileTheMainIsBusy(t *testing.T) {
	client, _ := play(t,
		on(dropReplica).refuses(dropBusy), replicas(voter("ready")),
		on(dropReplica).refuses(dropUnknown), replicas(voter("ready")),
		on(dropReplica))
	require.NoError(t, client.Drop(t.Context(), "memgraph-0"))
}

func TestDropOnAReplicaReportsThatItIsNoMain(t *testing.T) {
	client, _ := play(t,
		on(dropReplica).refuses("Replica can't unregister a replica! Please rerun the query on main in order to unregister a replica from the cluster."),
		on("SHOW REPLICAS").refuses("Show replicas query should only be run on the main instance."))
	err := client.Drop(t.Context(), "memgraph-0")
	require.EqualError(t, err, "drop memgraph-0 at memgraph-1: Show replicas query should only be run on the main instance.")
}
