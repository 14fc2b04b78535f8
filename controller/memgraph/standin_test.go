package memgraph_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/clusters/standin/standintest"
	"memgraph-controller/controller"
	"memgraph-controller/controller/memgraph"
	"memgraph-controller/controller/topology"
)

var _ controller.Database = (*memgraph.Client)(nil)

// database is a stand-in with the client of it.
type database struct {
	*memgraph.Client
	name, bolt, replication string
}

// start starts a stand-in of this version.
func start(t *testing.T, name, version string) database {
	config := standin.Defaults()
	config.Name, config.Version = name, version
	config.Disk, config.Random = &disk.Memory{}, rand.Reader
	config.StorageSnapshotOnExit = false
	config.BoltAddress = standintest.Free(t)
	instance, err := standin.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(instance.Kill)
	d := database{name: name, bolt: config.BoltAddress, replication: standintest.Free(t)}
	d.Client, err = memgraph.Open(memgraph.Config{Name: name, Address: config.BoltAddress, ReplicationAddress: d.replication})
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// shows waits until d shows that replica in this state.
func (d database) shows(t *testing.T, replica database, mode topology.Mode, status topology.Status) {
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		answer, err := d.Ask(t.Context())
		require.NoError(c, err)
		require.Equal(c, topology.RoleMain, answer.Role)
		require.Len(c, answer.Replicas, 1)
		found := answer.Replicas[0]
		require.Equal(c, topology.Replica{
			Name: replica.name, Address: replica.replication, Mode: mode, Status: status, TS: found.TS,
		}, found)
	}, 10*time.Second, 10*time.Millisecond)
}

func TestClusterOfEachVersionIsBuiltSwitchedOverAndTakenApart(t *testing.T) {
	for _, version := range []string{"3.6", "3.8", "3.10", "3.12", "3.13"} {
		t.Run(version, func(t *testing.T) {
			ctx := t.Context()
			a, b := start(t, "memgraph-0", version), start(t, "memgraph-1", version)
			for _, d := range []database{a, b} {
				settings, err := d.Settings(ctx)
				require.NoError(t, err)
				require.Zero(t, settings)
				storage, err := d.Storage(ctx)
				require.NoError(t, err)
				require.True(t, storage.Empty)
				require.Empty(t, storage.Warning())
			}
			require.NoError(t, a.Promote(ctx), "it is a main")
			require.ErrorIs(t, a.Register(ctx, b.name, topology.Async, b.replication), memgraph.ErrUnreachableReplica)
			answer, err := a.Ask(ctx)
			require.NoError(t, err)
			require.Empty(t, answer.Replicas, "no phantom is left")

			require.NoError(t, b.Demote(ctx))
			require.NoError(t, b.Demote(ctx), "it is a replica")
			require.NoError(t, a.Register(ctx, b.name, topology.Async, b.replication))
			a.shows(t, b, topology.Async, topology.StatusReady)
			require.NoError(t, a.Register(ctx, b.name, topology.StrictSync, b.replication))
			a.shows(t, b, topology.StrictSync, topology.StatusReady)
			require.NoError(t, a.Mark(ctx))
			require.ErrorContains(t, b.Mark(ctx), "forbidden on the replica")

			require.NoError(t, a.Demote(ctx))
			require.NoError(t, b.Promote(ctx))
			require.NoError(t, b.Register(ctx, a.name, topology.StrictSync, a.replication))
			b.shows(t, a, topology.StrictSync, topology.StatusReady)
			require.NoError(t, b.Mark(ctx))
			heldByA, err := a.Storage(ctx)
			require.NoError(t, err)
			heldByB, err := b.Storage(ctx)
			require.NoError(t, err)
			require.Equal(t, heldByB.UUID, heldByA.UUID)

			require.NoError(t, b.Drop(ctx, a.name))
			require.NoError(t, b.Drop(ctx, a.name), "it is gone")
			require.NoError(t, b.EnsureUser(ctx, "app", `it's \`))
			require.NoError(t, b.EnsureUser(ctx, "app", "another"))
		})
	}
}

func TestDivergedReplicaIsRefusedWithoutAPhantom(t *testing.T) {
	for _, version := range []string{"3.6", "3.13"} {
		t.Run(version, func(t *testing.T) {
			ctx := t.Context()
			a, b := start(t, "memgraph-0", version), start(t, "memgraph-1", version)
			require.NoError(t, b.Demote(ctx))
			require.NoError(t, a.Register(ctx, b.name, topology.StrictSync, b.replication))
			require.NoError(t, a.Mark(ctx))
			require.NoError(t, b.Promote(ctx))
			require.NoError(t, b.Mark(ctx)) // in an epoch that a does not know
			require.NoError(t, b.Demote(ctx))
			require.NoError(t, a.Drop(ctx, b.name))
			require.ErrorIs(t, a.Register(ctx, b.name, topology.Async, b.replication), memgraph.ErrDiverged)
			answer, err := a.Ask(ctx)
			require.NoError(t, err)
			require.Empty(t, answer.Replicas)
		})
	}
}

func TestDemotionSucceedsUnderLoad(t *testing.T) {
	a, b := start(t, "memgraph-0", "3.6"), start(t, "memgraph-1", "3.6")
	require.NoError(t, b.Demote(t.Context()))
	require.NoError(t, a.Register(t.Context(), b.name, topology.StrictSync, b.replication))
	load, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	for n := range 4 {
		writer, err := memgraph.Open(memgraph.Config{
			Name: fmt.Sprintf("writer-%d", n), Address: a.bolt, ReplicationAddress: a.replication,
		})
		require.NoError(t, err)
		defer writer.Close()
		all.Go(func() {
			for load.Err() == nil {
				_ = writer.Mark(load)
			}
		})
	}
	require.NoError(t, a.Demote(t.Context()))
}
