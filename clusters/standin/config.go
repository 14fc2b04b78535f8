package standin

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"time"

	"memgraph-controller/clusters/standin/disk"
)

// Config describes an instance. Begin with Defaults.
type Config struct {
	// Name appears in the log.
	Name string
	// Disk is the data directory. An instance that was killed may be started
	// again on it at once.
	Disk disk.Disk
	// BoltAddress is where drivers connect; "" for nowhere: an instance that is
	// used through Backend alone.
	BoltAddress string
	// BoltTLS makes drivers speak TLS; nil: they do not. Memgraph has the one or the
	// other (its documentation, "SSL encryption").
	BoltTLS *tls.Config
	// BoltServerName replaces the agent in the answer to HELLO.
	BoltServerName string
	// Listen opens BoltAddress, and 0.0.0.0 with the replication port. Dial
	// connects to replicas, at the addresses that REGISTER REPLICA named.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	// Version of Memgraph to behave like, as "3.6" or "3.6.2". What differs:
	// texts and codes of failed replication (3.8, 3.9, 3.10, 3.13), SHOW
	// STORAGE INFO (3.11), the registration left behind by Error 3 (until
	// 3.12), Bolt 4.4 (from 3.12).
	Version string
	// Random is where uuids come from, and whatever else is left to chance. It
	// is read under a lock.
	Random io.Reader
	// Log receives what Memgraph would write to its log.
	Log *slog.Logger

	Flags
	Delays
}

// Flags are Memgraph's own settings, under its names.
type Flags struct {
	DataRecoveryOnStartup            bool
	ReplicationRestoreStateOnStartup bool
	ReplicationReplicaCheckFrequency time.Duration // 0: no heartbeats
	StorageWALEnabled                bool          // without it nothing is replicated
	StorageWALFileFlushEveryNTx      int
	StorageWALFileSizeKiB            int
	StorageSnapshotInterval          time.Duration // 0: none
	StorageSnapshotRetentionCount    int
	StorageSnapshotOnExit            bool
	StorageAccessTimeout             time.Duration // wait of unique access, as of a snapshot load
	InitialUsername, InitialPassword string        // MEMGRAPH_USER, MEMGRAPH_PASSWORD
}

// Delays are times that Memgraph needs because of how it is built, not because
// of what it does (memgraph-observed 1.2, 1.4).
type Delays struct {
	// PromoteAttached and PromoteIdle are what closing the replication server
	// takes, with and without a main connected to it.
	PromoteAttached, PromoteIdle time.Duration
	// DropSilent bounds how long DROP REPLICA hangs, with replication work
	// pending to a replica that does not answer, before the process dies.
	DropSilentMin, DropSilentMax time.Duration
}

// Defaults returns the settings of Memgraph's packages and images, version 3.6.
func Defaults() Config {
	dialer, listener := &net.Dialer{}, &net.ListenConfig{}
	return Config{
		Listen:  listener.Listen,
		Dial:    dialer.DialContext,
		Version: "3.6",
		Flags: Flags{
			DataRecoveryOnStartup:            true,
			ReplicationRestoreStateOnStartup: true,
			ReplicationReplicaCheckFrequency: time.Second,
			StorageWALEnabled:                true,
			StorageWALFileFlushEveryNTx:      100_000,
			StorageWALFileSizeKiB:            20_480,
			StorageSnapshotInterval:          300 * time.Second,
			StorageSnapshotRetentionCount:    3,
			StorageSnapshotOnExit:            true,
			StorageAccessTimeout:             time.Second,
		},
		Delays: Delays{
			PromoteAttached: 100 * time.Millisecond,
			PromoteIdle:     200 * time.Millisecond,
			DropSilentMin:   33 * time.Second,
			DropSilentMax:   66 * time.Second,
		},
	}
}
